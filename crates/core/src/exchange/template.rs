//! The event that was last read in full, as a template that the next one may match.
//!
//! The events of a stream differ in one string. A surface that has read an event says where that string stands
//! ([`Varies`]); the bytes around it are remembered. An event with the very same bytes around a well-formed string *is*
//! the same event with another text, so nothing of it needs parsing. Every other event goes to the surface.

use crate::provider::{Place, Span, Varies};
use crate::wire::json::{ShortString, Str, end_of_short_string};
use crate::wire::sse::SseEvent;

/// Longest event that is remembered, without its text: it is held as long as the stream lives.
const LONGEST: usize = 1024;

/// Most holes: text, padding, number.
const HOLES: usize = 3;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hole {
    Text,
    Padding,
    Number,
}

/// An event with holes where the next may differ.
#[derive(Debug)]
pub(super) struct Template {
    /// The choice that the text belongs to.
    pub(super) choice: u32,
    /// The part that the text belongs to.
    pub(super) place: Place,
    /// The bytes between the holes, joined.
    literals: Vec<u8>,
    /// The holes in order, and where in `literals` each stands.
    holes: [(Hole, u16); HOLES],
    count: u8,
    /// How many of the literals' bytes stand in the stream before and behind the event's data; `None`: they don't, the
    /// event didn't lie in one piece.
    around: Option<(u16, u8)>,
}

/// The text of an event that is as remembered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Repeated<'a> {
    raw: &'a [u8],
    len: usize,
    is_ascii: bool,
}

impl<'a> Repeated<'a> {
    /// Its length in bytes of UTF-8, if that is sure without reading it.
    #[inline(always)]
    pub(super) fn sure_len(self) -> Option<usize> {
        self.is_ascii.then_some(self.len)
    }

    /// The text; `None` if it isn't UTF-8.
    pub(super) fn text(self) -> Option<Str<'a>> {
        Some(Str::of_raw(std::str::from_utf8(self.raw).ok()?, self.len))
    }
}

impl Template {
    /// Remembers an event in the place of what was remembered before.
    pub(super) fn learn(template: &mut Option<Box<Self>>, event: SseEvent<'_>, varies: &Varies) {
        let before = event.whole.and_then(|whole| offset_in(whole, event.data));
        let (bytes, before) = match (event.whole, before) {
            (Some(whole), Some(before)) => (whole, Some(before)),
            _ => (event.data, None),
        };
        let shift = before.unwrap_or(0);
        let mut spans =
            [(Hole::Text, Some(varies.text)), (Hole::Padding, varies.padding), (Hole::Number, varies.number)];
        spans.sort_unstable_by_key(|(_, span)| span.map_or(usize::MAX, |span| span.start));
        let holes = spans.iter().filter_map(|(_, span)| *span).map(|span| span.end.saturating_sub(span.start));
        let len = bytes.len().saturating_sub(holes.sum());
        let behind = u8::try_from(bytes.len() - shift - event.data.len());
        let (Ok(behind), 0..=LONGEST) = (behind, len) else {
            *template = None;
            return;
        };
        let template = template.get_or_insert_with(|| {
            let place = varies.place;
            let none = (Hole::Text, 0);
            Box::new(Self { choice: 0, place, literals: Vec::new(), holes: [none; HOLES], count: 0, around: None })
        });
        template.choice = varies.choice;
        template.place = varies.place;
        template.around = before.map(|before| (before as u16, behind));
        template.literals.clear();
        template.literals.reserve_exact(len);
        template.count = 0;
        let mut from = 0;
        for (hole, span) in spans {
            let Some(Span { start, end }) = span else { continue };
            template.literals.extend_from_slice(bytes.get(from..start + shift).unwrap_or_default());
            template.holes[usize::from(template.count)] = (hole, template.literals.len() as u16);
            template.count += 1;
            from = end + shift;
        }
        template.literals.extend_from_slice(bytes.get(from..).unwrap_or_default());
    }

    /// The text of the event that `stream` begins with, and the event's length, if all else in it is as remembered.
    #[inline]
    pub(super) fn repeated_in<'a>(&self, stream: &'a [u8]) -> Option<(Repeated<'a>, usize)> {
        self.around?;
        let (text, rest) = self.matched(stream, 0, self.literals.len())?;
        Some((text, stream.len() - rest.len()))
    }

    /// The text of an event with that data, if all else in it is as remembered.
    pub(super) fn repeated_as<'a>(&self, data: &'a [u8]) -> Option<Repeated<'a>> {
        let (before, behind) = self.around.unwrap_or_default();
        let (text, rest) = self.matched(data, before.into(), self.literals.len().checked_sub(behind.into())?)?;
        rest.is_empty().then_some(text)
    }

    /// Matches the literals between two places of theirs, and the holes.
    // Always: what the compiler makes of it by itself depends on what else is in the crate, by up to 8 % of B4.
    #[inline(always)]
    fn matched<'a>(&self, bytes: &'a [u8], mut from: usize, end: usize) -> Option<(Repeated<'a>, &'a [u8])> {
        let mut text = None;
        let mut rest = bytes;
        for &(hole, to) in self.holes.get(..usize::from(self.count))? {
            let to = usize::from(to);
            rest = rest.strip_prefix(self.literals.get(from..to)?)?;
            from = to;
            let len = match hole {
                Hole::Text => {
                    let ShortString { end, len, is_ascii } = end_of_short_string(rest)?;
                    text = Some(Repeated { raw: &rest[..end], len, is_ascii });
                    end
                }
                Hole::Padding => {
                    let ShortString { end, is_ascii, .. } = end_of_short_string(rest)?;
                    if !is_ascii {
                        return None;
                    }
                    end
                }
                Hole::Number => match rest.iter().position(|byte| !byte.is_ascii_digit())? {
                    0 => return None,
                    len => len,
                },
            };
            rest = &rest[len..];
        }
        Some((text?, rest.strip_prefix(self.literals.get(from..end)?)?))
    }

    pub(super) fn held_bytes(&self) -> usize {
        size_of::<Self>() + self.literals.len()
    }
}

