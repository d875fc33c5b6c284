//! What somebody's telemetry says of a call: the way back from spans and log events, in any dialect, to a [`Call`].
//!
//! [`gather`] puts together what belongs to one span, in whatever order and how often it arrived; [`read_any`] reads it. Each of
//! [`READERS`] takes the names that it knows, those first that are worth most where one record speaks several dialects: what is known
//! already stays. A name that nobody knows, and a value of another type than its name wants, is kept in
//! [`Call::attributes`] and told in [`Reading::unread`]. Nothing here trusts what it reads, and nothing fails.

pub(in crate::dialect) mod api;
mod draft;
pub(in crate::dialect) mod gen_ai;
pub(in crate::dialect) mod general;
pub(in crate::dialect) mod left;
mod own;
pub(in crate::dialect) mod part;
mod raised;
mod record;
pub(in crate::dialect) mod said;
pub(in crate::dialect) mod slots;
pub(in crate::dialect) mod source;

use std::fmt::Debug;

use super::{latest, names, openinference, posthog, v1, v2, vercel};
use crate::event::Call;

pub(in crate::dialect) use draft::reason_unless_none;

pub use draft::{Draft, Ids, Taken, Unread, Why};
pub(in crate::dialect) use own::{cost, status};
pub use record::{EventRecord, Field, LogRecord, RecordStatus, Records, SpanKind, SpanRecord, gather};

/// Reads one dialect.
pub trait Reader: Sync + Debug {
    /// Its name, as configuration and reports give it.
    fn name(&self) -> &'static str;

    /// Whether it knows anything of what arrived: a first look at scopes and beginnings of names.
    fn knows(&self, records: &Records<'_>) -> bool;

    /// Takes what it knows.
    #[doc(hidden)]
    fn read<'r>(&self, records: &'r Records<'r>, draft: &mut Draft<'r>);
}

/// Every reader, in the order in which they are asked: what one has said, those after it don't change.
pub static READERS: &[&dyn Reader] =
    &[&posthog::Reader, &latest::Reader, &v2::Reader, &v1::Reader, &openinference::Reader, &vercel::Reader];

/// What was read.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The call, or the step.
    pub call: Call,
    /// The dialects that something was read of, in order of precedence.
    pub dialects: Vec<&'static str>,
    /// What wasn't understood, name by name.
    pub unread: Vec<Unread>,
}

/// Reads what arrived of one span. `None`: it says nothing of a call in any dialect.
#[must_use]
pub fn read_any(records: &Records<'_>) -> Option<Reading> {
    read(records, READERS)
}

/// Reads what arrived of one span in one dialect only. `None`: it says nothing in that dialect.
#[must_use]
pub fn read_as(reader: &dyn Reader, records: &Records<'_>) -> Option<Reading> {
    let reader = READERS.iter().find(|one| one.name() == reader.name())?;
    read(records, std::slice::from_ref(reader))
}

/// Who reads a record that has names of the conventions and no mark of any dialect.
fn plain(records: &Records<'_>) -> Option<&'static dyn Reader> {
    if records.has_attribute(|name| name == names::GEN_AI_SYSTEM) {
        return Some(&v2::Reader);
    }
    records.has_attribute(|name| name.starts_with("gen_ai.")).then_some(&latest::Reader)
}

fn read(records: &Records<'_>, readers: &[&'static dyn Reader]) -> Option<Reading> {
    let mut knowing: Vec<_> = readers.iter().copied().filter(|reader| reader.knows(records)).collect();
    if knowing.is_empty() {
        let plain = plain(records)?;
        knowing.push(readers.iter().copied().find(|reader| reader.name() == plain.name())?);
    }
    let mut draft = Draft::new(records);
    own::read(records, &mut draft);
    knowing.iter().for_each(|reader| reader.read(records, &mut draft));
    general::read(records, &mut draft);
    let (call, unread) = draft.finish(records);
    Some(Reading { call, dialects: knowing.iter().map(|reader| reader.name()).collect(), unread })
}
