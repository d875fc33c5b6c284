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
#[derive(Debug, Default)]
pub(super) struct Names(Box<[u8]>);

/// The length of a name, in two bytes: a longer name is cut.
const LEN: usize = 2;

impl Names {
    fn bytes(&self, name: Name) -> &[u8] {
        let mut rest = &*self.0;
        for _ in 0..name as usize {
            rest = split(rest).1;
        }
        split(rest).0
    }

    /// A name, if it was given.
    pub(super) fn get(&self, name: Name) -> Option<Box<str>> {
        let bytes = self.bytes(name);
        if bytes.is_empty() { None } else { std::str::from_utf8(bytes).ok().map(Into::into) }
    }

    /// Takes `given` for that name, unless it is the same, empty, or none.
    pub(super) fn set(&mut self, name: Name, given: Option<Str<'_>>, keep: &mut Keep<'_>) {
        let Some(given) = given.filter(|given| !given.is_empty()) else { return };
        if self.bytes(name) == given.raw().as_bytes() {
            return;
        }
        let given = keep.name(given);
        let mut all = Vec::with_capacity(self.0.len().max(Name::ALL.len() * LEN) + given.len());
        for other in Name::ALL {
            let bytes = if other == name { given.as_bytes() } else { self.bytes(other) };
            // Limits of names are far below this; a cut inside a character would make the name unreadable, not unsafe.
            let len = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
            all.extend_from_slice(&len.to_le_bytes());
            all.extend_from_slice(&bytes[..len.into()]);
        }
        self.0 = all.into_boxed_slice();
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
            names.set(name, given.map(Str::plain), &mut keep);
            if let Some(given) = given.filter(|given| !given.is_empty()) {
                expected[name as usize] = Some(given);
            }
            for name in Name::ALL {
                assert_eq!(names.get(name).as_deref(), expected[name as usize], "{name:?}");
            }
        }
    }
}
