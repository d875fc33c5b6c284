//! Which names of models are versions of one another.

/// Whether `rest`, what a model's name has more than another's, only says which version of that model it is: a date, a
/// short number, `latest`. `gpt-4o-2024-08-06` is a version of `gpt-4o`; `gpt-4o-mini` and `gpt-4o-audio-preview` are
/// others, and so is `claude-sonnet-4-5` beside `claude-sonnet-4`.
pub(super) fn is_version(rest: &str) -> bool {
    let Some((separator @ (b'-' | b'@'), _)) = rest.as_bytes().split_first() else { return false };
    let version = &rest[1..];
    match version {
        "latest" | "default" => true,
        _ if is_date(version) => true,
        // Gemini's `-001`.
        _ => version.len() == 3 && *separator == b'-' && version.starts_with('0') && number(version).is_some(),
    }
}

/// Dates as vendors write them: `2024-08-06`, `20240806`, `0806` (or the year and month `2508`), `05-06`, `08-2024`.
fn is_date(text: &str) -> bool {
    let is_month = |text: &str| number(text).is_some_and(|month| (1..=12).contains(&month));
    let is_day = |text: &str| number(text).is_some_and(|day| (1..=31).contains(&day));
    let is_year = |text: &str| number(text).is_some_and(|year| (2020..2100).contains(&year));
    let short_year = |text: &str| number(text).is_some_and(|year| (20..100).contains(&year));
    let bytes = text.as_bytes();
    if !text.is_ascii() {
        return false;
    }
    match bytes.len() {
        10 if bytes[4] == b'-' && bytes[7] == b'-' => {
            is_year(&text[..4]) && is_month(&text[5..7]) && is_day(&text[8..])
        }
        8 => is_year(&text[..4]) && is_month(&text[4..6]) && is_day(&text[6..]),
        7 if bytes[2] == b'-' => is_month(&text[..2]) && is_year(&text[3..]),
        5 if bytes[2] == b'-' => is_month(&text[..2]) && is_day(&text[3..]),
        4 => (is_month(&text[..2]) && is_day(&text[2..])) || (short_year(&text[..2]) && is_month(&text[2..])),
        _ => false,
    }
}

fn number(text: &str) -> Option<u32> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// The entry for a model: the longest name that `model` is, or is a version of.
pub(super) fn longest<'a, T>(model: &str, find: impl Fn(&str) -> Option<&'a T>) -> Option<&'a T> {
    if let Some(exact) = find(model) {
        return Some(exact);
    }
    // A fine-tuned model is its base with the owner's names behind it: `ft:gpt-4o-2024-08-06:acme::9xyz`.
    let is_tuned = model.starts_with("ft:");
    let mut end = model.len();
    while let Some(at) = model.as_bytes()[..end].iter().rposition(|byte| matches!(byte, b'-' | b'@' | b':')) {
        let (name, rest) = model.split_at(at);
        let is_owner = is_tuned && rest.starts_with(':');
        if (is_owner || is_version(rest))
            && let Some(found) = find(name)
        {
            return Some(found);
        }
        end = at;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(model: &str, known: &[&'static str]) -> Option<&'static str> {
        longest(model, |name| known.iter().find(|known| **known == name)).copied()
    }

    #[test]
    fn a_version_is_priced_as_its_model_and_a_sibling_is_not() {
        let known = ["gpt-4o", "gpt-4", "claude-sonnet-4", "gemini-2.0-flash", "command-r", "mistral-large"];
        for (model, expected) in [
            ("gpt-4o", Some("gpt-4o")),
            ("gpt-4o-2024-08-06", Some("gpt-4o")),
            ("gpt-4o-latest", Some("gpt-4o")),
            ("gpt-4o-mini", None),
            ("gpt-4o-mini-2024-07-18", None),
            ("gpt-4o-audio-preview", None),
            ("gpt-4o-audio-preview-2024-10-01", None),
            ("gpt-4om", None),
            ("gpt-4-0613", Some("gpt-4")),
            ("gpt-4-32k", None),
            ("gpt-4-1106-preview", None),
            ("gpt-4.1", None),
            ("claude-sonnet-4-20250514", Some("claude-sonnet-4")),
            ("claude-sonnet-4@20250514", Some("claude-sonnet-4")),
            ("claude-sonnet-4-5", None),
            ("claude-sonnet-4-5-20250929", None),
            ("gemini-2.0-flash-001", Some("gemini-2.0-flash")),
            ("gemini-2.0-flash-lite-001", None),
            ("gemini-2.0-flash-preview-05-20", None),
            ("command-r-08-2024", Some("command-r")),
            ("mistral-large-2411", Some("mistral-large")),
            ("mistral-large-9999", None),
            ("mistral-large-123", None),
            ("gpt-4o-", None),
            ("gpt-4o:free", None),
            ("", None),
            ("ö-ä", None),
        ] {
            assert_eq!(found(model, &known), expected, "{model}");
        }
    }

    #[test]
    fn the_longest_name_wins() {
        let known = ["gpt-4o", "gpt-4o-2024-05-13", "ft:gpt-4o-2024-08-06", "ft:gpt-4o"];
        assert_eq!(found("gpt-4o-2024-05-13", &known), Some("gpt-4o-2024-05-13"));
        assert_eq!(found("gpt-4o-2024-11-20", &known), Some("gpt-4o"));
        assert_eq!(found("ft:gpt-4o-2024-08-06:acme::9xyz", &known), Some("ft:gpt-4o-2024-08-06"));
        assert_eq!(found("ft:gpt-4o-mini-2024-07-18:acme::9xyz", &known), None);
        assert_eq!(found("ft:gpt-4o-mini:gpt-4o", &known), None);
    }
}
