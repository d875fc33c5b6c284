//! Masks keys in what a server says: error messages quote the key that was wrong.

use std::borrow::Cow;

const MASK: &str = "***";

/// How keys of this field begin. Each is the public beginning of a vendor's key format.
const PREFIXES: &[&str] = &[
    "sk-",
    "sk_",
    "pk-",
    "rk_",
    "gsk_",
    "xai-",
    "pplx-",
    "nvapi-",
    "hf_",
    "r8_",
    "AIza",
    "AKIA",
    "ghp_",
    "github_pat_",
    "eyJ",
];

/// Words behind which a long run of letters and digits is a key.
const HINTS: &[&str] = &["key", "token", "secret", "bearer", "authorization", "password"];

/// How far behind such a word a key may stand, in bytes.
const REACH: usize = 48;

/// Shortest run of letters and digits that is taken for a key behind one of the words.
const LONG: usize = 16;

fn is_key_char(char: char) -> bool {
    char.is_ascii_alphanumeric() || matches!(char, '_' | '-' | '*' | '+' | '/' | '.' | '~')
}

/// `message` with everything in it that looks like a key masked.
///
/// ```
/// use sidetone_core::policy::mask;
///
/// assert_eq!(mask("Incorrect API key provided: sk-abc***xyz."), "Incorrect API key provided: sk-***.");
/// ```
#[must_use]
pub fn mask(message: &str) -> Cow<'_, str> {
    let mut masked = String::new();
    let mut done = 0;
    let mut at = 0;
    while let Some(start) = message[at..].find(is_key_char).map(|place| at + place) {
        let end = message[start..].find(|char| !is_key_char(char)).map_or(message.len(), |len| start + len);
        let run = message[start..end].trim_end_matches(['.', '-', '/']);
        if let Some(keep) = key_in(&message[..start], run) {
            masked.push_str(&message[done..start + keep]);
            masked.push_str(MASK);
            done = start + run.len();
        }
        at = end;
    }
    if done == 0 {
        return Cow::Borrowed(message);
    }
    masked.push_str(&message[done..]);
    Cow::Owned(masked)
}

/// How many bytes of `run` may stay if there is a key in it.
fn key_in(before: &str, run: &str) -> Option<usize> {
    let boundary = |place: usize| place == 0 || !run.as_bytes()[place - 1].is_ascii_alphanumeric();
    let prefixed = PREFIXES.iter().filter_map(|prefix| {
        let place = run.match_indices(prefix).map(|(place, _)| place).find(|&place| boundary(place))?;
        (run.len() > place + prefix.len()).then_some(place + prefix.len())
    });
    if let Some(keep) = prefixed.min() {
        return Some(keep);
    }
    let reach = before.len().saturating_sub(REACH);
    let from = (reach..before.len()).find(|&place| before.is_char_boundary(place)).unwrap_or(before.len());
    let recent = before[from..].to_ascii_lowercase();
    if recent.trim_end().ends_with("bearer") {
        return Some(0);
    }
    let hinted = HINTS.iter().any(|hint| recent.contains(hint));
    let looks_random = run.len() >= LONG && run.bytes().any(|byte| byte.is_ascii_digit()) && !run.starts_with("//");
    (hinted && looks_random).then_some(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_masked_and_the_rest_stays() {
        let cases = [
            // As the API words it (golden case error_401, and the real service).
            ("Incorrect API key provided: sk-mock.", "Incorrect API key provided: sk-***."),
            (
                "Incorrect API key provided: sk-proj-ab**********cdEf. You can find your API key at https://platform.openai.com/account/api-keys.",
                "Incorrect API key provided: sk-***. You can find your API key at https://platform.openai.com/account/api-keys.",
            ),
            ("bad header 'Bearer abc.def'", "bad header 'Bearer ***'"),
            ("bad header \"bearer  x\"", "bad header \"bearer  ***\""),
            ("Invalid api-key=0123456789abcdef0123456789abcdef!", "Invalid api-key=***!"),
            ("jwt eyJhbGciOi.eyJzdWI.sig is expired", "jwt eyJ*** is expired"),
            ("url /v1/keys/sk-12 rejected", "url /v1/keys/sk-*** rejected"),
            ("two: sk-a sk-b", "two: sk-*** sk-***"),
            // Not keys.
            ("Rate limit reached for gpt-4o-mini.", "Rate limit reached for gpt-4o-mini."),
            (
                "This model's maximum context length is 8192 tokens.",
                "This model's maximum context length is 8192 tokens.",
            ),
            ("The task-force's disk-usage", "The task-force's disk-usage"),
            ("sk-", "sk-"),
            ("", ""),
            ("schlüssel: größe ✓", "schlüssel: größe ✓"),
        ];
        for (message, expected) in cases {
            assert_eq!(mask(message), expected);
        }
    }
}
