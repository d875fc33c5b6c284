//! What is known so far of a server's answer: the message being assembled, not the bytes.

use std::borrow::Cow;

use super::names::{Given, Name, Names};
use crate::event::{Choice, Failure, Media, MediaSource, Message, Part, Role, ToolCall, Usage};
use crate::policy::{GrowingText, Keep};
use crate::wire::json::Str;

/// What is known so far of an answer.
#[derive(Default)]
pub struct Answer {
    /// Tokens.
    pub usage: Option<Box<Usage>>,
    /// Whether the protocol's own last word was seen: nothing follows.
    pub ended: bool,
    /// Whether parts of it were lost or could not be read, so that its texts may have holes.
    pub has_gap: bool,
    names: Names,
    rare: Option<Box<Rare>>,
    choices: Vec<Draft>,
}

impl std::fmt::Debug for Answer {
    /// Without what it says: no policy has looked at it yet.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer")
            .field("usage", &self.usage)
            .field("ended", &self.ended)
            .field("has_gap", &self.has_gap)
            .field("has_failed", &self.has_failed())
            .field("choices", &self.choices.len())
            .finish_non_exhaustive()
    }
}

/// What most answers don't say of themselves while they are under way.
#[derive(Default)]
pub struct Rare {
    /// Number of dimensions of the vectors.
    pub embedding_dimensions: Option<u64>,
    /// That it failed, and why.
    pub failure: Option<Failure>,
}

impl std::fmt::Debug for Rare {
    /// Without why it failed: no policy has looked at it yet.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rare")
            .field("embedding_dimensions", &self.embedding_dimensions)
            .field("has_failed", &self.failure.is_some())
            .finish_non_exhaustive()
    }
}

/// One choice being assembled.
struct Draft {
    index: u32,
    role: Role,
    finish_reason: Option<FinishReason>,
    parts: Vec<PartDraft>,
}

/// Why a choice ended, in the space of a pointer and a length.
enum FinishReason {
    Known(u8),
    Other(Box<str>),
}

/// Where in a message a part stands. Parts are put in this order, whatever order they come in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The item of the message.
    pub item: u32,
    /// The part of the item.
    pub part: u32,
}

/// A part being assembled: what it is, and the text that goes with it.
pub struct PartDraft {
    place: Place,
    what: What,
    text: GrowingText,
    has_text: bool,
}

/// What a part is, without its text.
pub enum What {
    /// Plain text.
    Text,
    /// A refusal.
    Refusal,
    /// Reasoning or its summary.
    Reasoning,
    /// A tool call; the text is its arguments.
    ToolCall(Box<ToolCall>),
    /// A medium; the text is its bytes, as base64.
    Media(Box<Media>),
    /// An item of another kind, and its id; the text is its JSON.
    Other(Box<(Box<str>, Option<Box<str>>)>),
}

impl std::fmt::Debug for PartDraft {
    /// Its kind and size: no policy has looked at it yet.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { place, what, text, .. } = self;
        write!(f, "PartDraft({place:?}, {what:?}, {} bytes)", text.bytes())
    }
}

impl std::fmt::Debug for What {
    /// Its kind, without names and ids: no policy has looked at them yet.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Text => "Text",
            Self::Refusal => "Refusal",
            Self::Reasoning => "Reasoning",
            Self::ToolCall(_) => "ToolCall",
            Self::Media(_) => "Media",
            Self::Other(_) => "Other",
        })
    }
}

impl PartDraft {
    /// What it is.
    pub fn what(&mut self) -> &mut What {
        &mut self.what
    }

    /// The size of its text so far.
    #[must_use]
    pub fn text_bytes(&self) -> u64 {
        self.text.bytes()
    }

    /// Lets its text grow.
    pub fn append(&mut self, text: Str<'_>, keep: &mut Keep<'_>) {
        self.has_text = true;
        keep.append(&mut self.text, text);
    }

    /// Lets its text grow by that many bytes, which aren't kept.
    #[inline]
    pub(crate) fn append_sized(&mut self, bytes: usize) {
        self.has_text = true;
        self.text.grow(bytes);
    }

