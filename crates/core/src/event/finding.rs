//! What a security scan found in a call.

/// What a security scan found in a call. Filled by the scan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule that matched.
    pub rule: Box<str>,
}
