//! What `doctor` found, for people and for machines.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::probe::Reached;
use super::settings::{Route, Settings};
use crate::style::{Ink, Style};

/// Features of the library that this command is built with.
const FEATURES: &[&str] = &["reqwest", "otlp", "grpc", "async-openai"];

/// What was found.
pub(super) struct Report {
    settings: Settings,
    reached: Vec<Reached>,
}

impl Report {
    pub(super) fn new(settings: Settings, reached: Vec<Reached>) -> Self {
        Self { settings, reached }
    }

    fn signals(&self) -> impl Iterator<Item = (&Route, &Reached)> {
        self.settings.routes.iter().zip(&self.reached)
    }

    /// What is in the way of an application's telemetry. An endpoint that nobody asked for isn't.
    fn problems(&self) -> Vec<String> {
        let mut problems = self.settings.problems.clone();
        for (route, reached) in self.signals() {
            if let (Some(otlp), Reached::No(why)) = (&route.otlp, reached)
                && otlp.configured
            {
                problems.push(format!("{}: {} {why}", route.signal.name(), otlp.endpoint));
            }
        }
        problems
    }

    /// Everything that is in the way, in one line; `None` if nothing is.
    pub(super) fn verdict(&self) -> Option<String> {
        let problems = self.problems();
        (!problems.is_empty()).then(|| problems.join("; "))
    }

    pub(super) fn json(&self) -> Value {
        let signals = self.signals().map(|(route, reached)| {
            let otlp = route.otlp.as_ref();
            let (reached, why) = match reached {
                Reached::Yes => (json!(true), Value::Null),
                Reached::No(why) => (json!(false), json!(why)),
                Reached::NotAsked => (Value::Null, Value::Null),
            };
            let signal = json!({
                "exporter": route.exporter,
                "protocol": otlp.map(|otlp| &otlp.protocol),
                "endpoint": otlp.map(|otlp| &otlp.endpoint),
                "configured": otlp.is_some_and(|otlp| otlp.configured),
                "reached": reached,
                "why": why,
            });
            (route.signal.name().to_owned(), signal)
        });
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "features": FEATURES,
            "dialect": self.settings.dialect,
            "content": self.settings.content,
            "service": self.settings.service,
            "disabled": self.settings.disabled,
            "variables": self.settings.variables,
            "signals": signals.collect::<serde_json::Map<_, _>>(),
            "problems": self.problems(),
            "ok": self.problems().is_empty(),
        })
    }

    pub(super) fn print(&self, out: &mut impl Write, style: Style) -> io::Result<()> {
        let settings = &self.settings;
        let mut line = |name: &str, value: &dyn std::fmt::Display, note: &str| {
            let name = format!("{name:<11}");
            writeln!(out, "{} {value}{}", style.paint(Ink::Cyan, name), style.paint(Ink::Dim, note))
        };
        line("sidetone", &env!("CARGO_PKG_VERSION"), &format!("  with {}", FEATURES.join(", ")))?;
        line("dialect", &settings.dialect, "")?;
        let switch = match settings.content {
            "off" => "  OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true turns it on",
            _ => "  what is said leaves the process",
        };
        line("content", &settings.content, switch)?;
        match &settings.service {
            Some(service) => line("service", service, "")?,
            None => line("service", &"unknown_service", "  set OTEL_SERVICE_NAME")?,
        }
        if settings.disabled {
            line("disabled", &"OTEL_SDK_DISABLED is true", "  nothing is exported")?;
        }
        writeln!(out)?;
        for (route, reached) in self.signals() {
            self.signal(out, style, route, reached)?;
        }
        writeln!(out)?;
        if settings.variables.is_empty() {
            writeln!(out, "{}", style.paint(Ink::Dim, "No OTEL_* variable is set: all of this is by default."))?;
        }
        for (name, value) in &settings.variables {
            writeln!(out, "{name}={value}")?;
        }
        for problem in &settings.problems {
            writeln!(out, "{} {problem}", style.paint(Ink::Red, "✗"))?;
        }
        Ok(())
    }

    fn signal(&self, out: &mut impl Write, style: Style, route: &Route, reached: &Reached) -> io::Result<()> {
        let name = style.paint(Ink::Cyan, format!("{:<11}", route.signal.name()));
        let Some(otlp) = &route.otlp else { return writeln!(out, "{name} {}", route.exporter) };
        let place = format!("otlp {} to {}", otlp.protocol, otlp.endpoint);
        match reached {
            Reached::Yes => writeln!(out, "{name} {place}  {}", style.paint(Ink::Green, "✓ reached")),
            Reached::No(why) if otlp.configured => {
                writeln!(out, "{name} {place}  {} {why}", style.paint(Ink::Red, "✗"))
            }
            Reached::No(_) => {
                let note = "○ nobody listens there; it is the default, set OTEL_EXPORTER_OTLP_ENDPOINT";
                writeln!(out, "{name} {place}  {}", style.paint(Ink::Yellow, note))
            }
            Reached::NotAsked => writeln!(out, "{name} {place}  {}", style.paint(Ink::Dim, "not asked")),
        }
    }
}
