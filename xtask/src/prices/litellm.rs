//! litellm's `model_prices_and_context_window_backup.json`: one flat object a model, prices in dollars a token.

use serde_json::{Map, Value};

use super::decimal;
use super::table::{Entry, Ladder, Table};

/// litellm's name of a provider, ours, and what stands before its models' names.
const PROVIDERS: &[(&str, &str, &str)] = &[
    ("anthropic", "anthropic", "anthropic/"),
    ("azure", "azure.ai.openai", "azure/"),
    ("azure_ai", "azure.ai.inference", "azure_ai/"),
    ("bedrock", "aws.bedrock", "bedrock/"),
    ("bedrock_converse", "aws.bedrock", "bedrock/"),
    ("bedrock_mantle", "aws.bedrock.mantle", "bedrock_mantle/"),
    ("cerebras", "cerebras", "cerebras/"),
    ("codestral", "mistral_ai", "codestral/"),
    ("cohere", "cohere", "cohere/"),
    ("cohere_chat", "cohere", "cohere/"),
    ("deepinfra", "deepinfra", "deepinfra/"),
    ("deepseek", "deepseek", "deepseek/"),
    ("fireworks_ai", "fireworks", "fireworks_ai/"),
    ("fireworks_ai-embedding-models", "fireworks", "fireworks_ai/"),
    ("gemini", "gcp.gemini", "gemini/"),
    ("groq", "groq", "groq/"),
    ("mistral", "mistral_ai", "mistral/"),
    ("moonshot", "moonshot", "moonshot/"),
    ("openai", "openai", "openai/"),
    ("text-completion-openai", "openai", "text-completion-openai/"),
    ("together_ai", "together", "together_ai/"),
    ("xai", "x_ai", "xai/"),
];

/// The rest of litellm's providers on Vertex are called `vertex_ai-…`.
const VERTEX: &str = "vertex_ai";

/// Kinds of models whose whole bill is their tokens'.
const MODES: [&str; 4] = ["chat", "completion", "embedding", "responses"];

/// Members that tell of fees by the request; a sum of tokens would be a part of the bill.
const FEES: [&str; 3] = ["citation_cost_per_token", "input_cost_per_request", "tiered_pricing"];

/// Names of models that search at every request, for a fee.
const SEARCHING: [&str; 2] = ["search", "deep-research"];

/// A member's name without `_above_…` and its tier, and the class of tokens that it prices.
const MEMBERS: &[(&str, &str)] = &[
    ("input_cost_per_token", "input"),
    ("output_cost_per_token", "output"),
    ("cache_read_input_token_cost", "cache_read"),
    ("cache_creation_input_token_cost", "cache_write"),
    ("cache_creation_input_token_cost_above_1hr", "cache_write_1h"),
    ("input_cost_per_audio_token", "input_audio"),
    ("output_cost_per_audio_token", "output_audio"),
    ("cache_read_input_audio_token_cost", "cache_read_audio"),
    ("input_cost_per_image_token", "input_image"),
    ("output_cost_per_image_token", "output_image"),
    ("output_cost_per_reasoning_token", "reasoning"),
];

const TIERS: [(&str, &str); 3] = [("_batches", "batch"), ("_flex", "flex"), ("_priority", "priority")];

pub(super) fn read(text: &str, source: &str, table: &mut Table) -> Result<(), String> {
    let file: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let models = file.as_object().ok_or("not an object of models")?;
    // A model may stand there twice, with its provider in front and without: the first says it of that provider alone.
    let (named, bare): (Vec<_>, Vec<_>) = models.iter().partition(|(name, _)| name.contains('/'));
    for (name, model) in named.into_iter().chain(bare) {
        let Some(model) = model.as_object() else { continue };
        let Some((provider, name)) = place(name, model) else { continue };
        if let Some(entry) = entry(name, model, source, &mut table.rounded) {
            table.add(provider, name, entry);
        }
    }
    Ok(())
}

/// Whose model it is, and what its provider calls it.
fn place<'a>(name: &'a str, model: &Map<String, Value>) -> Option<(&'static str, &'a str)> {
    let of = model.get("litellm_provider")?.as_str()?;
    let (provider, prefix) = match PROVIDERS.iter().find(|(known, _, _)| *known == of) {
        Some((_, provider, prefix)) => (*provider, *prefix),
        None if of.starts_with(VERTEX) => ("gcp.vertex_ai", "vertex_ai/"),
        None => return None,
    };
    let name = name.strip_prefix(prefix).unwrap_or(name);
    // A folder that is left is a region's or a kind of deployment's, which a call doesn't tell.
    let is_regional =
        matches!(provider, "aws.bedrock" | "aws.bedrock.mantle" | "azure.ai.openai") && name.contains('/');
    (!is_regional).then_some((provider, name))
}

