//! genai-prices' `data.py`: providers, models with clauses that match their names, prices in dollars per million tokens.

use super::decimal;
use super::python::{Py, variable};
use super::table::{Entry, Ladder, Table};

/// genai-prices' name of a provider, and ours.
const PROVIDERS: &[(&str, &str)] = &[
    ("anthropic", "anthropic"),
    ("cerebras", "cerebras"),
    ("cohere", "cohere"),
    ("deepseek", "deepseek"),
    ("fireworks", "fireworks"),
    ("groq", "groq"),
    ("mistral", "mistral_ai"),
    ("moonshotai", "moonshot"),
    ("openai", "openai"),
    ("openrouter", "openrouter"),
    ("together", "together"),
    ("x-ai", "x_ai"),
];

/// Prices by class. What else a model may have a price of is either by the search, which other counts tell of, or makes the sum
/// of its tokens a part of the bill.
const FIELDS: &[(&str, &str)] = &[
    ("input_mtok", "input"),
    ("output_mtok", "output"),
    ("cache_read_mtok", "cache_read"),
    ("cache_write_mtok", "cache_write"),
    ("cache_write_1h_mtok", "cache_write_1h"),
    ("input_audio_mtok", "input_audio"),
    ("output_audio_mtok", "output_audio"),
    ("cache_audio_read_mtok", "cache_read_audio"),
    ("input_image_mtok", "input_image"),
    ("output_image_mtok", "output_image"),
    ("output_reasoning_mtok", "reasoning"),
];

/// Prices of what has counts of its own and is asked for by itself.
const BESIDE: [&str; 3] = ["web_searches_kcount", "storage_searches_kcount", "cache_image_read_mtok"];

/// Parts of names of models that search at every request, for a fee, or whose sound or pictures are counted as if they were text.
const OTHERS: [&str; 9] =
    ["search", "deep-research", "-tts", "transcribe", "whisper", "voice", "realtime", "-image", "speech"];

pub(super) fn read(text: &str, source: &str, date: &str, table: &mut Table) -> Result<(), String> {
    let providers = variable(text, "providers")?;
    for provider in providers.list() {
        let id = provider.get("id").and_then(Py::text).unwrap_or_default();
        let Some((_, ours)) = PROVIDERS.iter().find(|(known, _)| *known == id) else { continue };
        for model in provider.get("models").map_or(&[][..], Py::list) {
            let Some(entry) = entry(model, source, date) else { continue };
            let mut names = Vec::new();
            exact(model.get("match_").or_else(|| model.get("match")), &mut names);
            for name in names {
                // Names with a colon are OpenRouter's, wherever they stand.
                let is_other = OTHERS.iter().any(|word| name.contains(word))
                    || (*ours != "openrouter" && name.contains(':'))
                    // Open weights: OpenAI doesn't sell them, and who serves them may speak its API.
                    || (*ours == "openai" && name.starts_with("gpt-oss"));
                if !is_other {
                    table.add(ours, &name, entry.clone());
                }
            }
        }
    }
    Ok(())
}

/// The names that a clause gives whole. A clause that looks for a part of a name would match others, too.
fn exact(clause: Option<&Py>, names: &mut Vec<String>) {
    let Some(clause) = clause else { return };
    if let Some(name) = clause.get("equals").and_then(Py::text) {
        names.push(name.to_owned());
    }
    for part in clause.get("or_").map_or(&[][..], Py::list) {
        exact(Some(part), names);
    }
}

fn entry(model: &Py, source: &str, date: &str) -> Option<Entry> {
    if model.get("deprecated").is_some_and(|own| own.is("True")) {
        return None;
    }
    let prices = model.get("prices")?;
    let (now, is_dated) = if prices.is("ModelPrice") { (prices, false) } else { at(prices.list(), date)? };
    let mut entry = Entry { source: source.to_owned(), standard: ladder(now)?, is_dated, ..Entry::default() };
    entry.standard.base.get("input")?;
    for variant in model.get("price_variants").map_or(&[][..], Py::list) {
        let Some(Py::Map(when)) = variant.get("when") else { continue };
        let [(_, tier)] = &when[..] else { continue };
        let Some(tier) = super::table::TIERS.iter().find(|known| tier.text() == Some(known)) else { continue };
        if variant.get("constraint").is_some_and(|constraint| !has_begun(constraint, date)) {
            continue;
        }
        // What a variant doesn't say is as usual.
        let own = ladder(variant.get("prices")?)?;
        let mut prices = entry.standard.clone();
        if own.above.is_empty() && !prices.above.is_empty() {
            prices.above.clear();
        }
        prices.base.extend(own.base);
        for (above, rates) in own.above {
            prices.above.entry(above).or_default().extend(rates);
        }
        entry.tiers.entry(tier).or_insert(prices);
    }
    Some(entry)
}

/// The prices that hold on a day, and whether it is said since when; none if they also depend on the hour.
fn at<'a>(conditional: &'a [Py], date: &str) -> Option<(&'a Py, bool)> {
    if conditional.iter().any(|price| price.get("constraint").is_some_and(|own| own.is("TimeOfDateConstraint"))) {
        return None;
    }
    let held = |price: &&Py| price.get("constraint").is_none_or(|constraint| has_begun(constraint, date));
    let now = conditional.iter().rev().find(held)?;
    Some((now.get("prices")?, now.get("constraint").is_some()))
}

fn has_begun(constraint: &Py, date: &str) -> bool {
    let Some(Py::Call(_, parts, _)) = constraint.get("start_date") else { return false };
    let parts: Vec<u32> = parts.iter().filter_map(|part| part.text()?.parse().ok()).collect();
    let [year, month, day] = parts[..] else { return false };
    *format!("{year:04}-{month:02}-{day:02}") <= *date
}

fn ladder(prices: &Py) -> Option<Ladder> {
    let Py::Call(_, _, fields) = prices else { return None };
    let mut ladder = Ladder::default();
    for (field, value) in fields {
        let Some((_, class)) = FIELDS.iter().find(|(known, _)| known == field) else {
            if BESIDE.contains(&field.as_str()) {
                continue;
            }
            return None;
        };
        let price = |value: &Py| decimal::plain(value.text()?, 0).map(|(price, _)| price);
        if !value.is("TieredPrices") {
            ladder.base.insert(class, price(value)?);
            continue;
        }
        ladder.base.insert(class, price(value.get("base")?)?);
        for tier in value.get("tiers")?.list() {
            let above = tier.get("start")?.text()?.parse().ok()?;
            ladder.above.entry(above).or_default().insert(class, price(tier.get("price")?)?);
        }
    }
    // A class without steps of its own costs the same at any length.
    let base = ladder.base.clone();
    for rates in ladder.above.values_mut() {
        for (class, price) in &base {
            rates.entry(class).or_insert_with(|| price.clone());
        }
    }
    Some(ladder)
}
