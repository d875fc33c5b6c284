//! Token counts, as the server reported them.

/// Token counts, as the server reported them; never estimated.
///
/// `input` and `output` are the totals that the server bills by. The other counts are *parts* of those totals, never
/// beside them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// All tokens of the input.
    pub input: Option<u64>,
    /// All tokens of the output.
    pub output: Option<u64>,
    /// Input plus output, as the server summed them.
    pub total: Option<u64>,
    /// Part of `input`: read from the provider's cache.
    pub cache_read: Option<u64>,
    /// Part of `input`: written to the provider's cache.
    pub cache_write: Option<u64>,
    /// Part of `output`: spent on reasoning.
    pub reasoning: Option<u64>,
    /// Part of `input`: audio.
    pub input_audio: Option<u64>,
    /// Part of `output`: audio.
    pub output_audio: Option<u64>,
    /// Part of `output`: of an accepted prediction.
    pub accepted_prediction: Option<u64>,
    /// Part of `output`: of a rejected prediction.
    pub rejected_prediction: Option<u64>,
}