    fn finish(self, keep: &Keep<'_>) -> Option<Part> {
        if let What::Media(mut media) = self.what {
            if self.has_text {
                let (text, sha256) = keep.finish_media(self.text);
                (media.source, media.sha256) = (MediaSource::Inline(text), sha256);
            }
            return Some(Part::Media(*media));
        }
        let text = keep.finish(self.text);
        Some(match self.what {
            // An empty text says nothing: streams begin with one.
            What::Text | What::Refusal | What::Reasoning if text.bytes() == 0 => return None,
            What::Text => Part::Text(text),
            What::Refusal => Part::Refusal(text),
            What::Reasoning => Part::Reasoning(text),
            What::ToolCall(mut call) => {
                call.arguments = self.has_text.then_some(text);
                Part::ToolCall(*call)
            }
            What::Media(media) => Part::Media(*media),
            What::Other(named) => {
                let (kind, id) = *named;
                Part::Other { kind, id, json: text }
            }
        })
    }
}

impl Answer {
    /// A name that the answer gave itself.
    #[must_use]
    pub fn name(&self, name: Name) -> Option<Box<str>> {
        self.names.get(name)
    }

    /// Takes in the names that the answer gives itself; one that is empty or missing changes nothing.
    pub fn set_names(&mut self, given: &Given<'_>, keep: &mut Keep<'_>) {
        self.names.set(given, keep);
    }

