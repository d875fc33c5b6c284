//! Whether a field that is kept whatever the content policy looks like what it should be: short, of plain characters, and no key.
//!
//! It runs for every call, whether there is a security scan or not, so it looks for nothing but the public beginnings of keys,
//! as they are and in base64.

use super::base64;

/// How keys begin, and how many characters follow at least. Each is the public beginning of a vendor's key format. Those of one
/// first letter stand together.
const KEYS: &[(&str, usize)] = &[
    ("sk-", 12),
    ("sk_", 12),
    ("shpat_", 12),
    ("pk-", 12),
    ("pk_", 12),
    ("pplx-", 12),
    ("pypi-", 12),
    ("rk_", 12),
    ("r8_", 12),
    ("gsk_", 12),
    ("ghp_", 12),
    ("gho_", 12),
    ("ghu_", 12),
    ("ghs_", 12),
    ("ghr_", 12),
    ("github_pat_", 12),
    ("glpat-", 12),
    ("xai-", 12),
    ("xoxa-", 8),
    ("xoxb-", 8),
    ("xoxp-", 8),
    ("xoxr-", 8),
    ("xoxs-", 8),
    ("xapp-", 8),
    ("nvapi-", 12),
    ("npm_", 12),
    ("hf_", 12),
    ("AIza", 12),
    ("AKIA", 12),
    ("ASIA", 12),
    ("ya29.", 12),
    ("GOCSPX-", 12),
    ("SG.", 16),
    ("dop_v1_", 12),
    ("lsv2_", 12),
    ("eyJ", 20),
    ("BEGIN ", 8),
];

/// Fewest characters of base64 that are looked into: what they stand for is as long as the shortest key.
const ENCODED: usize = 20;

const ODD: u8 = 0;
const WORD: u8 = 1;
const MARK: u8 = 2;
/// A letter that a key may begin with.
const FIRST: u8 = 4;

/// What each byte may be part of.
const CLASSES: [u8; 256] = {
    let mut classes = [ODD; 256];
    let mut byte = 0;
    while byte < 128 {
        classes[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => WORD,
            b'-' | b'_' | b'.' | b':' | b'/' | b'@' | b'+' | b'=' | b' ' | b'(' | b')' | b'[' | b']' | b',' | b';'
            | b'#' | b'~' | b'|' | b'$' => MARK,
            _ => ODD,
        };
        byte += 1;
    }
    let mut key = 0;
    while key < KEYS.len() {
        classes[KEYS[key].0.as_bytes()[0] as usize] |= FIRST;
        key += 1;
    }
    classes
};

/// Which of the keys begin with each byte.
const BY_FIRST: [(u8, u8); 256] = {
    let mut by_first = [(0, 0); 256];
    let mut key = 0;
    while key < KEYS.len() {
        let (from, to) = &mut by_first[KEYS[key].0.as_bytes()[0] as usize];
        if *to == 0 {
            *from = key as u8;
        }
        assert!(*to == 0 || *to == key as u8, "keys of one first letter stand apart");
        *to = key as u8 + 1;
        key += 1;
    }
    by_first
};

/// What a field looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Looks {
    /// What it should be.
    Fine,
    /// Too long, or with characters that no name has.
    Odd,
    /// It holds something that begins as keys of that kind do.
    Key(&'static str),
}

/// What a field looks like that is to be no longer than `limit` bytes.
pub(super) fn looks(field: &str, limit: usize) -> Looks {
    let bytes = field.as_bytes();
    if bytes.len() > limit {
        return Looks::Odd;
    }
    let mut before = MARK;
    for (at, byte) in bytes.iter().enumerate() {
        let class = CLASSES[usize::from(*byte)];
        if class == ODD {
            return Looks::Odd;
        }
        if class != MARK
            && before == MARK
            && let Some(key) = key_at(bytes, at, class)
        {
            return Looks::Key(key);
        }
        before = class;
    }
    // Few fields have a colon: the longer search is for those.
    if memchr::memchr(b':', bytes).is_some() && field.contains("://") { Looks::Odd } else { Looks::Fine }
}

