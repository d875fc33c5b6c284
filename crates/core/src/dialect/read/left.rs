//! Lists of what is said, and members in them that have no place in the event.

use std::fmt::Write as _;

use super::draft::UNREAD;
use super::source::Source;
use crate::event;
use crate::wire::json::{Kind, Read, Unreadable};

/// Most messages, parts of a message and tools that are read.
pub(in crate::dialect) const MESSAGES: usize = 16_384;

/// Members that have no place: where they stood, and what they say.
#[derive(Debug, Default)]
pub(in crate::dialect) struct Left {
    members: Vec<(Box<str>, event::Value)>,
    at: [Step; DEEPEST],
    depth: usize,
}

/// Most steps to a member: an answer, its message, what stands in that, a part.
const DEEPEST: usize = 4;

/// A step on the way to a member.
#[derive(Debug, Clone, Copy)]
enum Step {
    Of(&'static str),
    Element(usize),
}

impl Default for Step {
    fn default() -> Self {
        Self::Element(0)
    }
}

impl Left {
    /// Where each stood behind the name of what was read, and what it says.
    pub(in crate::dialect) fn into_members(self) -> Vec<(Box<str>, event::Value)> {
        self.members
    }

    /// Whether everything had its place.
    pub(in crate::dialect) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// How many there are.
    pub(in crate::dialect) fn len(&self) -> usize {
        self.members.len()
    }

    /// Forgets those behind so many: what they stood in is kept whole, or read once more.
    pub(in crate::dialect) fn truncate(&mut self, len: usize) {
        self.members.truncate(len);
    }

    /// Takes those of another list.
    pub(in crate::dialect) fn append(&mut self, mut other: Self) {
        self.members.append(&mut other.members);
    }

    /// Takes a member; `null` and an empty list say nothing.
    pub(in crate::dialect) fn member<'a, S: Source<'a>>(&mut self, key: &str, source: &mut S) -> Read<()> {
        if source.peek()? == Kind::Null {
            return source.skip();
        }
        let value = source.value()?;
        let is_empty = matches!(&value, event::Value::Array(values) if values.is_empty());
        if !is_empty && self.members.len() <= UNREAD {
            let mut name = String::new();
            for step in self.at.iter().take(self.depth) {
                // Writing to a string never fails.
                let _ = match step {
                    Step::Of(list) => write!(name, ".{list}"),
                    Step::Element(place) => write!(name, ".{place}"),
                };
            }
            name.push('.');
            name.push_str(key);
            self.members.push((name.into(), value));
        }
        Ok(())
    }

    /// Reads what stands under that name.
    pub(in crate::dialect) fn of<T>(&mut self, name: &'static str, read: impl FnOnce(&mut Self) -> T) -> T {
        self.within(Step::Of(name), read)
    }

    fn within<T>(&mut self, step: Step, read: impl FnOnce(&mut Self) -> T) -> T {
        if let Some(last) = self.at.get_mut(self.depth) {
            *last = step;
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }
}

/// Elements of a list, or what stands in its place alone.
pub(in crate::dialect) fn some<'a, S: Source<'a>, T>(
    source: &mut S,
    left: &mut Left,
    mut one: impl FnMut(&mut S, &mut Left) -> Read<Option<T>>,
) -> Read<Vec<T>> {
    let mut all = Vec::new();
    match source.peek()? {
        Kind::Array => add_list(source, left, &mut all, one)?,
        _ => add(source, left, &mut all, &mut one)?,
    }
    Ok(all)
}

/// Adds elements of a list.
pub(in crate::dialect) fn add_list<'a, S: Source<'a>, T>(
    source: &mut S,
    left: &mut Left,
    all: &mut Vec<T>,
    mut one: impl FnMut(&mut S, &mut Left) -> Read<Option<T>>,
) -> Read<()> {
    let mut place = 0;
    let mut element = |source: &mut S| {
        place += 1;
        left.within(Step::Element(place - 1), |left| add(source, left, all, &mut one))
    };
    match source.peek()? {
        Kind::Null => source.skip(),
        _ if source.array(&mut element)? => Ok(()),
        _ => Err(Unreadable),
    }
}

/// Adds one, unless `null` stands there. What has no place is an error: whatever holds it is kept whole, as it came.
fn add<'a, S: Source<'a>, T>(
    source: &mut S,
    left: &mut Left,
    all: &mut Vec<T>,
    one: &mut impl FnMut(&mut S, &mut Left) -> Read<Option<T>>,
) -> Read<()> {
    if source.peek()? == Kind::Null {
        return source.skip();
    }
    if all.len() == MESSAGES {
        return Err(Unreadable);
    }
    all.push(one(source, left)?.ok_or(Unreadable)?);
    Ok(())
}
