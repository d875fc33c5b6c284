//! Shapes of tokens: literals and runs, matched from left to right without ever going back.

use super::anchors::GRAM;
use super::class::{Class, SPACE, Text};

/// A part of a shape.
#[derive(Debug, Clone, Copy)]
pub(super) enum Piece {
    /// These bytes.
    Literal(&'static str),
    /// These letters in either case.
    AnyCase(&'static str),
    /// One of these, the first that fits.
    OneOf(&'static [&'static str]),
    /// As many bytes of a class as there are, within limits.
    Run(Class, usize, usize),
    /// Bytes of a class, exactly so many: more may follow.
    Exactly(Class, usize),
    /// These bytes, or not.
    Maybe(&'static str),
    /// One of these in either case, the first that fits.
    OneOfAnyCase(&'static [&'static str]),
    /// White space, and up to four of these words in either case with white space behind each.
    Words(&'static [&'static str]),
    /// Nothing, with no byte of a class behind it.
    Until(Class),
}

/// Exactly so many bytes of a class.
pub(super) const fn exactly(class: Class, count: usize) -> Piece {
    Piece::Exactly(class, count)
}

/// As many bytes of a class as there are, within limits.
pub(super) const fn run(class: Class, min: usize, max: usize) -> Piece {
    Piece::Run(class, min, max)
}

/// These bytes.
pub(super) const fn lit(literal: &'static str) -> Piece {
    Piece::Literal(literal)
}

impl Piece {
    fn end(&self, text: &mut Text<'_>, at: usize) -> Option<usize> {
        match *self {
            Self::Literal(literal) => text.starts(at, literal).then(|| at + literal.len()),
            Self::AnyCase(literal) => text.starts_any_case(at, literal).then(|| at + literal.len()),
            Self::OneOf(list) => list.iter().find(|literal| text.starts(at, literal)).map(|literal| at + literal.len()),
            Self::Run(class, min, max) => {
                let end = text.run_end(at, class, max);
                (end >= at + min).then_some(end)
            }
            Self::Exactly(class, count) => {
                let end = text.run_end(at, class, count);
                (end == at + count).then_some(end)
            }
            Self::OneOfAnyCase(list) => {
                list.iter().find(|literal| text.starts_any_case(at, literal)).map(|literal| at + literal.len())
            }
            Self::Words(words) => {
                let mut at = gap(text, at)?;
                for _ in 0..4 {
                    let word =
                        words.iter().find(|word| text.starts_any_case(at, word) && text.is(at + word.len(), SPACE));
                    let Some(word) = word else { break };
                    at = gap(text, at + word.len())?;
                }
                Some(at)
            }
            Self::Until(class) => (!text.is(at, class)).then_some(at),
            Self::Maybe(literal) => Some(if text.starts(at, literal) { at + literal.len() } else { at }),
        }
    }
}

/// Widest gap between two words of a phrase.
const GAP: usize = 8;

fn gap(text: &mut Text<'_>, at: usize) -> Option<usize> {
    let end = text.run_end(at, SPACE, GAP);
    (end > at).then_some(end)
}

/// Where what has the shape `pieces` at `at` ends.
pub(super) fn end(pieces: &[Piece], text: &mut Text<'_>, at: usize) -> Option<usize> {
    pieces.iter().try_fold(at, |at, piece| piece.end(text, at))
}

/// A text as a regular expression that matches it.
pub(super) fn escaped(text: &str) -> String {
    let sign = |char: char| char.is_ascii_punctuation().then_some('\\');
    text.chars().flat_map(|char| sign(char).into_iter().chain([char])).collect()
}

/// A shape as a regular expression, without the upper bounds of its runs.
pub(super) fn expression(pieces: &[Piece]) -> String {
    let one_of = |list: &[&str]| list.iter().map(|of| escaped(of)).collect::<Vec<_>>().join("|");
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Literal(literal) => escaped(literal),
            Piece::AnyCase(literal) => format!("(?i:{})", escaped(literal)),
            Piece::OneOf(list) => format!("(?:{})", one_of(list)),
            Piece::OneOfAnyCase(list) => format!("(?i:{})", one_of(list)),
            Piece::Run(class, count, _) | Piece::Exactly(class, count) => format!("{}{{{count}}}", class.expression()),
            Piece::Maybe(literal) => format!("(?:{})?", escaped(literal)),
            Piece::Words([]) => r"\s+".to_owned(),
            Piece::Words(list) => format!(r"\s+(?i:(?:{})\s+){{0,4}}", one_of(list)),
            Piece::Until(_) => String::new(),
        })
        .collect()
}

/// The literal by which a shape is found, and how many bytes stand before it: the first that is long enough.
pub(super) fn anchor(pieces: &'static [Piece]) -> Option<(&'static [&'static str], usize)> {
    let mut before = 0;
    for piece in pieces {
        match piece {
            Piece::Literal(literal) | Piece::AnyCase(literal) if literal.len() >= GRAM => {
                return Some((std::slice::from_ref(literal), before));
            }
            Piece::Literal(literal) | Piece::AnyCase(literal) => before += literal.len(),
            Piece::OneOf(list) | Piece::OneOfAnyCase(list) => return Some((list, before)),
            Piece::Exactly(_, count) => before += count,
            Piece::Run(..) | Piece::Maybe(_) | Piece::Words(_) | Piece::Until(_) => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "tests")]

    use super::*;
    use crate::scan::tokens::{ASSIGNED, TOKENS};

    #[test]
    fn every_shape_has_an_anchor_that_is_long_enough() {
        for token in TOKENS.iter().copied().flatten() {
            for shape in token.shapes {
                let Some((anchors, _)) = anchor(shape) else { panic!("a shape of {} has no anchor", token.name) };
                assert!(anchors.iter().all(|anchor| anchor.len() >= GRAM), "{}", token.name);
            }
        }
        assert!(ASSIGNED.iter().flat_map(|assigned| assigned.keywords).all(|keyword| keyword.len() >= GRAM));
    }
}