/// The beginning of a key that stands at the beginning of a word, as it is or in base64.
fn key_at(bytes: &[u8], at: usize, class: u8) -> Option<&'static str> {
    let rest = bytes.get(at..)?;
    if class & FIRST != 0
        && let Some(key) = key_in(rest)
    {
        return Some(key);
    }
    // Most ids stand for bytes that are no text.
    if rest.len() < ENCODED || !base64::begins_text(rest) {
        return None;
    }
    encoded(rest)
}

fn key_in(rest: &[u8]) -> Option<&'static str> {
    let (from, to) = BY_FIRST[usize::from(*rest.first()?)];
    let begins =
        |(key, more): &&(&'static str, usize)| rest.starts_with(key.as_bytes()) && rest.len() >= key.len() + more;
    KEYS.get(usize::from(from)..usize::from(to))?.iter().find(begins).map(|(key, _)| *key)
}

#[cold]
fn encoded(rest: &[u8]) -> Option<&'static str> {
    let text = base64::decoded(rest);
    (0..text.len()).filter(|at| *at == 0 || !text[at - 1].is_ascii_alphanumeric()).find_map(|at| key_in(&text[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_ids_of_every_provider_are_fine() {
        // As the vendors' documentation and recorded answers have them.
        for field in [
            "gpt-4o-mini-2024-07-18",
            "ft:gpt-4o-mini-2024-07-18:acme:support:9ABCdef1",
            "accounts/fireworks/models/llama-v3p1-405b-instruct",
            "meta-llama/Llama-3.3-70B-Instruct-Turbo",
            "claude-3-5-sonnet@20240620",
            "anthropic.claude-3-5-sonnet-20241022-v2:0",
            "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1b2c3d4e5f6",
            "My Deployment (v2)",
            "chatcmpl-BdMnRbTHIiVcRjJVwCUsVAvUmA8xY",
            "chatcmpl-123e4567-e89b-12d3-a456-426614174000",
            "resp_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b",
            "call_abc123DEF456ghi789JKL012",
            "toolu_01A09q90qw90lq917835lq9",
            "cmpl-e5cc70bb28c444948073e77776eb30ef",
            "fp_44709d6fcb",
            "invalid_request_error",
            "Wed, 21 Oct 2015 07:28:00 GMT",
            "audio/wav; codecs=1",
            "task-scheduler",
            "risk-assessment-of-portfolio",
            "",
        ] {
            assert_eq!(looks(field, 256), Looks::Fine, "{field}");
        }
    }

    #[test]
    fn keys_are_told_by_their_beginning_also_in_base64() {
        let keys = [
            ("sk-proj-abcdefghijklmnop", "sk-"),
            ("gpt-4o sk-abcdefghijklmnop", "sk-"),
            ("AKIAIOSFODNN7EXAMPLE", "AKIA"),
            ("call_ghp_0123456789abcdefghij", "ghp_"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", "eyJ"),
            ("-----BEGIN RSA PRIVATE KEY-----", "BEGIN "),
            // base64 of "sk-proj-abcdefghijklmnop" and of "key sk-proj-abcdefghijklmnop".
            ("c2stcHJvai1hYmNkZWZnaGlqa2xtbm9w", "sk-"),
            ("call_a2V5IHNrLXByb2otYWJjZGVmZ2hpamtsbW5vcA==", "sk-"),
        ];
        for (field, key) in keys {
            assert_eq!(looks(field, 256), Looks::Key(key), "{field}");
        }
    }

    #[test]
    fn what_no_name_has_is_odd() {
        for field in ["a\nb", "größe", "a\"b", "<script>", "{{x}}", "postgres://u:p@h/d", "a\u{1b}[31m", "100%"] {
            assert_eq!(looks(field, 256), Looks::Odd, "{field:?}");
        }
        for (limit, expected) in [(7, Looks::Odd), (8, Looks::Fine), (9, Looks::Fine)] {
            assert_eq!(looks("12345678", limit), expected);
        }
    }
}
