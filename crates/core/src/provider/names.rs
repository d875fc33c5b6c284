//! The names that an answer gives itself, held in one block: they are short, and wait as long as the stream lasts.

use crate::policy::Keep;
use crate::wire::json::Str;

/// The names that an answer may give itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    /// Its id.
    Id,
    /// The model that answers.
    Model,
    /// The service tier that is used.
    ServiceTier,
    /// Fingerprint of the server's configuration.
    SystemFingerprint,
    /// The state that the answer says it is in.
    State,
}

impl Name {
    const ALL: [Self; 5] = [Self::Id, Self::Model, Self::ServiceTier, Self::SystemFingerprint, Self::State];
}

/// The names that an answer gave itself so far: each as its length and its bytes, in the order of [`Name::ALL`]. Nothing
/// is held while there is none.
#[derive(Default)]
pub(super) struct Names(Box<[u8]>);

/// The length of a name, in two bytes: a longer name is cut.
const LEN: usize = 2;

impl Names {
    fn all(&self) -> [&[u8]; Name::ALL.len()] {
        let mut rest = &*self.0;
        Name::ALL.map(|_| {
            let (bytes, after) = split(rest);
            rest = after;
            bytes
        })
    }

    /// A name, if it was given.
    pub(super) fn get(&self, name: Name) -> Option<Box<str>> {
        let bytes = self.all()[name as usize];
        if bytes.is_empty() { None } else { std::str::from_utf8(bytes).ok().map(Into::into) }
    }

    /// Takes in the names that are given; one that is empty changes nothing.
    pub(super) fn set(&mut self, given: &Given<'_>, keep: &mut Keep<'_>) {
        let known = self.all();
        let is_new = |name: Name| given.get(name).filter(|given| given.raw().as_bytes() != known[name as usize]);
        if Name::ALL.iter().all(|name| is_new(*name).is_none()) {
            return;
        }
        let mut all = Vec::with_capacity(
            Name::ALL
                .iter()
                .fold(0, |sum, &name| sum + LEN + given.get(name).map_or(known[name as usize].len(), Str::len)),
        );
        for name in Name::ALL {
            let taken;
            let bytes = match is_new(name) {
                Some(given) => {
                    taken = keep.short(given);
                    taken.as_bytes()
                }
                None => known[name as usize],
            };
            // Limits of names are far below this; a cut inside a character would make the name unreadable, not unsafe.
            let len = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
            all.extend_from_slice(&len.to_le_bytes());
            all.extend_from_slice(&bytes[..len.into()]);
        }
        self.0 = all.into_boxed_slice();
    }
}

/// Names as a body or an event gives them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Given<'a>([Option<Str<'a>>; Name::ALL.len()]);

impl<'a> Given<'a> {
    /// Takes in a name, if there is one.
    pub fn set(&mut self, name: Name, given: Option<Str<'a>>) {
        self.0[name as usize] = given.or(self.0[name as usize]);
    }

    fn get(&self, name: Name) -> Option<Str<'a>> {
        self.0[name as usize].filter(|given| !given.is_empty())
    }
}

/// The first name of a block, and the rest of the block.
fn split(block: &[u8]) -> (&[u8], &[u8]) {
    let Some((len, rest)) = block.split_first_chunk::<LEN>() else { return (&[], &[]) };
    rest.split_at_checked(u16::from_le_bytes(*len).into()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Allowance, Content, Limits};

    #[test]
    fn names_are_the_last_that_were_given() {
        let (limits, mut allowance) = (Limits::default(), Allowance::default());
        let mut keep = Keep::new(Content::Off, &limits, &mut allowance);
        let mut names = Names::default();
        let mut expected: [Option<&str>; 5] = [None; 5];
        for (name, given) in [
            (Name::Model, Some("gpt")),
            (Name::Id, Some("größe")),
            (Name::State, Some("queued")),
            (Name::Model, Some("")),
            (Name::Model, None),
            (Name::Model, Some("gpt")),
            (Name::State, Some("completed")),
            (Name::ServiceTier, Some("x")),
            (Name::SystemFingerprint, Some("fp")),
            (Name::Id, Some("i")),
        ] {
            let mut names_given = Given::default();
            names_given.set(name, given.map(Str::plain));
            names.set(&names_given, &mut keep);
            if let Some(given) = given.filter(|given| !given.is_empty()) {
                expected[name as usize] = Some(given);
            }
            for name in Name::ALL {
                assert_eq!(names.get(name).as_deref(), expected[name as usize], "{name:?}");
            }
        }
    }
}
