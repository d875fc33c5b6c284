//! Names with indices. An index may be any number: it is a key, never a size.

use std::collections::BTreeMap;

use super::super::super::read::Why;
use super::super::super::read::left::MESSAGES;

/// Things by their index: at most [`MESSAGES`].
pub(super) type Places<T> = BTreeMap<u32, T>;

/// An index before a dot, and what is behind it; `None` where no index is. One that is too large is an `Err`.
pub(super) fn index(name: &str) -> Option<(Result<u32, Why>, &str)> {
    let (digits, rest) = name.split_once('.')?;
    let is_number = digits.bytes().all(|digit| digit.is_ascii_digit()) && (!digits.starts_with('0') || digits == "0");
    let is_one = is_number && !digits.is_empty();
    is_one.then(|| (digits.parse().map_err(|_| Why::OverLimit), rest))
}

/// What has that index, new if nothing had.
pub(super) fn at<T: Default>(places: &mut Places<T>, index: u32) -> Result<&mut T, Why> {
    if places.len() >= MESSAGES && !places.contains_key(&index) {
        return Err(Why::OverLimit);
    }
    Ok(places.entry(index).or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_is_a_number_as_one_writes_it() {
        assert_eq!(index("0.role"), Some((Ok(0), "role")));
        assert_eq!(index("1000000000.tool_calls.7.id"), Some((Ok(1_000_000_000), "tool_calls.7.id")));
        assert_eq!(index("4294967295.role"), Some((Ok(u32::MAX), "role")));
        for too_large in ["4294967296.role", "99999999999999999999999.role"] {
            assert_eq!(index(too_large), Some((Err(Why::OverLimit), "role")));
        }
        for none in ["", "role", ".role", "7", "01.role", "-1.role", "+1.role", "1a.role", "name.1"] {
            assert_eq!(index(none), None, "{none}");
        }
    }

    #[test]
    fn what_goes_past_the_limit_has_no_place() {
        let mut places = Places::<u8>::new();
        for index in 0..u32::try_from(MESSAGES).unwrap() {
            at(&mut places, index * 7).unwrap();
        }
        assert_eq!(at(&mut places, 1), Err(Why::OverLimit));
        assert_eq!(at(&mut places, 7), Ok(&mut 0), "what is there can still be filled");
    }
}
