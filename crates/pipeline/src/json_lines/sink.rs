//! The sink: two lines a call, written at once.

use std::hash::{BuildHasher, RandomState};
use std::io::Write;
use std::time::Instant;

use super::record;
use crate::sink::{Finished, Sink, SinkError};

const NAME: &str = "json lines";

/// Writes each call as two JSON lines, an `ai.request` and an `ai.response`, when it has ended.
///
/// Their schema is [`JsonLines::SCHEMA`]. What is unknown is `null`; texts are there as far as the content policy kept them,
/// their sizes always. Both lines are written in one `write`, so that several processes may append to one file.
///
/// ```
/// use sidetone_pipeline::{JsonLines, Sink};
///
/// let sink = JsonLines::new(std::io::stdout());
/// assert_eq!(sink.name(), "json lines");
/// ```
#[derive(Debug)]
pub struct JsonLines<W> {
    out: W,
    lines: String,
    /// Tells this sink's calls from those of any other.
    series: u64,
    calls: u64,
    /// The first thing that went wrong, and how many calls were not written since.
    failed: Option<(std::io::Error, u64)>,
}

impl JsonLines<std::io::Sink> {
    /// The JSON Schema of a line.
    pub const SCHEMA: &'static str = include_str!("schema.json");
}

impl<W: Write + Send> JsonLines<W> {
    /// A sink that writes to `out`, unbuffered: give it the file itself.
    pub fn new(out: W) -> Self {
        Self { out, lines: String::new(), series: RandomState::new().hash_one(NAME), calls: 0, failed: None }
    }
}

impl<W: Write + Send> Sink for JsonLines<W> {
    fn name(&self) -> &'static str {
        NAME
    }

    fn call(&mut self, finished: &mut Finished) {
        self.lines.clear();
        self.calls += 1;
        let call_id = format!("{:016x}-{}", self.series, self.calls);
        record::write(&mut self.lines, &finished.call, &call_id);
        if let Err(error) = self.out.write_all(self.lines.as_bytes()) {
            let (_, calls) = self.failed.get_or_insert((error, 0));
            *calls += 1;
        }
    }

    fn flush(&mut self, _deadline: Instant) -> Result<(), SinkError> {
        let flushed = self.out.flush();
        let what = match (self.failed.take(), flushed) {
            (Some((error, calls)), _) => format!("{calls} calls could not be written: {error}"),
            (None, Err(error)) => format!("not everything could be written: {error}"),
            (None, Ok(())) => return Ok(()),
        };
        Err(SinkError { sink: NAME, what })
    }
}
