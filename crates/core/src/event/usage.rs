//! Token counts, as the server reported them.

/// Token counts, as the server reported them; never estimated.
///
/// `input` and `output` are the totals that the server bills by. The other counts are *parts* of those totals, never
/// beside them. That is how OpenAI, Azure, DeepSeek, Mistral, Groq and OpenRouter count: cached tokens are inside of the
/// input, reasoning is inside of the output, audio inside of either. APIs that count otherwise are brought into this
/// form by the surface that reads them:
///
/// | API | what it counts beside the totals | how it is brought here |
/// | --- | --- | --- |
/// | Anthropic's messages, Bedrock's Converse | `cache_read_input_tokens` and `cache_creation_input_tokens` are beside `input_tokens` | [`Usage::with_cache_inside`] |
/// | Gemini's `generateContent` | `thoughtsTokenCount` is beside `candidatesTokenCount` | [`Usage::with_reasoning_inside`] |
/// | xAI's chat completions | `reasoning_tokens` is beside `completion_tokens`, and only `total_tokens` tells | left as written; pricing sees it by the total |
///
/// Parts may overlap in one place only: cached audio is in `cache_read` and in `input_audio`; `cache_read_audio` says how
/// much.
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
    /// Part of `cache_read` and of `input_audio`: audio read from the provider's cache.
    pub cache_read_audio: Option<u64>,
    /// Part of `input`: written to the provider's cache, for whatever time.
    pub cache_write: Option<u64>,
    /// Part of `cache_write`: written for an hour, where that is dearer.
    pub cache_write_1h: Option<u64>,
    /// Part of `output`: spent on reasoning.
    pub reasoning: Option<u64>,
    /// Part of `input`: audio.
    pub input_audio: Option<u64>,
    /// Part of `output`: audio.
    pub output_audio: Option<u64>,
    /// Part of `input`: pictures, where the server counts them by themselves.
    pub input_image: Option<u64>,
    /// Part of `output`: pictures, where the server counts them by themselves.
    pub output_image: Option<u64>,
    /// Part of `output`: of an accepted prediction.
    pub accepted_prediction: Option<u64>,
    /// Part of `output`: of a rejected prediction.
    pub rejected_prediction: Option<u64>,
}

impl Usage {
    /// Whether the server's sum is that of input and output, which is then all there is to tell.
    #[must_use]
    pub fn is_summed(&self) -> bool {
        self.total == self.sum()
    }

    /// Input plus output; `None` unless both are known.
    #[must_use]
    pub fn sum(&self) -> Option<u64> {
        self.input?.checked_add(self.output?)
    }

    /// From counts of an API that counts cached tokens beside its input: `input` then has them, too.
    ///
    /// ```
    /// use sidetone_core::event::Usage;
    ///
    /// // Anthropic: {"input_tokens":21,"cache_creation_input_tokens":188086,"cache_read_input_tokens":0,"output_tokens":393}
    /// let told = Usage { input: Some(21), cache_write: Some(188_086), cache_read: Some(0), output: Some(393), ..Usage::default() };
    /// assert_eq!(told.with_cache_inside().input, Some(188_107));
    /// ```
    #[must_use]
    pub fn with_cache_inside(self) -> Self {
        let cached = self.cache_read.unwrap_or(0).saturating_add(self.cache_write.unwrap_or(0));
        Self { input: self.input.map(|input| input.saturating_add(cached)), ..self }
    }

    /// From counts of an API that counts reasoning beside its output: `output` then has it, too.
    #[must_use]
    pub fn with_reasoning_inside(self) -> Self {
        let reasoning = self.reasoning.unwrap_or(0);
        Self { output: self.output.map(|output| output.saturating_add(reasoning)), ..self }
    }
}