fn entry(name: &str, model: &Map<String, Value>, source: &str, rounded: &mut Vec<String>) -> Option<Entry> {
    let mode = model.get("mode").and_then(Value::as_str)?;
    let searches = SEARCHING.iter().any(|word| name.contains(word));
    if !MODES.contains(&mode) || searches || FEES.iter().any(|fee| model.contains_key(*fee)) {
        return None;
    }
    let mut entry = Entry { source: source.to_owned(), ..Entry::default() };
    for (member, value) in model {
        let Some((class, above, tier)) = meaning(member) else { continue };
        let price = price(name, member, value, rounded)?;
        let ladder = if tier.is_empty() { &mut entry.standard } else { entry.tiers.entry(tier).or_default() };
        let rates = if above == 0 { &mut ladder.base } else { ladder.above.entry(above).or_default() };
        rates.insert(class, price);
    }
    if mode == "embedding" {
        for ladder in std::iter::once(&mut entry.standard).chain(entry.tiers.values_mut()) {
            ladder.base.remove("output");
        }
    } else if !entry.standard.base.contains_key("output") {
        return None;
    }
    // A preview that costs nothing so far says nothing of what it will cost.
    if entry.standard.base.get("input").is_none_or(|price| price == "0") {
        return None;
    }
    entry.off_peak = match model.get("off_peak_pricing") {
        Some(cheaper) => Some(off_peak(name, cheaper, rounded)?),
        None => None,
    };
    for (member, region) in [
        ("regional_processing_uplift_multiplier_eu", "eu"),
        ("regional_processing_uplift_multiplier_us", "us"),
        ("regional_endpoint_uplift_multiplier", "regional"),
    ] {
        if let Some(factor) = model.get(member) {
            entry.uplift.insert(region, decimal::plain(&factor.to_string(), 0)?.0);
        }
    }
    Some(entry)
}

/// The class of tokens that a member prices, above how many of them, and in which tier (the usual one is empty).
fn meaning(member: &str) -> Option<(&'static str, u64, &'static str)> {
    let (rest, tier) =
        TIERS.iter().find_map(|(end, tier)| member.strip_suffix(end).map(|rest| (rest, *tier))).unwrap_or((member, ""));
    let (base, above) = match rest.strip_suffix("k_tokens").and_then(|rest| rest.rsplit_once("_above_")) {
        Some((base, thousands)) => (base, thousands.parse::<u64>().ok()? * 1000),
        None => (rest, 0),
    };
    let class = MEMBERS.iter().find(|(name, _)| *name == base).map(|(_, class)| *class)?;
    Some((class, above, tier))
}

fn price(name: &str, member: &str, value: &Value, rounded: &mut Vec<String>) -> Option<String> {
    let (price, is_noisy) = decimal::plain(&value.as_number()?.to_string(), 6)?;
    if is_noisy {
        rounded.push(format!("{name} {member}: {value}"));
    }
    Some(price)
}

/// Hours at which it is cheaper: `{"windows": [{"weekdays": [1, 2], "hours_utc": "10:00-00:00"}], …}`.
fn off_peak(name: &str, cheaper: &Value, rounded: &mut Vec<String>) -> Option<(Vec<String>, Ladder)> {
    let mut ladder = Ladder::default();
    for (member, value) in cheaper.as_object()? {
        if let Some((class, 0, "")) = meaning(member) {
            ladder.base.insert(class, price(name, member, value, rounded)?);
        }
    }
    let mut windows = Vec::new();
    for window in cheaper["windows"].as_array()? {
        let days: String = window["weekdays"].as_array()?.iter().map(Value::to_string).collect();
        let hours = &window["hours_utc"];
        let hours = hours.as_array().map_or_else(|| vec![hours.clone()], Clone::clone);
        for hours in hours {
            let (from, to) = hours.as_str()?.split_once('-')?;
            let to = if to == "00:00" { "24:00" } else { to };
            windows.push(format!("{days} {from}-{to}"));
        }
    }
    Some((windows, ladder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_says_class_length_and_tier() {
        for (member, expected) in [
            ("input_cost_per_token", Some(("input", 0, ""))),
            ("cache_read_input_token_cost_above_200k_tokens_priority", Some(("cache_read", 200_000, "priority"))),
            ("cache_creation_input_token_cost_above_1hr_above_100k_tokens", Some(("cache_write_1h", 100_000, ""))),
            ("output_cost_per_token_batches", Some(("output", 0, "batch"))),
            ("cache_creation_input_token_cost_above_12hr", None),
            ("input_cost_per_token_ultrafast", None),
            ("input_cost_per_second", None),
            ("max_tokens", None),
        ] {
            assert_eq!(meaning(member), expected, "{member}");
        }
    }

    #[test]
    fn fees_regions_and_free_previews_are_left_out() {
        let file = serde_json::json!({
            "gpt-x": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 2.5e-6, "output_cost_per_token": 1e-5},
            "gpt-x-search-preview": {"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 2.5e-6, "output_cost_per_token": 1e-5},
            "azure/eu/gpt-x": {"litellm_provider": "azure", "mode": "chat", "input_cost_per_token": 2.5e-6, "output_cost_per_token": 1e-5},
            "azure/gpt-x": {"litellm_provider": "azure", "mode": "chat", "input_cost_per_token": 2.5e-6, "output_cost_per_token": 1e-5},
            "gemini/exp": {"litellm_provider": "gemini", "mode": "chat", "input_cost_per_token": 0.0, "output_cost_per_token": 0.0},
            "emb": {"litellm_provider": "openai", "mode": "embedding", "input_cost_per_token": 2e-8, "output_cost_per_token": 0.0},
        });
        let mut table = Table::default();
        read(&file.to_string(), "litellm", &mut table).unwrap();
        let all: Vec<_> =
            table.providers.iter().flat_map(|(of, models)| models.keys().map(move |name| (*of, &**name))).collect();
        assert_eq!(all, [("azure.ai.openai", "gpt-x"), ("openai", "emb"), ("openai", "gpt-x")]);
        assert_eq!(table.providers["openai"]["emb"].standard.base.len(), 1);
    }
}
