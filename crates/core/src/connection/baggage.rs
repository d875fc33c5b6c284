//! Who asks, as the `baggage` of a request says it (W3C Baggage).

use std::borrow::Cow;

use crate::policy::Scope;
use crate::wire::http::Head;

/// Most baggage that is read of one request, in bytes (W3C Baggage section 3.3.2 asks for at least 8,192).
const BAGGAGE_BYTES: usize = 8192;

/// On whose behalf a request is made. Ids are as they were sent: the review hashes them.
pub(super) fn scope(head: &Head) -> Option<Scope> {
    // It may come in several fields.
    let fields = head.fields.iter().filter(|(name, _)| &**name == "baggage");
    let mut left = BAGGAGE_BYTES;
    let read: Vec<&str> = fields
        .map_while(|(_, value)| {
            left = left.checked_sub(value.len())?;
            Some(std::str::from_utf8(value).unwrap_or_default())
        })
        .collect();
    if read.is_empty() {
        return None;
    }
    Scope::of_baggage(|key| read.iter().find_map(|field| value(field, key)))
}

/// The value of a key in one field: `key=value;property, key=value`.
fn value<'f>(field: &'f str, wanted: &str) -> Option<Cow<'f, str>> {
    field.split(',').find_map(|member| {
        let (key, value) = member.split(';').next()?.split_once('=')?;
        if key.trim() == wanted { decoded(value.trim()) } else { None }
    })
}

/// A value without its percent-encoding; `None` if it isn't UTF-8.
fn decoded(value: &str) -> Option<Cow<'_, str>> {
    if !value.contains('%') {
        return Some(Cow::Borrowed(value));
    }
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let [first, after @ ..] = rest {
        let digits = after.first_chunk::<2>().filter(|_| *first == b'%');
        let encoded = digits.and_then(|&[high, low]| {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            u8::try_from(digit(high)? * 16 + digit(low)?).ok()
        });
        // A percent sign that encodes nothing stands for itself.
        bytes.push(encoded.unwrap_or(*first));
        rest = if encoded.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn said(fields: &[&str]) -> Option<(Option<String>, Option<String>)> {
        let fields = fields.iter().map(|value| ("baggage".into(), value.to_string().into())).collect();
        let scope = scope(&Head { fields, ..Head::default() })?;
        let owned = |id: Option<Box<str>>| id.map(|id| id.into_string());
        Some((owned(scope.user), owned(scope.session)))
    }

    fn ids(user: Option<&str>, session: Option<&str>) -> Option<(Option<String>, Option<String>)> {
        Some((user.map(str::to_owned), session.map(str::to_owned)))
    }

    #[test]
    fn ids_are_read_as_w3c_baggage_writes_them() {
        assert_eq!(said(&["user.id=alice,session.id=s-1"]), ids(Some("alice"), Some("s-1")));
        // White space around, properties, other keys, several fields: W3C Baggage sections 3.3.1 and 3.4.
        assert_eq!(said(&["a=b , user.id = alice ; p=1;q", "session.id=s"]), ids(Some("alice"), Some("s")));
        // Its section 3.3.1.3: values are percent-encoded UTF-8; what isn't is no value.
        assert_eq!(said(&["user.id=Am%C3%A9lie%20%2C1"]), ids(Some("Am\u{e9}lie ,1"), None));
        assert_eq!(said(&["user.id=100%,session.id=%zz"]), ids(Some("100%"), Some("%zz")));
        assert_eq!(said(&["user.id=%ff,session.id=s"]), ids(None, Some("s")));
        for nothing in [&[][..], &[""], &["user.id="], &["user.id"], &["xuser.id=a"], &["user.idx=a"], &["x=user.id=a"]]
        {
            assert_eq!(said(nothing), None, "{nothing:?}");
        }
    }

    #[test]
    fn baggage_and_ids_have_limits() {
        for (len, is_kept) in [(1023, true), (1024, true), (1025, false)] {
            assert_eq!(said(&[&format!("user.id={}", "u".repeat(len))]).is_some(), is_kept, "{len}");
        }
        let long = |len: usize| format!("user.id=a,x={}", "x".repeat(len - "user.id=a,x=".len()));
        for (len, is_kept) in [(8191, true), (8192, true), (8193, false)] {
            assert_eq!(said(&[&long(len)]).is_some(), is_kept, "{len}");
        }
    }
}
