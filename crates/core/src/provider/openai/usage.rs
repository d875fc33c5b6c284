//! Token counts, in the words of either API: `prompt_tokens` or `input_tokens`.

use crate::event::Usage;
use crate::wire::json::{Json, Read};

/// Reads the value of the key `usage`; `None` if it is null.
pub(super) fn read(json: &mut Json<'_>) -> Read<Option<Box<Usage>>> {
    let mut usage = Usage::default();
    let is_object = json.object(|key, json| {
        match key {
            "prompt_tokens" | "input_tokens" => usage.input = json.u64()?,
            "completion_tokens" | "output_tokens" => usage.output = json.u64()?,
            "total_tokens" => usage.total = json.u64()?,
            "prompt_tokens_details" | "input_tokens_details" => {
                json.object(|key, json| {
                    match key {
                        "cached_tokens" => usage.cache_read = json.u64()?,
                        // OpenRouter; OpenAI reports no writes.
                        "cache_write_tokens" => usage.cache_write = json.u64()?,
                        "audio_tokens" => usage.input_audio = json.u64()?,
                        // xAI, OpenAI's pictures; elsewhere they are counted as text.
                        "image_tokens" => usage.input_image = json.u64()?,
                        _ => {}
                    }
                    Ok(())
                })?;
            }
            "completion_tokens_details" | "output_tokens_details" => {
                json.object(|key, json| {
                    match key {
                        "reasoning_tokens" => usage.reasoning = json.u64()?,
                        "audio_tokens" => usage.output_audio = json.u64()?,
                        "image_tokens" => usage.output_image = json.u64()?,
                        "accepted_prediction_tokens" => usage.accepted_prediction = json.u64()?,
                        "rejected_prediction_tokens" => usage.rejected_prediction = json.u64()?,
                        _ => {}
                    }
                    Ok(())
                })?;
            }
            // DeepSeek, beside or instead of the details.
            "prompt_cache_hit_tokens" => usage.cache_read = usage.cache_read.or(json.u64()?),
            _ => {}
        }
        Ok(())
    })?;
    Ok(is_object.then(|| Box::new(usage)))
}
