//! The prices that a program uses: the embedded ones, and files over them.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use super::entry::Entry;
use super::layer::{Layer, MAX_NAME_BYTES};
use super::tokens::disjoint;
use super::{PriceError, Tier, Unpriced};
use crate::event::{Call, Cost, Operation, Server, Side, TokenClass, Usage, Usd};

/// Longest file of prices that is read.
pub const MAX_FILE_BYTES: usize = 8 << 20;

/// How many files may lie over each other.
const MAX_LAYERS: usize = 16;

/// What tokens cost: a dated table, and what was put over it.
///
/// Shared by `Arc`; asked for each call on the worker.
#[derive(Debug, Clone)]
pub struct Prices {
    /// The later wins.
    layers: Vec<Arc<Layer>>,
}

impl Prices {
    /// The table that comes with this version, as `cargo xtask prices` wrote it.
    #[must_use]
    pub fn embedded() -> Arc<Self> {
        static EMBEDDED: OnceLock<Arc<Prices>> = OnceLock::new();
        let embedded = || Arc::new(Self { layers: vec![Arc::new(Layer::embedded(include_str!("prices.json")))] });
        Arc::clone(EMBEDDED.get_or_init(embedded))
    }

    /// No price of anything, to put a file of one's own over.
    #[must_use]
    pub fn none() -> Self {
        Self { layers: Vec::new() }
    }

    /// These prices with those of a file over them. What the file says of a model holds for all its versions, also those
    /// that the table below knows by themselves; what it says nothing of stays as it is. `null` takes a price away.
    ///
    /// ```
    /// use sidetone_core::event::Usage;
    /// use sidetone_core::pricing::{Prices, Tier};
    ///
    /// let file = r#"{"format":1,"providers":{"openai":{"gpt-4o":{"input":"1.25","output":"5"}}}}"#;
    /// let prices = Prices::embedded().with_overrides(file)?;
    /// let usage = Usage { input: Some(8), output: Some(2), ..Usage::default() };
    /// let cost = prices.of_tokens("openai", "gpt-4o-2024-08-06", Tier::Standard, &usage).unwrap();
    /// assert_eq!(cost.total.to_string(), "0.00002");
    /// # Ok::<(), sidetone_core::pricing::PriceError>(())
    /// ```
    ///
    /// # Errors
    /// When the text isn't such a file; the error says where.
    pub fn with_overrides(&self, json: &str) -> Result<Self, PriceError> {
        if json.len() > MAX_FILE_BYTES {
            return Err(PriceError(format!("a file of more than {MAX_FILE_BYTES} bytes")));
        }
        if self.layers.len() >= MAX_LAYERS {
            return Err(PriceError(format!("more than {MAX_LAYERS} files")));
        }
        let mut layers = self.layers.clone();
        layers.push(Arc::new(Layer::whole(json)?));
        Ok(Self { layers })
    }

    /// What a call cost; `None` if that isn't known in full.
    #[must_use]
    pub fn cost(&self, call: &Call) -> Option<Cost> {
        self.price(call).ok()
    }

    /// What a call cost.
    ///
    /// # Errors
    /// Why that isn't known.
    pub fn price(&self, call: &Call) -> Result<Cost, Unpriced> {
        if call.side == Side::Server {
            return Err(Unpriced::Served);
        }
        // Whoever answered is paid: an alias that was asked for stands for another model every few months.
        let model = call.response.model.as_deref().or(call.request.model.as_deref()).ok_or(Unpriced::NoModel)?;
        let provider = self.provider(&call.server, &call.provider).ok_or(Unpriced::UnknownModel)?;
        let (entry, layer) = self.entry(provider, model)?;
        let tier = Tier::of(call.request.service_tier.as_deref(), call.response.service_tier.as_deref())?;
        let has_output = call.operation != Operation::Embeddings;
        let mut cost = cost(entry, layer, tier, &call.usage, has_output, Some(call.timing.start))?;
        if let Some(region) = region(provider, &call.server.address)
            && let Some((_, thousandths)) = entry.uplifts.iter().find(|(name, _)| **name == *region)
        {
            raise(&mut cost, *thousandths)?;
        }
        Ok(cost)
    }

