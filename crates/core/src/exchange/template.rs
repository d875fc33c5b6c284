//! The event that was last read in full, as a template that the next one may match.
//!
//! The events of a stream differ in one string. A surface that has read an event says where that string stands
//! ([`Varies`]); the bytes around it are remembered. An event with the very same bytes around a well-formed string *is*
//! the same event with another text, so nothing of it needs parsing. Every other event goes to the surface.

use crate::provider::{Place, Span, Varies};
use crate::wire::json::{Str, end_of_string};

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
}

impl Template {
    /// Remembers `data` in the place of what was remembered before.
    pub(super) fn learn(template: &mut Option<Box<Self>>, data: &[u8], varies: &Varies) {
        let mut spans = [(Hole::Text, Some(varies.text)), (Hole::Padding, varies.padding), (Hole::Number, varies.number)];
        spans.sort_unstable_by_key(|(_, span)| span.map_or(usize::MAX, |span| span.start));
        let holes = spans.iter().filter_map(|(_, span)| *span).map(|span| span.end.saturating_sub(span.start));
        let len = data.len().saturating_sub(holes.sum());
        if len > LONGEST {
            *template = None;
            return;
        }
        let template = template.get_or_insert_with(|| {
            let none = (Hole::Text, 0);
            Box::new(Self {
                choice: 0,
                place: varies.place,
                literals: Vec::new(),
                holes: [none; HOLES],
                count: 0,
            })
        });
        template.choice = varies.choice;
        template.place = varies.place;
        template.literals.clear();
        template.literals.reserve_exact(len);
        template.count = 0;
        let mut from = 0;
        for (hole, span) in spans {
            let Some(Span { start, end }) = span else { continue };
            template.literals.extend_from_slice(data.get(from..start).unwrap_or_default());
            template.holes[usize::from(template.count)] = (hole, template.literals.len() as u16);
            template.count += 1;
            from = end;
        }
        template.literals.extend_from_slice(data.get(from..).unwrap_or_default());
    }

    /// The text of `data`, if all else in it is as remembered.
    #[inline]
    pub(super) fn text_of<'a>(&self, data: &'a [u8]) -> Option<Str<'a>> {
        let mut text = None;
        let mut rest = data;
        let mut from = 0;
        for &(hole, to) in self.holes.get(..usize::from(self.count))? {
            let to = usize::from(to);
            rest = rest.strip_prefix(self.literals.get(from..to)?)?;
            from = to;
            let len = match hole {
                Hole::Text | Hole::Padding => {
                    let (len, resolved) = end_of_string(rest, 0).ok()?;
                    let string = std::str::from_utf8(&rest[..len]).ok()?;
                    if hole == Hole::Text {
                        text = Some(Str::of_raw(string, resolved));
                    }
                    len
                }
                Hole::Number => match rest.iter().position(|byte| !byte.is_ascii_digit())? {
                    0 => return None,
                    len => len,
                },
            };
            rest = &rest[len..];
        }
        if rest == self.literals.get(from..)? { text } else { None }
    }

    pub(super) fn held_bytes(&self) -> usize {
        size_of::<Self>() + self.literals.len()
    }
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
        let mut template = None;
        Template::learn(&mut template, data.as_bytes(), &varies);
        *template.unwrap()
    }

    #[test]
    fn an_event_that_differs_only_in_its_holes_matches() {
        let template = learned(r#"{"n":12,"t":"text","o":"xyz"}"#, "text", Some("xyz"), Some("12"));
        for (event, text) in [
            (r#"{"n":12,"t":"text","o":"xyz"}"#, "text"),
            (r#"{"n":7,"t":"","o":""}"#, ""),
            (r#"{"n":1300,"t":"ä\n\"\u00e4","o":"\\"}"#, "ä\n\"ä"),
        ] {
            assert_eq!(template.text_of(event.as_bytes()).unwrap().to_cow(), text);
        }
    }

    #[test]
    fn an_event_that_differs_elsewhere_does_not_match() {
        let template = learned(r#"{"n":12,"t":"text","o":"xyz"}"#, "text", Some("xyz"), Some("12"));
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
            r#"{"n":12,"t":"te","u":"xt","o":"xyz"}"#,
            r#"{"n": 12,"t":"text","o":"xyz"}"#,
        ] {
            assert!(template.text_of(event.as_bytes()).is_none(), "{event}");
        }
        assert!(template.text_of(b"{\"n\":12,\"t\":\"\xff\",\"o\":\"xyz\"}").is_none());
    }
}
