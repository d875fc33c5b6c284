//! The table that is written: providers, their models, and what each class of tokens costs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

/// Where prices are from.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) licence: String,
    pub(super) date: String,
    pub(super) file: String,
}

/// Classes of tokens, in the order in which they are written.
pub(super) const CLASSES: [&str; 11] = [
    "input",
    "cache_read",
    "cache_write",
    "cache_write_1h",
    "input_audio",
    "cache_read_audio",
    "input_image",
    "output",
    "reasoning",
    "output_audio",
    "output_image",
];

/// Tiers of service, in the order in which they are written.
pub(super) const TIERS: [&str; 3] = ["batch", "flex", "priority"];

/// Dollars per million tokens, by class.
pub(super) type Rates = BTreeMap<&'static str, String>;

/// Prices by the length of the input.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Ladder {
    pub(super) base: Rates,
    pub(super) above: BTreeMap<u64, Rates>,
}

/// One model.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Entry {
    pub(super) source: String,
    pub(super) standard: Ladder,
    pub(super) tiers: BTreeMap<&'static str, Ladder>,
    pub(super) off_peak: Option<(Vec<String>, Ladder)>,
    pub(super) uplift: BTreeMap<&'static str, String>,
    /// Whether its source says since when it holds.
    pub(super) is_dated: bool,
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) sources: Vec<Source>,
    pub(super) providers: BTreeMap<&'static str, BTreeMap<String, Entry>>,
    /// What is said of a model in two ways, and what was made of it.
    pub(super) disagreements: Vec<String>,
    pub(super) rounded: Vec<String>,
}

/// Hosts that aren't their provider's own in the words of `gen_ai.provider.name`, and hosts whose calls no table prices.
const HOSTS: [(&str, Option<&str>); 11] = [
    ("api.cerebras.ai", Some("cerebras")),
    ("api.deepinfra.com", Some("deepinfra")),
    ("api.fireworks.ai", Some("fireworks")),
    ("api.githubcopilot.com", None), // by subscription
    ("api.moonshot.ai", Some("moonshot")),
    ("api.moonshot.cn", None), // in another currency
    ("api.together.ai", Some("together")),
    ("api.together.xyz", Some("together")),
    ("models.github.ai", None),              // by subscription
    ("models.inference.ai.azure.com", None), // the same, by its older name
    ("openrouter.ai", Some("openrouter")),
];

impl Table {
    /// Adds a model. What an earlier file said of it stays, unless only the later one says since when its price holds.
    pub(super) fn add(&mut self, provider: &'static str, model: &str, entry: Entry) {
        let models = self.providers.entry(provider).or_default();
        let model = model.to_ascii_lowercase();
        let Some(known) = models.get(&model) else {
            models.insert(model, entry);
            return;
        };
        let mut differs = false;
        for class in ["input", "cache_read", "output"] {
            let (first, later) = (known.standard.base.get(class), entry.standard.base.get(class));
            if let (Some(first), Some(later)) = (first, later)
                && first != later
            {
                differs = true;
                let said = format!("{provider} {model} {class}: {} {first}, {} {later}", known.source, entry.source);
                self.disagreements.push(said);
            }
        }
        if differs && entry.is_dated && !known.is_dated {
            self.disagreements.push(format!("{provider} {model}: taken from {}, which dates it", entry.source));
            models.insert(model, entry);
        }
    }

