//! Ids of people: what leaves is a hash, unless raw ids were chosen.

use std::borrow::Cow;
use std::sync::Arc;

use super::sha256::{self, Sha256};

/// How a hash with a key begins.
const KEYED: &str = "hmac-sha256:";

/// How a hash without a key begins.
const PLAIN: &str = "sha256:";

/// Digits of a hash.
const DIGITS: usize = 64;

/// What becomes of user and session ids, and of what a request says of who asks (`user`, `safety_identifier`, `metadata`).
///
/// With a key an id becomes `hmac-sha256:` and 64 digits, without one `sha256:` and 64 digits. Ids that can be guessed (e-mail
/// addresses, numbers) can be found again from a hash without a key: by hashing every guess. Processes that share a key give
/// one person one hash. A value that is such a hash already stays as it is, so that several hops don't hash it again.
#[derive(Clone, Default)]
pub struct Ids(Choice);

#[derive(Clone, Default)]
enum Choice {
    #[default]
    Hashed,
    Keyed(Arc<[u8]>),
    Raw,
}

impl std::fmt::Debug for Ids {
    /// Never the key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.0 {
            Choice::Hashed => "Ids(hashed)",
            Choice::Keyed(_) => "Ids(hashed with a key)",
            Choice::Raw => "Ids(raw)",
        })
    }
}

impl Ids {
    /// Hashes with that key.
    #[must_use]
    pub fn keyed(key: impl Into<Arc<[u8]>>) -> Self {
        Self(Choice::Keyed(key.into()))
    }

    /// Leaves ids as they are.
    #[must_use]
    pub fn raw() -> Self {
        Self(Choice::Raw)
    }

    /// What an id becomes.
    ///
    /// ```
    /// use sidetone_core::policy::Ids;
    ///
    /// let hashed = Ids::default().id("alice");
    /// assert_eq!(hashed, "sha256:2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90");
    /// assert_eq!(Ids::keyed(*b"key").id(&hashed), hashed);
    /// ```
    #[must_use]
    pub fn id<'a>(&self, id: &'a str) -> Cow<'a, str> {
        let hashed = |form: &str, digest| Cow::Owned(format!("{form}{}", sha256::hex(&digest)));
        match &self.0 {
            _ if is_hash(id) => Cow::Borrowed(id),
            Choice::Raw => Cow::Borrowed(id),
            Choice::Hashed => hashed(PLAIN, Sha256::hash(id.as_bytes())),
            Choice::Keyed(key) => hashed(KEYED, sha256::hmac(key, id.as_bytes())),
        }
    }

    /// As [`id`](Self::id), in place.
    pub(super) fn replace(&self, id: &mut Option<Box<str>>) {
        if let Some(id) = id
            && let Cow::Owned(hashed) = self.id(id)
        {
            *id = hashed.into_boxed_str();
        }
    }
}

/// Whether a value is a hash in one of the forms of [`Ids`].
#[must_use]
pub fn is_hash(value: &str) -> bool {
    let digits = value.strip_prefix(KEYED).or_else(|| value.strip_prefix(PLAIN));
    digits.is_some_and(|digits| {
        digits.len() == DIGITS && digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_hashed_once_and_raw_only_by_choice() {
        // Python: hashlib.sha256(b"alice"), hmac.new(b"key", b"alice", "sha256").
        let plain = "sha256:2bd806c97f0e00af1a1fc3328fa763a9269723c8db8fac4f93af71db186d6e90";
        let keyed = "hmac-sha256:76fb55e929c06b97b01c35950ee5f72fe415b15ed3a7356c39e709906dbb5c45";
        let with_key = Ids::keyed(*b"key");
        assert_eq!(Ids::default().id("alice"), plain);
        assert_eq!(with_key.id("alice"), keyed);
        assert_eq!(Ids::raw().id("alice"), "alice");
        for ids in [Ids::default(), with_key, Ids::raw()] {
            assert_eq!(ids.id(plain), plain);
            assert_eq!(ids.id(keyed), keyed);
        }
    }

    #[test]
    fn only_the_whole_form_is_a_hash() {
        let digits = "0123456789abcdef".repeat(4);
        assert!(is_hash(&format!("sha256:{digits}")) && is_hash(&format!("hmac-sha256:{digits}")));
        for other in [digits.clone(), format!("sha256:{digits}0"), format!("sha256:{}", &digits[1..])] {
            assert!(!is_hash(&other), "{other}");
        }
        assert!(!is_hash(&format!("sha256:{}", digits.to_uppercase())) && !is_hash(&format!("md5:{digits}")));
    }

    #[test]
    fn the_key_is_not_shown() {
        assert_eq!(format!("{:?}", Ids::keyed(*b"secret")), "Ids(hashed with a key)");
    }
}