    /// What so many tokens cost, at the hours of the full price and in no region of its own price.
    ///
    /// # Errors
    /// Why that isn't known.
    pub fn of_tokens(&self, provider: &str, model: &str, tier: Tier, usage: &Usage) -> Result<Cost, Unpriced> {
        let (entry, layer) = self.entry(provider, model)?;
        // A model that makes no output has no price of any.
        let has_output = entry.rates(Tier::Standard, 0, None)?.of(TokenClass::Output).is_some();
        cost(entry, layer, tier, usage, has_output, None)
    }

    /// Every provider and model that has a price, in no order; a model may come more than once.
    pub fn models(&self) -> impl Iterator<Item = (&str, &str)> {
        self.layers.iter().flat_map(|layer| layer.each())
    }

    /// Whose prices the calls to a server have: those that a file names for the host, or the provider's.
    fn provider<'a>(&'a self, server: &Server, provider: &'a str) -> Option<&'a str> {
        let host = lower(&server.address);
        let named = self.layers.iter().rev().find_map(|layer| layer.of_host(&host));
        // Bedrock's second endpoint, `bedrock-mantle.us-east-1.api.aws`, has other prices than its first.
        let is_mantle = provider == "aws.bedrock" && host.ends_with(".api.aws");
        named.unwrap_or(Some(if is_mantle { "aws.bedrock.mantle" } else { provider }))
    }

    fn entry(&self, provider: &str, model: &str) -> Result<(&Entry, &Layer), Unpriced> {
        if model.len() > MAX_NAME_BYTES {
            return Err(Unpriced::UnknownModel);
        }
        let model = lower(model);
        let plain = FOLDERS.iter().find(|(of, _)| *of == provider).and_then(|(_, folder)| model.strip_prefix(folder));
        let names = [Some(&*model), plain];
        let found = names.into_iter().flatten().find_map(|name| {
            let mut layers = self.layers.iter().rev();
            layers.find_map(|layer| layer.entry(provider, name).map(|entry| (entry, &**layer)))
        });
        match found {
            Some((Some(entry), layer)) => Ok((entry, layer)),
            Some((None, _)) | None => Err(Unpriced::UnknownModel),
        }
    }
}

/// What stands before the names of a provider's own models, in the words of its API.
const FOLDERS: &[(&str, &str)] = &[
    ("gcp.gemini", "models/"),
    ("gcp.vertex_ai", "google/"),
    // As gateways in front of it call them.
    ("openai", "openai/"),
];

/// The region that a host keeps to, where that may have a price of its own.
fn region<'a>(provider: &str, host: &'a str) -> Option<&'a str> {
    match provider {
        "openai" => host.strip_suffix(".api.openai.com"),
        // `us-east5-aiplatform.googleapis.com`; the global endpoint has no region in front.
        "gcp.vertex_ai" => host.strip_suffix("-aiplatform.googleapis.com").map(|_| "regional"),
        _ => None,
    }
}

fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

fn cost(
    entry: &Entry,
    layer: &Layer,
    tier: Tier,
    usage: &Usage,
    has_output: bool,
    at: Option<SystemTime>,
) -> Result<Cost, Unpriced> {
    let counts = disjoint(usage, has_output)?;
    let rates = entry.rates(tier, usage.input.unwrap_or(0), at)?;
    let mut cost =
        Cost { total: Usd::ZERO, parts: [Usd::ZERO; TokenClass::COUNT], source: Arc::clone(layer.source(entry)) };
    for class in TokenClass::ALL {
        let count = counts[*class as usize];
        if count > 0 {
            let rate = rates.of(*class).ok_or(Unpriced::NoPriceOf(*class))?;
            let part = rate.times(count).ok_or(Unpriced::OutOfRange)?;
            cost.parts[*class as usize] = part;
            cost.total = cost.total.plus(part).ok_or(Unpriced::OutOfRange)?;
        }
    }
    Ok(cost)
}

/// Multiplies a cost by a factor, exactly.
fn raise(cost: &mut Cost, thousandths: u64) -> Result<(), Unpriced> {
    cost.total = Usd::ZERO;
    for part in &mut cost.parts {
        let raised = part.times(thousandths).map(Usd::attos).filter(|attos| attos % 1000 == 0);
        *part = raised.map(|attos| Usd::from_attos(attos / 1000)).ok_or(Unpriced::OutOfRange)?;
        cost.total = cost.total.plus(*part).ok_or(Unpriced::OutOfRange)?;
    }
    Ok(())
}
