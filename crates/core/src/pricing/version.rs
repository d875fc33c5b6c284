//! Which names of models are versions of one another.

/// Whether `rest`, what a model's name has more than another's, only says which version of that model it is: a date, a
/// short number, `latest`. `gpt-4o-2024-08-06` is a version of `gpt-4o`; `gpt-4o-mini` and `gpt-4o-audio-preview` are
/// others, and so is `claude-sonnet-4-5` beside `claude-sonnet-4`.
pub(super) fn is_version(rest: &str) -> bool {
    match rest.as_bytes() {
        [b'-' | b'@', b'0'..=b'9', ..] => is_date(&rest.as_bytes()[1..]) || is_revision(rest),
        [b'-' | b'@', ..] => matches!(&rest[1..], "latest" | "default"),
        _ => false,
    }
}

/// Gemini's `-001`.
fn is_revision(rest: &str) -> bool {
    matches!(rest.as_bytes(), [b'-', b'0', b'0'..=b'9', b'0'..=b'9'])
}

/// Dates as vendors write them: `2024-08-06`, `20240806`, `08-2024`, `05-06`, `0806` (or the year and month `2508`).
fn is_date(text: &[u8]) -> bool {
    let year = |digits: [u8; 4]| in_range(&digits, 2020, 2099);
    let month = |digits: [u8; 2]| in_range(&digits, 1, 12);
    let day = |digits: [u8; 2]| in_range(&digits, 1, 31);
    match *text {
        [y, e, a, r, b'-', m, n, b'-', d, t] | [y, e, a, r, m, n, d, t] => {
            year([y, e, a, r]) && month([m, n]) && day([d, t])
        }
        [m, n, b'-', y, e, a, r] => month([m, n]) && year([y, e, a, r]),
        [m, n, b'-', d, t] => month([m, n]) && day([d, t]),
        [m, n, d, t] => (month([m, n]) && day([d, t])) || (in_range(&[m, n], 20, 99) && month([d, t])),
        _ => false,
    }
}

fn in_range(digits: &[u8], least: u32, most: u32) -> bool {
    let number = digits.iter().try_fold(0, |number, digit| match digit {
        b'0'..=b'9' => Some(number * 10 + u32::from(digit - b'0')),
        _ => None,
    });
    number.is_some_and(|number| least <= number && number <= most)
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
