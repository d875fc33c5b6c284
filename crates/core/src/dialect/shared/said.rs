//! What the conventions' form of messages has no word for, so that a reader of ours gets it back.

use crate::event::Part;

/// Members of ours inside messages and their parts.
pub(in crate::dialect) mod own {
    /// Whether the content was a list of parts, where its parts don't show it.
    pub(in crate::dialect) const LIST: &str = "sidetone.list";
    /// The index of an answer, where it isn't its place.
    pub(in crate::dialect) const INDEX: &str = "sidetone.index";
    /// That a text is a refusal.
    pub(in crate::dialect) const REFUSAL: &str = "sidetone.refusal";
    /// The kind of a tool call, where it isn't a function.
    pub(in crate::dialect) const KIND: &str = "sidetone.kind";
    /// The hash of a medium's bytes.
    pub(in crate::dialect) const SHA256: &str = "sidetone.sha256";
}

/// Whether the content of a message must have been a list: of several texts, or of more than text.
pub(in crate::dialect) fn is_list(parts: &[Part]) -> bool {
    let texts = parts.iter().filter(|part| matches!(part, Part::Text(_))).count();
    texts > 1 || parts.iter().any(|part| matches!(part, Part::Media(_)))
}
