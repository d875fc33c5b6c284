//! Takes texts and names into a call as far as content policy and limits allow.

use std::borrow::Cow;

use super::media::Hasher;
use super::{Content, GrowingText, Limits};
use crate::event::{Text, Value};
use crate::exchange::{Skip, Skips};
use crate::wire::json::{Json, Str};

/// What may still be kept of one call, and what was left out of it.
#[derive(Debug, Clone, Default)]
pub struct Allowance {
    used: usize,
    /// What was left out.
    pub skips: Skips,
}

impl Allowance {
    /// Bytes of text that were kept so far.
    #[must_use]
    pub fn kept_bytes(&self) -> usize {
        self.used
    }
}

/// Takes texts and names into one call: the only way for them.
#[derive(Debug)]
pub struct Keep<'a> {
    content: Content,
    /// Whether texts are taken in: they are to leave, or to be scanned before they are let go of.
    keeps_text: bool,
    limits: &'a Limits,
    allowance: &'a mut Allowance,
}

impl<'a> Keep<'a> {
    /// Under that policy and those limits, with what is left of the allowance.
    pub fn new(content: Content, limits: &'a Limits, allowance: &'a mut Allowance) -> Self {
        Self { content, keeps_text: content.keeps_text(), limits, allowance }
    }

    /// Takes texts in whatever the policy, because they are to be scanned. The review lets go of them.
    #[must_use]
    #[inline]
    pub fn scanned(mut self, is_scanned: bool) -> Self {
        self.keeps_text |= is_scanned;
        self
    }

    /// Whether texts are taken in.
    #[must_use]
    #[inline]
    pub fn keeps_text(&self) -> bool {
        self.keeps_text
    }

