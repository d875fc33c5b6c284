//! JSON as a value, for the few places where an event carries what the caller composed freely.

/// A JSON value. Maps keep the order they were written in.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A number that is a whole one and fits.
    Int(i64),
    /// Any other number.
    Double(f64),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Value>),
    /// An object.
    Map(Vec<(String, Value)>),
}
