//! Token counts as the provider gave them: `$ai_usage`.

use crate::dialect::Value;
use crate::dialect::read::said::whole;
use crate::dialect::read::source::{Source, Tree};
use crate::event::Usage;
use crate::wire::json::Read;

/// In whose words they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Api {
    Chat,
    Responses,
}

/// Counts, and the API whose words they are in, where that shows.
pub(super) fn of(value: &Value<'_>) -> Read<(Usage, Option<Api>)> {
    match value.as_str() {
        Some(text) => whole(text, read),
        None => read(&mut Tree::new(value)),
    }
}

fn read<'a, S: Source<'a>>(source: &mut S) -> Read<(Usage, Option<Api>)> {
    let mut usage = Usage::default();
    let mut api = None;
    source.object(|key, source| {
        match key {
            "prompt_tokens" | "completion_tokens" => {
                api = Some(Api::Chat);
                let slot = if key == "prompt_tokens" { &mut usage.input } else { &mut usage.output };
                *slot = count(source)?;
            }
            "input_tokens" => usage.input = count(source)?,
            "output_tokens" => usage.output = count(source)?,
            "total_tokens" => usage.total = count(source)?,
            "prompt_tokens_details" | "input_tokens_details" => {
                api = api.or((key == "input_tokens_details").then_some(Api::Responses));
                source.object(|key, source| input(&mut usage, key, source))?;
            }
            "completion_tokens_details" | "output_tokens_details" => {
                api = api.or((key == "output_tokens_details").then_some(Api::Responses));
                source.object(|key, source| output(&mut usage, key, source))?;
            }
            // Anthropic's.
            "cache_read_input_tokens" => usage.cache_read = count(source)?,
            "cache_creation_input_tokens" => usage.cache_write = count(source)?,
            "cache_creation" => {
                source.object(|key, source| {
                    if key == "ephemeral_1h_input_tokens" {
                        usage.cache_write_1h = count(source)?;
                    }
                    Ok(())
                })?;
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok((usage, api))
}

fn input<'a, S: Source<'a>>(usage: &mut Usage, key: &str, source: &mut S) -> Read<()> {
    match key {
        "cached_tokens" => usage.cache_read = count(source)?,
        "cache_write_tokens" => usage.cache_write = count(source)?,
        "audio_tokens" => usage.input_audio = count(source)?,
        "image_tokens" => usage.input_image = count(source)?,
        "cached_tokens_details" => {
            source.object(|key, source| {
                if key == "audio_tokens" {
                    usage.cache_read_audio = count(source)?;
                }
                Ok(())
            })?;
        }
        _ => {}
    }
    Ok(())
}

fn output<'a, S: Source<'a>>(usage: &mut Usage, key: &str, source: &mut S) -> Read<()> {
    match key {
        "reasoning_tokens" => usage.reasoning = count(source)?,
        "audio_tokens" => usage.output_audio = count(source)?,
        "image_tokens" => usage.output_image = count(source)?,
        "accepted_prediction_tokens" => usage.accepted_prediction = count(source)?,
        "rejected_prediction_tokens" => usage.rejected_prediction = count(source)?,
        _ => {}
    }
    Ok(())
}

fn count<'a, S: Source<'a>>(source: &mut S) -> Read<Option<u64>> {
    Ok(source.i64()?.and_then(|count| u64::try_from(count).ok()))
}