    /// Leaves out what the lookup finds by another name: versions that cost what their model costs.
    pub(super) fn compact(&mut self) {
        for models in self.providers.values_mut() {
            let names: Vec<String> = models.keys().rev().cloned().collect();
            for name in names {
                let Some(entry) = models.remove(&name) else { continue };
                let is_found =
                    super::version::longest(&name, |name| models.get(name)).is_some_and(|found| *found == entry);
                if !is_found {
                    models.insert(name, entry);
                }
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.providers.values().map(BTreeMap::len).sum()
    }

    /// The file: a line for each model, so that a change shows as such.
    pub(super) fn written(&self) -> String {
        let mut out = String::from(
            "{\"format\":1,\n\"about\":\"Written by `cargo xtask prices`. US dollars per million tokens.\",\n\"sources\":{",
        );
        for (index, source) in self.sources.iter().enumerate() {
            let Source { name, version, licence, date, file } = source;
            let comma = if index == 0 { "" } else { "," };
            let _ = write!(
                out,
                "{comma}\n{}:{{\"name\":{},\"version\":{},\"licence\":{},\"date\":{},\"file\":{}}}",
                text(name),
                text(name),
                text(version),
                text(licence),
                text(date),
                text(file)
            );
        }
        out.push_str("},\n\"hosts\":{");
        for (index, (host, provider)) in HOSTS.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let _ = write!(out, "{comma}{}:{}", text(host), provider.map_or_else(|| "null".to_owned(), text));
        }
        out.push_str("},\n\"providers\":{");
        for (index, (provider, models)) in self.providers.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            let _ = write!(out, "{comma}\n{}:{{", text(provider));
            for (index, (model, entry)) in models.iter().enumerate() {
                let comma = if index == 0 { "" } else { "," };
                let _ = write!(out, "{comma}\n{}:{}", text(model), written(entry));
            }
            out.push('}');
        }
        out.push_str("}}\n");
        out
    }
}

fn text(text: &str) -> String {
    Value::from(text).to_string()
}

fn rates(rates: &Rates) -> Vec<String> {
    let known = CLASSES.iter().filter_map(|class| rates.get(class).map(|rate| (class, rate)));
    known.map(|(class, rate)| format!("\"{class}\":\"{rate}\"")).collect()
}

fn ladder(of: &Ladder) -> Vec<String> {
    let mut members = rates(&of.base);
    if !of.above.is_empty() {
        let steps: Vec<_> =
            of.above.iter().map(|(above, step)| format!("\"{above}\":{{{}}}", rates(step).join(","))).collect();
        members.push(format!("\"above\":{{{}}}", steps.join(",")));
    }
    members
}

fn written(entry: &Entry) -> String {
    let mut members = ladder(&entry.standard);
    for tier in TIERS {
        if let Some(prices) = entry.tiers.get(tier).filter(|prices| !prices.base.is_empty()) {
            members.push(format!("\"{tier}\":{{{}}}", ladder(prices).join(",")));
        }
    }
    if let Some((windows, prices)) = &entry.off_peak {
        let windows: Vec<_> = windows.iter().map(|window| text(window)).collect();
        members.push(format!("\"off_peak\":{{{},\"windows\":[{}]}}", ladder(prices).join(","), windows.join(",")));
    }
    if !entry.uplift.is_empty() {
        let factors: Vec<_> = entry.uplift.iter().map(|(region, by)| format!("\"{region}\":\"{by}\"")).collect();
        members.push(format!("\"uplift\":{{{}}}", factors.join(",")));
    }
    members.push(format!("\"source\":{}", text(&entry.source)));
    format!("{{{}}}", members.join(","))
}

/// What differs between two files, a line each.
pub(super) fn changes(before: &str, after: &str) -> Vec<String> {
    let models = |file: &str| -> BTreeMap<String, String> {
        let file: Value = serde_json::from_str(file).unwrap_or_default();
        let providers = file["providers"].as_object().cloned().unwrap_or_default();
        let of = |(provider, models): (String, Value)| {
            let models = models.as_object().cloned().unwrap_or_default();
            models.into_iter().map(move |(model, entry)| (format!("{provider} {model}"), entry.to_string()))
        };
        providers.into_iter().flat_map(of).collect()
    };
    let (before, after) = (models(before), models(after));
    let mut lines = Vec::new();
    for (model, entry) in &after {
        match before.get(model) {
            None => lines.push(format!("+ {model}: {entry}")),
            Some(old) if old != entry => lines.push(format!("~ {model}: {old} -> {entry}")),
            Some(_) => {}
        }
    }
    lines.extend(before.keys().filter(|model| !after.contains_key(*model)).map(|model| format!("- {model}")));
    lines
}
