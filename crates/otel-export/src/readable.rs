//! Each call as a block of text, for people who develop.

use std::fmt::{self, Write as _};
use std::io::Write;

use sidetone_core::dialect::{Attribute, Dialect, Instrument, Measure, Point, Status, Telemetry, Value, findings};
use sidetone_core::event::{Call, Outcome};
use sidetone_pipeline::{Finished, Sink};

/// Writes each call as it ends: its span, its log events, its metric points.
///
/// ```
/// use sidetone_core::dialect::V2;
/// use sidetone_otel_export::Readable;
/// use sidetone_pipeline::Sink;
///
/// let sink = Readable::new(std::io::stderr(), &V2);
/// assert_eq!(sink.name(), "readable");
/// ```
#[derive(Debug)]
pub struct Readable<W> {
    out: W,
    dialect: &'static dyn Dialect,
    is_brief: bool,
}

impl<W: Write + Send> Readable<W> {
    /// A sink that writes to `out` in the words of `dialect`.
    pub fn new(out: W, dialect: &'static dyn Dialect) -> Self {
        Self { out, dialect, is_brief: false }
    }

    /// A sink that writes a line for each call.
    pub fn brief(out: W, dialect: &'static dyn Dialect) -> Self {
        Self { out, dialect, is_brief: true }
    }
}

impl<W: Write + Send> Sink for Readable<W> {
    fn name(&self) -> &'static str {
        "readable"
    }

    fn call(&mut self, finished: &mut Finished) {
        let telemetry = self.dialect.project(&finished.call);
        let block = if self.is_brief {
            Line { telemetry, call: &finished.call }.to_string()
        } else {
            Block { telemetry, call: &finished.call, instruments: self.dialect.instruments() }.to_string()
        };
        // A terminal that is gone is no reason to disturb the application, nor to tell it anything.
        let _ = self.out.write_all(block.as_bytes()).and_then(|()| self.out.flush());
    }
}

/// A call in a line: what was asked for, how long it took, how it ended, tokens, findings.
struct Line<'a> {
    telemetry: Telemetry<'a>,
    call: &'a Call,
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { telemetry: Telemetry { span, .. }, call } = self;
        let took = span.end.duration_since(span.start).unwrap_or_default();
        write!(f, "● {} ({took:.0?}) {}", OneLine(&span.name), call.outcome.as_str())?;
        if let Outcome::Failed(failure) = &call.outcome {
            write!(f, " {}", failure.class.as_str())?;
        }
        if let (Some(input), Some(output)) = (call.usage.input, call.usage.output) {
            write!(f, ", {input} → {output} tokens")?;
        }
        match call.findings.count() {
            0 => {}
            1 => write!(f, ", 1 finding")?,
            count => write!(f, ", {count} findings")?,
        }
        writeln!(f)
    }
}

struct Block<'a> {
    telemetry: Telemetry<'a>,
    call: &'a Call,
    instruments: &'static [Instrument],
}

impl fmt::Display for Block<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Telemetry { span, logs, metrics } = &self.telemetry;
        let took = span.end.duration_since(span.start).unwrap_or_default();
        writeln!(f, "● {} ({took:.0?})", OneLine(&span.name))?;
        if let Status::Error(description) = &span.status {
            writeln!(f, "  error  {}", OneLine(description))?;
        }
        list(f, "  ", &span.attributes)?;
        span.indexed.iter().try_for_each(|(name, value)| writeln!(f, "  {name} = {}", Shown(value)))?;
        for event in &span.events {
            writeln!(f, "  event  {}", event.name)?;
            list(f, "    ", &event.attributes)?;
        }
        for log in logs {
            write!(f, "  log    {}", log.name)?;
            match &log.body {
                Some(body) => writeln!(f, " {}", Shown(body))?,
                None => writeln!(f)?,
            }
            // What only the event tells: facts of the span are told there.
            let told = |own: &&Attribute<'_>| !span.attributes.iter().any(|of_span| of_span.0 == own.0);
            let own: Vec<_> = std::iter::once(&log.attribute).chain(&log.more).filter(told).cloned().collect();
            list(f, "    ", &own)?;
        }
        for finding in findings(self.call) {
            writeln!(f, "  finding")?;
            list(f, "    ", &finding.attributes)?;
        }
        for Point { instrument, value, own } in &metrics.points {
            let Some(instrument) = self.instruments.get(*instrument) else { continue };
            write!(f, "  metric {}", instrument.name)?;
            if let Some((name, value)) = own {
                write!(f, " {name}={}", OneLine(value.as_str().unwrap_or_default()))?;
            }
            match value {
                Measure::Count(count) => writeln!(f, " {count} {}", instrument.unit)?,
                Measure::Time(time) => writeln!(f, " {:.3} {}", time.as_secs_f64(), instrument.unit)?,
            }
        }
        Ok(())
    }
}

fn list(f: &mut fmt::Formatter<'_>, indent: &str, attributes: &[Attribute<'_>]) -> fmt::Result {
    attributes.iter().try_for_each(|(name, value)| writeln!(f, "{indent}{name} = {}", Shown(value)))
}

/// Text in which nothing can act on the terminal or start a line of its own.
struct OneLine<'a>(&'a str);

impl fmt::Display for OneLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            '\n' => f.write_str("\\n"),
            control if control.is_control() => write!(f, "{}", control.escape_unicode()),
            other => f.write_char(other),
        })
    }
}

/// A value, much as JSON.
struct Shown<'a>(&'a Value<'a>);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Null => f.write_str("null"),
            Value::Bool(value) => write!(f, "{value}"),
            Value::Int(value) => write!(f, "{value}"),
            Value::Double(value) => write!(f, "{value}"),
            Value::Static(text) => write!(f, "\"{}\"", OneLine(text)),
            Value::Str(text) => write!(f, "\"{}\"", OneLine(text)),
            Value::String(text) => write!(f, "\"{}\"", OneLine(text)),
            Value::Strings(texts) => between(f, "[", "]", texts.iter(), |f, text| write!(f, "\"{}\"", OneLine(text))),
            Value::Array(values) => between(f, "[", "]", values.iter(), |f, value| write!(f, "{}", Shown(value))),
            Value::Map(map) => {
                between(f, "{", "}", map.iter(), |f, (key, value)| write!(f, "{}: {}", OneLine(key), Shown(value)))
            }
        }
    }
}

fn between<T>(
    f: &mut fmt::Formatter<'_>,
    open: &str,
    close: &str,
    items: impl Iterator<Item = T>,
    each: impl Fn(&mut fmt::Formatter<'_>, T) -> fmt::Result,
) -> fmt::Result {
    f.write_str(open)?;
    for (place, item) in items.enumerate() {
        if place > 0 {
            f.write_str(", ")?;
        }
        each(f, item)?;
    }
    f.write_str(close)
}
