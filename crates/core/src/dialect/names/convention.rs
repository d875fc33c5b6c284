//! What is known of a name of the GenAI conventions.

/// What a name is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An attribute.
    Attribute,
    /// A metric.
    Metric,
    /// A log event, or an event of a span.
    Event,
    /// A value of `gen_ai.operation.name`.
    Operation,
}

/// What may be done with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// A release of the conventions has it.
    Defined,
    /// One has it, and says not to use it.
    Deprecated,
    /// A published package writes it; no release has it.
    Peer,
    /// A package writes it that keeps names from before the conventions.
    Legacy,
}

/// A name: a row of `semconv/gen_ai.toml`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Convention {
    /// What it is of.
    pub kind: Kind,
    /// The name; an index in it is `N`.
    pub name: &'static str,
    /// The type of an attribute's values, or several; a metric's instrument and unit.
    pub types: &'static str,
    /// What may be done with it.
    pub state: State,
    /// What to use in place of a deprecated one.
    pub replaced_by: Option<&'static str>,
    /// Where it was found first: the conventions by tag, or a package by version.
    pub source: &'static str,
}