/// Where in `whole` its part `part` lies; `None` if it is no part of it. A search for its bytes could find a copy.
fn offset_in(whole: &[u8], part: &[u8]) -> Option<usize> {
    let offset = part.as_ptr().addr().checked_sub(whole.as_ptr().addr())?;
    (offset + part.len() <= whole.len()).then_some(offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(data: &str, part: &str) -> Span {
        let start = data.find(part).unwrap();
        Span { start, end: start + part.len() }
    }

    fn learned(data: &str, text: &str, padding: Option<&str>, number: Option<&str>) -> Template {
        let varies = Varies {
            choice: 0,
            place: Place { item: 0, part: 0 },
            text: span(data, text),
            padding: padding.map(|part| span(data, part)),
            number: number.map(|part| span(data, part)),
        };
        let whole = format!("event: e\ndata: {data}\n\n");
        let mut template = None;
        let data = &whole.as_bytes()["event: e\ndata: ".len()..][..data.len()];
        let event = SseEvent { kind: b"e", data, whole: Some(whole.as_bytes()) };
        Template::learn(&mut template, event, &varies);
        *template.unwrap()
    }

    const EVENT: &str = r#"{"n":12,"t":"text","o":"xyz"}"#;

    #[test]
    fn an_event_that_differs_only_in_its_holes_is_repeated() {
        let template = learned(EVENT, "text", Some("xyz"), Some("12"));
        for (event, text) in [
            (EVENT, "text"),
            (r#"{"n":7,"t":"","o":""}"#, ""),
            (r#"{"n":1300,"t":"ä\n\"\u00e4\ud83d\ude00","o":"\\"}"#, "ä\n\"ä😀"),
        ] {
            let repeated = template.repeated_as(event.as_bytes()).unwrap();
            assert_eq!(repeated.text().unwrap().to_cow(), text);
            assert!(repeated.sure_len().is_none_or(|len| len == text.len()));
            let stream = format!("event: e\ndata: {event}\n\ndata: more");
            let (repeated, len) = template.repeated_in(stream.as_bytes()).unwrap();
            assert_eq!(repeated.text().unwrap().to_cow(), text);
            assert_eq!(&stream[len..], "data: more");
        }
    }

    #[test]
    fn an_event_that_differs_elsewhere_is_not_repeated() {
        let template = learned(EVENT, "text", Some("xyz"), Some("12"));
        for event in [
            "",
            r#"{"n":12,"t":"text","o":"xyz"} "#,
            r#"{"n":12,"t":"text","o":"xyz""#,
            r#"{"n":-1,"t":"text","o":"xyz"}"#,
            r#"{"n":1.5,"t":"text","o":"xyz"}"#,
            r#"{"n":,"t":"text","o":"xyz"}"#,
            r#"{"n":12,"t":null,"o":"xyz"}"#,
            r#"{"n":12,"t":"text\","o":"xyz"}"#,
            r#"{"n":12,"t":"te\xt","o":"xyz"}"#,
            r#"{"n":12,"t":"te\u00zzt","o":"xyz"}"#,
            r#"{"n":12,"t":"te","u":"xt","o":"xyz"}"#,
            r#"{"n": 12,"t":"text","o":"xyz"}"#,
            "{\"n\":12,\"t\":\"te\nxt\",\"o\":\"xyz\"}",
        ] {
            assert!(template.repeated_as(event.as_bytes()).is_none(), "{event}");
            let stream = format!("event: e\ndata: {event}\n\n");
            assert!(template.repeated_in(stream.as_bytes()).is_none(), "{event}");
        }
        let invalid = template.repeated_as(b"{\"n\":12,\"t\":\"\xff\",\"o\":\"xyz\"}").unwrap();
        assert!(invalid.sure_len().is_none() && invalid.text().is_none());
        for other in ["data: ", "event: e\r\ndata: ", "event: f\ndata: "] {
            assert!(template.repeated_in(format!("{other}{EVENT}\n\n").as_bytes()).is_none());
        }
        for end in ["", "\n", "\r\n\r\n", "\ndata: more\n\n"] {
            assert!(template.repeated_in(format!("event: e\ndata: {EVENT}{end}").as_bytes()).is_none());
        }
    }

    #[test]
    fn an_event_up_to_the_longest_is_remembered() {
        for (len, is_learned) in [(LONGEST - 1, true), (LONGEST, true), (LONGEST + 1, false)] {
            let data = format!(r#"{{"t":"text{}"}}"#, "x".repeat(len - r#"{"t":""}"#.len()));
            let varies = Varies {
                choice: 0,
                place: Place { item: 0, part: 0 },
                text: span(&data, "text"),
                padding: None,
                number: None,
            };
            let mut template = None;
            let event = SseEvent { kind: b"", data: data.as_bytes(), whole: None };
            Template::learn(&mut template, event, &varies);
            assert_eq!(template.is_some(), is_learned, "{len}");
        }
    }
}
