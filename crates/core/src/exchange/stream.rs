//! A streamed response: events in, an answer that grows out.

use std::borrow::Cow;
use std::num::NonZeroU64;
use std::time::Duration;

use super::template::{Repeated, Template};
use super::{Settings, Skip};
use crate::policy::{Allowance, Keep};
use crate::provider::{Answer, Surface};
use crate::wire::sse::{SseDecoder, SseEvent, SseItem};

/// A streamed response: holds the answer as far as it came, not the bytes.
#[derive(Debug)]
pub(super) struct EventStream {
    decoder: SseDecoder,
    pub(super) answer: Answer,
    pub(super) clock: Clock,
    template: Option<Box<Template>>,
}

/// When chunks came.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Clock {
    pub(super) first_chunk: Tick,
    pub(super) first_output: Tick,
    pub(super) last_output: Tick,
    pub(super) outputs: u64,
}

/// A time from the start of the call, if it has come; to the nanosecond, for 584 years.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tick(Option<NonZeroU64>);

impl Tick {
    #[inline]
    fn now(at: Duration) -> Self {
        // From 1, so that 0 is free to say that it hasn't come.
        Self(
            NonZeroU64::MIN
                .checked_add(at.as_secs().saturating_mul(NANOS).saturating_add(u64::from(at.subsec_nanos()))),
        )
    }

    pub(super) fn at(self) -> Option<Duration> {
        self.0.map(|ticks| Duration::from_nanos(ticks.get() - 1))
    }
}

const NANOS: u64 = 1_000_000_000;

impl Clock {
    fn chunk(&mut self, at: Duration) {
        if self.first_chunk.0.is_none() {
            self.first_chunk = Tick::now(at);
        }
    }

    #[inline]
    fn output(&mut self, at: Duration) {
        self.last_output = Tick::now(at);
        if self.first_output.0.is_none() {
            self.first_output = self.last_output;
        }
        self.outputs += 1;
    }
}

impl EventStream {
    pub(super) fn new(settings: &Settings) -> Self {
        Self {
            decoder: SseDecoder::new(settings.limits.event_bytes),
            answer: Answer::default(),
            clock: Clock::default(),
            template: None,
        }
    }

    pub(super) fn handle_bytes(
        &mut self,
        piece: &[u8],
        at: Duration,
        surface: &dyn Surface,
        settings: &Settings,
        allowance: &mut Allowance,
    ) {
        let Self { decoder, answer, clock, template } = self;
        let mut keep = settings.keep(allowance);
        let mut rest = piece;
        while !rest.is_empty() {
            if decoder.is_between_events()
                && let Some(template) = template.as_deref()
                && let Some((repeated, len)) = template.repeated_in(rest)
                && len <= settings.limits.event_bytes
                && repeat(template, repeated, answer, clock, at, &mut keep)
            {
                rest = &rest[len..];
                continue;
            }
            match decoder.next(&mut rest) {
                None => break,
                Some(SseItem::Event(event)) => {
                    let repeated = template.as_deref().and_then(|template| template.repeated_as(event.data));
                    let is_read = match (template.as_deref(), repeated) {
                        (Some(template), Some(repeated)) => repeat(template, repeated, answer, clock, at, &mut keep),
                        _ => false,
                    };
                    if !is_read {
                        read(surface, event, answer, clock, template, at, &mut keep);
                    }
                }
                Some(SseItem::TooLarge(bytes)) => {
                    answer.has_gap = true;
                    keep.skipped(Skip::EventTooLarge, bytes);
                }
            }
        }
    }

    pub(super) fn handle_gap(&mut self) {
        self.answer.has_gap = true;
        self.decoder.handle_gap();
    }

    pub(super) fn held_bytes(&self) -> usize {
        self.decoder.held_bytes() + self.template.as_ref().map_or(0, |template| template.held_bytes())
    }

    /// The answer, at the end of the stream.
    pub(super) fn finish(self, allowance: &mut Allowance) -> (Answer, Clock) {
        if let Some(bytes) = self.decoder.finish() {
            allowance.skips.add(Skip::EventTooLarge, bytes);
        }
        (self.answer, self.clock)
    }
}

/// Takes in an event that is the one before with another text; `false` if it can't be taken in like this.
#[inline]
fn repeat(
    template: &Template,
    repeated: Repeated<'_>,
    answer: &mut Answer,
    clock: &mut Clock,
    at: Duration,
    keep: &mut Keep<'_>,
) -> bool {
    let Some(part) = answer.part(template.choice, template.place) else { return false };
    let is_empty = match repeated.sure_len().filter(|_| !keep.keeps_text()) {
        Some(len) => {
            part.append_sized(len);
            len == 0
        }
        None => {
            let Some(text) = repeated.text() else { return false };
            part.append(text, keep);
            text.is_empty()
        }
    };
    // The first chunk was the one that the template was learned from.
    if !is_empty {
        clock.output(at);
    }
    true
}

#[cold]
fn read(
    surface: &dyn Surface,
    event: SseEvent<'_>,
    answer: &mut Answer,
    clock: &mut Clock,
    template: &mut Option<Box<Template>>,
    at: Duration,
    keep: &mut Keep<'_>,
) {
    let kind = String::from_utf8_lossy(event.kind);
    let data = match std::str::from_utf8(event.data) {
        Ok(data) => Cow::Borrowed(data),
        Err(_) => String::from_utf8_lossy(event.data),
    };
    match surface.read_event(&kind, &data, answer, keep) {
        Ok(heard) => {
            if heard.is_chunk {
                clock.chunk(at);
            }
            if heard.has_output {
                clock.output(at);
            }
            if let Some(varies) = &heard.varies {
                let data = data.as_bytes();
                Template::learn(template, SseEvent { data, ..event }, varies);
            }
        }
        Err(_) => {
            answer.has_gap = true;
            keep.skipped(Skip::EventUnreadable, event.data.len() as u64);
        }
    }
}
