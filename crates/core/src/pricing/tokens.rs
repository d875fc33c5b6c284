//! The tokens of a call, each in one class, and the tier that they were served in.

use super::Unpriced;
use crate::event::{TokenClass, Usage};

/// How a call was served, where that has a price of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Tier {
    /// At once, as usual.
    #[default]
    Standard,
    /// As a part of a batch.
    Batch,
    /// Slower, when there is room.
    Flex,
    /// Before others.
    Priority,
}

impl Tier {
    /// Each of them.
    pub const ALL: [Self; 4] = [Self::Standard, Self::Batch, Self::Flex, Self::Priority];

    /// Its name, here and in the price file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Batch => "batch",
            Self::Flex => "flex",
            Self::Priority => "priority",
        }
    }

    /// The tier of a call, by what the answer calls it and, where that says nothing, by what was asked for.
    ///
    /// # Errors
    /// [`Unpriced::UnknownTier`]: a word that no table knows (`scale`, `performance`), or a tier of its own price that was
    /// asked for and that the answer doesn't confirm.
    pub fn of(asked: Option<&str>, answered: Option<&str>) -> Result<Self, Unpriced> {
        match answered {
            Some(word) => Self::named(word).ok_or(Unpriced::UnknownTier),
            None => match asked {
                // Whoever asks for `auto` takes what the project's settings give: the usual, unless the answer says more.
                None | Some("auto") => Ok(Self::Standard),
                Some(word) if Self::named(word) == Some(Self::Standard) => Ok(Self::Standard),
                Some(_) => Err(Unpriced::UnknownTier),
            },
        }
    }

    /// The words of OpenAI, Azure, Anthropic, Groq and Bedrock.
    fn named(word: &str) -> Option<Self> {
        Some(match word {
            "default" | "standard" | "standard_only" | "on_demand" => Self::Standard,
            "batch" => Self::Batch,
            "flex" => Self::Flex,
            "priority" | "fast" => Self::Priority,
            _ => return None,
        })
    }
}

/// Each token in one class.
pub(super) type Counts = [u64; TokenClass::COUNT];