    /// The limits.
    #[must_use]
    pub fn limits(&self) -> &'a Limits {
        self.limits
    }

    /// Counts something that was left out.
    pub fn skipped(&mut self, skip: Skip, bytes: u64) {
        self.allowance.skips.add(skip, bytes);
    }

    /// Whether one more of something is within its limit; counts it as left out if not.
    pub fn admits(&mut self, have: usize, limit: usize, bytes: usize) -> bool {
        let admitted = have < limit;
        if !admitted {
            self.skipped(Skip::OverLimit, bytes as u64);
        }
        admitted
    }

    /// A text.
    #[must_use]
    pub fn text(&mut self, text: Str<'_>) -> Text {
        if !self.keeps_text {
            return Text::sized(text.len() as u64);
        }
        let room = self.limits.part_bytes;
        let mut kept = String::with_capacity(text.len().min(self.left()).min(room));
        self.take(text, room, |run| kept.push_str(run));
        if kept.len() == text.len() { Text::kept(kept) } else { Text::truncated(text.len() as u64, kept) }
    }

    /// Lets a text grow.
    pub fn append(&mut self, text: &mut GrowingText, more: Str<'_>) {
        let room = usize::try_from(text.bytes()).map_or(0, |bytes| self.limits.part_bytes.saturating_sub(bytes));
        text.grow(more.len());
        if self.keeps_text {
            let kept = text.keep(more.len().min(self.left()).min(room));
            self.take(more, room, |run| kept.push_str(run));
        }
    }

    /// Gives the runs of `text` that may be kept, where the part that it belongs to has that much room.
    fn take(&mut self, text: Str<'_>, part: usize, mut each: impl FnMut(&str)) {
        let left = self.left();
        if text.len() <= left.min(part) {
            text.for_each_run(each);
            self.allowance.used += text.len();
            return;
        }
        let mut room = left.min(part);
        let mut kept = 0;
        text.for_each_run(|run| {
            let fits = floor_char_boundary(run, room);
            each(&run[..fits]);
            kept += fits;
            // Nothing that comes later may stand where this should have: first come, first kept.
            room = if fits == run.len() { room - fits } else { 0 };
        });
        // A part that is too long leaves room for others; a call that is doesn't.
        self.allowance.used = if part < left { self.allowance.used + kept } else { self.limits.content_bytes };
        self.skipped(Skip::OverLimit, (text.len() - kept) as u64);
    }

    /// The bytes of a medium, as base64 or in a `data:` URL, and their SHA-256 if content is kept. With content redacted
    /// nothing else of them is.
    #[must_use]
    pub fn media(&mut self, bytes: Str<'_>) -> (Text, Option<Box<str>>) {
        let sha256 = if self.content.keeps_text() {
            let mut hasher = Hasher::default();
            bytes.for_each_run(|run| hasher.update(run));
            hasher.finish()
        } else {
            None
        };
        let text = if self.content == Content::Full { self.text(bytes) } else { Text::sized(bytes.len() as u64) };
        (text, sha256)
    }

    /// As [`media`](Self::media), of bytes that came piece by piece: hashed only if all of them are there.
    #[must_use]
    pub fn finish_media(&self, bytes: GrowingText) -> (Text, Option<Box<str>>) {
        let text = self.finish(bytes);
        let whole = text.as_str().filter(|_| self.content.keeps_text() && !text.is_truncated());
        let sha256 = whole.and_then(|whole| {
            let mut hasher = Hasher::default();
            hasher.update(whole);
            hasher.finish()
        });
        if self.content == Content::Full { (text, sha256) } else { (Text::sized(text.bytes()), sha256) }
    }

    /// The name of a person or a file: it is said, not part of the structure.
    #[must_use]
    pub fn said(&mut self, name: Str<'_>) -> Option<Box<str>> {
        self.keeps_text.then(|| self.name(name))
    }

    /// Lets go of a text: what it took is free for others.
    pub fn give_back(&mut self, text: &GrowingText) {
        self.allowance.used = self.allowance.used.saturating_sub(text.kept_bytes());
    }

    /// A text that won't grow any more.
    #[must_use]
    pub fn finish(&self, text: GrowingText) -> Text {
        if !self.keeps_text {
            return Text::sized(text.bytes());
        }
        let bytes = text.bytes();
        let kept = text.into_kept();
        if kept.len() as u64 == bytes { Text::kept(kept) } else { Text::truncated(bytes, kept) }
    }

    /// A JSON value that is content, given by its text.
    #[must_use]
    pub fn value(&mut self, json: &str) -> Option<Value> {
        if !self.keeps_text {
            return None;
        }
        if json.len() > self.left() {
            self.allowance.used = self.limits.content_bytes;
            self.skipped(Skip::OverLimit, json.len() as u64);
            return None;
        }
        self.allowance.used += json.len();
        Json::new(json).value().ok()
    }

    /// A name, id or parameter: kept whatever the content policy, up to its limit.
    #[must_use]
    pub fn name(&mut self, name: Str<'_>) -> Box<str> {
        match self.short(name) {
            Cow::Borrowed(name) => name.into(),
            Cow::Owned(name) => name.into_boxed_str(),
        }
    }

    /// A name up to its limit, where it stands.
    #[must_use]
    pub fn short<'n>(&mut self, name: Str<'n>) -> Cow<'n, str> {
        let mut name = name.to_cow();
        let fits = floor_char_boundary(&name, self.limits.name_bytes);
        if fits < name.len() {
            self.skipped(Skip::OverLimit, (name.len() - fits) as u64);
            match &mut name {
                Cow::Borrowed(name) => *name = &name[..fits],
                Cow::Owned(name) => name.truncate(fits),
            }
        }
        name
    }

    fn left(&self) -> usize {
        self.limits.content_bytes.saturating_sub(self.allowance.used)
    }
}

/// The last place at or before `at` where `text` may be cut (`str::floor_char_boundary` is newer than our oldest
/// compiler).
pub(crate) fn floor_char_boundary(text: &str, at: usize) -> usize {
    (0..=at.min(text.len())).rev().find(|&place| text.is_char_boundary(place)).unwrap_or(0)
}