    /// What most answers don't say, to be filled in.
    pub fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }

    /// What most answers don't say, if this one did.
    #[must_use]
    pub fn take_rare(&mut self) -> Rare {
        self.rare.take().map(|rare| *rare).unwrap_or_default()
    }

    /// Takes in that the answer failed, if it did.
    pub fn fail(&mut self, failure: Option<Failure>) {
        if failure.is_some() {
            self.rare().failure = failure;
        }
    }

    /// Whether the answer says that it failed.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.rare.as_ref().is_some_and(|rare| rare.failure.is_some())
    }

    /// Whether there is a choice, and each has said why it ended.
    #[must_use]
    pub fn every_choice_finished(&self) -> bool {
        !self.choices.is_empty() && self.choices.iter().all(|choice| choice.finish_reason.is_some())
    }

    /// How many choices there are.
    #[must_use]
    pub fn choice_count(&self) -> usize {
        self.choices.len()
    }

    /// Makes sure that there is a choice `index`, which `bytes` bytes tell of, if the limit allows it.
    pub fn admits_choice(&mut self, index: u32, bytes: usize, keep: &mut Keep<'_>) -> bool {
        self.draft(index, bytes, keep).is_some()
    }

    /// Whether there is a choice `index`, or may be one.
    #[must_use]
    pub fn has_room_for(&self, index: u32, keep: &Keep<'_>) -> bool {
        self.choices.len() < keep.limits().choices || self.choices.iter().any(|choice| choice.index == index)
    }

    /// Sets who speaks in a choice.
    pub fn set_role(&mut self, index: u32, role: &str, keep: &mut Keep<'_>) {
        if let Some(choice) = self.draft(index, 0, keep)
            && choice.role.as_str() != role
        {
            choice.role = Role::named(role);
        }
    }

    /// Sets why a choice ended.
    pub fn set_finish_reason(&mut self, index: u32, reason: Str<'_>, keep: &mut Keep<'_>) {
        let reason = match KNOWN_REASONS.iter().position(|known| *known == reason.raw()) {
            Some(known) => FinishReason::Known(known as u8),
            None => FinishReason::Other(keep.name(reason)),
        };
        if let Some(choice) = self.draft(index, 0, keep) {
            choice.finish_reason = Some(reason);
        }
    }

    /// The part at a place of a choice, if there is one.
    pub fn part(&mut self, index: u32, place: Place) -> Option<&mut PartDraft> {
        let choice = self.choices.iter_mut().find(|choice| choice.index == index)?;
        let at = choice.parts.binary_search_by_key(&place, |part| part.place).ok()?;
        choice.parts.get_mut(at)
    }

    /// The part at a place of a choice, begun as `what` says if it is new; `None` beyond a limit, and the `bytes` that
    /// were meant for it are counted.
    pub fn part_or(
        &mut self,
        index: u32,
        place: Place,
        bytes: usize,
        keep: &mut Keep<'_>,
        what: impl FnOnce(&mut Keep<'_>) -> What,
    ) -> Option<&mut PartDraft> {
        let choice = self.draft(index, bytes, keep)?;
        let at = match choice.parts.binary_search_by_key(&place, |part| part.place) {
            Ok(at) => at,
            Err(at) => {
                let limits = keep.limits();
                let what = what(keep);
                let (have, limit) = match what {
                    What::ToolCall(_) => (
                        choice.parts.iter().filter(|part| matches!(part.what, What::ToolCall(_))).count(),
                        limits.tools,
                    ),
                    _ => (choice.parts.len(), limits.messages),
                };
                if !keep.admits(have, limit, bytes) {
                    return None;
                }
                if choice.parts.is_empty() {
                    choice.parts.reserve_exact(1);
                }
                choice.parts.insert(at, PartDraft { place, what, text: GrowingText::default(), has_text: false });
                at
            }
        };
        choice.parts.get_mut(at)
    }

    /// Lets the text of a part grow, beginning the part as `what` says if it is new.
    pub fn append(&mut self, index: u32, place: Place, text: Str<'_>, keep: &mut Keep<'_>, what: fn() -> What) {
        if let Some(part) = self.part_or(index, place, text.len(), keep, |_| what()) {
            part.append(text, keep);
        }
    }

    /// Forgets the choices: a later word of the server's says them all again.
    pub fn forget_choices(&mut self, keep: &mut Keep<'_>) {
        for part in self.choices.drain(..).flat_map(|choice| choice.parts) {
            keep.give_back(&part.text);
        }
    }

    /// Whether a choice asks for a tool that the caller is to run.
    #[must_use]
    pub fn asks_for_tools(&self, index: u32) -> bool {
        let is_call = |part: &PartDraft| matches!(part.what, What::ToolCall(_));
        self.choices.iter().any(|choice| choice.index == index && choice.parts.iter().any(is_call))
    }

    /// The choices, by index.
    #[must_use]
    pub fn take_choices(&mut self, keep: &Keep<'_>) -> Vec<Choice> {
        let mut choices: Vec<_> = std::mem::take(&mut self.choices)
            .into_iter()
            .map(|draft| Choice {
                index: draft.index,
                message: Message {
                    role: draft.role,
                    name: None,
                    parts: draft.parts.into_iter().filter_map(|part| part.finish(keep)).collect(),
                    is_list: false,
                },
                finish_reason: draft.finish_reason.and_then(|reason| match reason {
                    FinishReason::Known(known) => KNOWN_REASONS.get(usize::from(known)).copied().map(Cow::Borrowed),
                    FinishReason::Other(reason) => Some(Cow::Owned(reason.into_string())),
                }),
            })
            .collect();
        choices.sort_by_key(|choice| choice.index);
        choices
    }

    fn draft(&mut self, index: u32, bytes: usize, keep: &mut Keep<'_>) -> Option<&mut Draft> {
        // By position: most answers have one choice.
        let at = match self.choices.iter().position(|choice| choice.index == index) {
            Some(at) => at,
            None => {
                if !keep.admits(self.choices.len(), keep.limits().choices, bytes) {
                    return None;
                }
                if self.choices.is_empty() {
                    self.choices.reserve_exact(1);
                }
                self.choices.push(Draft { index, role: Role::Assistant, finish_reason: None, parts: Vec::new() });
                self.choices.len() - 1
            }
        };
        self.choices.get_mut(at)
    }
}

/// Finish reasons of the API's documentation: they need no allocation.
const KNOWN_REASONS: &[&str] = &["stop", "length", "tool_calls", "content_filter", "function_call"];