/// Takes the counts apart, so that no token is in two classes and none is left out.
pub(super) fn disjoint(usage: &Usage, has_output: bool) -> Result<Counts, Unpriced> {
    let of = |count: Option<u64>| count.unwrap_or(0);
    let input = usage.input.ok_or(Unpriced::NoCounts)?;
    let told = match usage.output {
        Some(output) => output,
        None if has_output => return Err(Unpriced::NoCounts),
        None => 0,
    };
    let reasoning = of(usage.reasoning);
    let sum = input.checked_add(told).ok_or(Unpriced::OutOfRange)?;
    let output = match usage.total {
        None => told,
        Some(total) if total == sum => told,
        // xAI's way: reasoning is beside the output, and only the total tells.
        Some(total) if reasoning > 0 && sum.checked_add(reasoning) == Some(total) => {
            told.checked_add(reasoning).ok_or(Unpriced::OutOfRange)?
        }
        // There are tokens that no count tells of.
        Some(_) => return Err(Unpriced::Inconsistent),
    };

    let (read, written) = (of(usage.cache_read), of(usage.cache_write));
    let (audio, image) = (of(usage.input_audio), of(usage.input_image));
    let read_audio = match usage.cache_read_audio {
        Some(count) => count,
        None if read > 0 && audio > 0 => return Err(Unpriced::Ambiguous),
        None => 0,
    };
    if read > 0 && image > 0 {
        return Err(Unpriced::Ambiguous);
    }
    let less = |whole: u64, parts: &[u64]| {
        parts.iter().try_fold(whole, |rest, part| rest.checked_sub(*part)).ok_or(Unpriced::Inconsistent)
    };
    let new_audio = less(audio, &[read_audio])?;
    let written_1h = of(usage.cache_write_1h);
    let (output_audio, output_image) = (of(usage.output_audio), of(usage.output_image));

    let mut counts = [0; TokenClass::COUNT];
    counts[TokenClass::Input as usize] = less(input, &[read, written, new_audio, image])?;
    counts[TokenClass::CacheRead as usize] = less(read, &[read_audio])?;
    counts[TokenClass::CacheWrite as usize] = less(written, &[written_1h])?;
    counts[TokenClass::CacheWrite1h as usize] = written_1h;
    counts[TokenClass::InputAudio as usize] = new_audio;
    counts[TokenClass::CacheReadAudio as usize] = read_audio;
    counts[TokenClass::InputImage as usize] = image;
    counts[TokenClass::Output as usize] = less(output, &[reasoning, output_audio, output_image])?;
    counts[TokenClass::Reasoning as usize] = reasoning;
    counts[TokenClass::OutputAudio as usize] = output_audio;
    counts[TokenClass::OutputImage as usize] = output_image;
    Ok(counts)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn usage(input: u64, output: u64) -> Usage {
        Usage { input: Some(input), output: Some(output), ..Usage::default() }
    }

    #[test]
    fn parts_are_taken_out_of_their_totals() {
        let told = Usage {
            cache_read: Some(40),
            cache_write: Some(20),
            cache_write_1h: Some(5),
            reasoning: Some(30),
            output_audio: Some(8),
            ..usage(100, 50)
        };
        assert_eq!(disjoint(&told, true), Ok([40, 40, 15, 5, 0, 0, 0, 12, 30, 8, 0]));
        let audio = Usage { cache_read: Some(40), input_audio: Some(50), cache_read_audio: Some(10), ..usage(100, 0) };
        assert_eq!(disjoint(&audio, true), Ok([20, 30, 0, 0, 40, 10, 0, 0, 0, 0, 0]));
    }

    #[test]
    fn counts_that_contradict_each_other_have_no_parts() {
        for told in [
            Usage { cache_read: Some(101), ..usage(100, 1) },
            Usage { cache_read: Some(60), cache_write: Some(60), ..usage(100, 1) },
            Usage { cache_write: Some(1), cache_write_1h: Some(2), ..usage(100, 1) },
            Usage { reasoning: Some(2), ..usage(100, 1) },
            Usage { input_audio: Some(1), cache_read_audio: Some(2), cache_read: Some(2), ..usage(100, 1) },
            Usage { total: Some(100), ..usage(100, 1) },
            // Tokens of thinking that are counted nowhere else, as Gemini's endpoint for OpenAI's clients tells them.
            Usage { total: Some(500), ..usage(100, 1) },
        ] {
            assert_eq!(disjoint(&told, true), Err(Unpriced::Inconsistent), "{told:?}");
        }
        let both = Usage { cache_read: Some(10), input_audio: Some(10), ..usage(100, 1) };
        assert_eq!(disjoint(&both, true), Err(Unpriced::Ambiguous));
        assert_eq!(disjoint(&Usage { output: None, ..usage(1, 0) }, true), Err(Unpriced::NoCounts));
        assert_eq!(disjoint(&Usage { output: None, ..usage(1, 0) }, false).map(|counts| counts[0]), Ok(1));
        assert_eq!(disjoint(&usage(u64::MAX, 1), true), Err(Unpriced::OutOfRange));
    }

    #[test]
    fn reasoning_beside_the_output_is_seen_by_the_total() {
        let told = Usage { reasoning: Some(300), total: Some(341), ..usage(32, 9) };
        let counts = disjoint(&told, true).unwrap();
        assert_eq!((counts[TokenClass::Output as usize], counts[TokenClass::Reasoning as usize]), (9, 300));
    }

    #[test]
    fn the_answer_decides_the_tier() {
        assert_eq!(Tier::of(Some("flex"), Some("default")), Ok(Tier::Standard));
        assert_eq!(Tier::of(Some("auto"), Some("priority")), Ok(Tier::Priority));
        assert_eq!(Tier::of(Some("auto"), None), Ok(Tier::Standard));
        assert_eq!(Tier::of(None, Some("batch")), Ok(Tier::Batch));
        for (asked, answered) in [(Some("flex"), None), (None, Some("scale")), (Some("x"), None), (None, Some("auto"))]
        {
            assert_eq!(Tier::of(asked, answered), Err(Unpriced::UnknownTier), "{asked:?} {answered:?}");
        }
    }

    fn count() -> impl Strategy<Value = Option<u64>> {
        proptest::option::of(prop_oneof![0..50_u64, any::<u64>()])
    }

    proptest! {
        #[test]
        fn every_token_is_in_one_class(counts in proptest::collection::vec(count(), 10), total in count()) {
            let usage = Usage {
                input: counts[0], output: counts[1], total, cache_read: counts[2], cache_read_audio: counts[3],
                cache_write: counts[4], cache_write_1h: counts[5], reasoning: counts[6], input_audio: counts[7],
                output_audio: counts[8], input_image: counts[9], ..Usage::default()
            };
            if let Ok(parts) = disjoint(&usage, true) {
                let sum: u128 = parts.iter().map(|part| u128::from(*part)).sum();
                let told = u128::from(usage.input.unwrap()) + u128::from(usage.output.unwrap());
                prop_assert_eq!(sum, usage.total.map_or(told, u128::from));
            }
        }
    }
}
