//! What a model's tokens cost, as its entry in a file of prices says.

use std::sync::Arc;
use std::time::SystemTime;

use super::windows::Window;
use super::{Tier, Unpriced};
use crate::event::{PriceSource, TokenClass, Usd};
use crate::wire::json::{Json, Kind, Read, Unreadable};

/// Steps by the length of the input that one entry may have.
const MAX_STEPS: usize = 8;

/// Windows of time that one entry may have.
const MAX_WINDOWS: usize = 16;

/// What a token of each class costs, in 10⁻¹⁸ dollars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rates([u64; TokenClass::COUNT]);

/// In place of a price that isn't known.
const NONE: u64 = u64::MAX;

impl Rates {
    const UNKNOWN: Self = Self([NONE; TokenClass::COUNT]);

    /// The price of a token of that class. Reasoning is output, and costs as much unless its price is given.
    pub(super) fn of(&self, class: TokenClass) -> Option<Usd> {
        let known = |class: TokenClass| Some(self.0[class as usize]).filter(|rate| *rate != NONE);
        let rate = match class {
            TokenClass::Reasoning => known(class).or_else(|| known(TokenClass::Output)),
            _ => known(class),
        };
        rate.map(|attos| Usd::from_attos(attos.into()))
    }

    fn set(&mut self, class: TokenClass, per_million: &str) -> Result<(), String> {
        let rate = Usd::parse(per_million)
            .map(Usd::attos)
            .filter(|attos| attos % 1_000_000 == 0)
            .and_then(|attos| u64::try_from(attos / 1_000_000).ok())
            .filter(|rate| *rate != NONE)
            .ok_or_else(|| {
                format!("{} is \"{per_million}\": give dollars per million tokens, as \"0.25\"", class.as_str())
            })?;
        self.0[class as usize] = rate;
        Ok(())
    }
}

/// The prices of one tier, by the length of the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ladder {
    base: Rates,
    /// From more tokens of input than the number on, in rising order: these prices for the whole call.
    above: Vec<(u64, Rates)>,
}

impl Ladder {
    fn step(&self, input: u64) -> Option<&(u64, Rates)> {
        self.above.iter().rev().find(|(above, _)| input > *above)
    }
}

/// One model's prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    standard: Ladder,
    others: Vec<(Tier, Ladder)>,
    off_peak: Option<Box<(Vec<Window>, Ladder)>>,
    /// Factors, in thousandths, for servers that keep to one region.
    pub(super) uplifts: Vec<(Box<str>, u64)>,
    /// The name of where it is from.
    pub(super) source_name: Option<Box<str>>,
    /// Where it is from, if the file says.
    pub(super) source: Option<Arc<PriceSource>>,
}

impl Entry {
    /// The prices of a call of that tier, with so many tokens of input, begun at that moment.
    pub(super) fn rates(&self, tier: Tier, input: u64, at: Option<SystemTime>) -> Result<&Rates, Unpriced> {
        let usual = self.standard.step(input);
        let ladder = match (tier, &self.off_peak) {
            (Tier::Standard, Some(off_peak)) if at.is_some_and(|at| off_peak.0.iter().any(|window| window.has(at))) => {
                &off_peak.1
            }
            (Tier::Standard, _) => &self.standard,
            _ => {
                let other = self.others.iter().find(|(other, _)| *other == tier);
                other.map(|(_, ladder)| ladder).ok_or(Unpriced::NoPriceInTier)?
            }
        };
        let step = ladder.step(input);
        // Where the usual price of a long input is another, the price of a short one says nothing.
        if step.map(|step| step.0) != usual.map(|step| step.0) {
            return Err(Unpriced::NoPriceInTier);
        }
        Ok(step.map_or(&ladder.base, |(_, rates)| rates))
    }

    /// Reads an entry. `Ok(None)` is `null`: the model has no price, whatever another file says.
    pub(super) fn read(text: &str) -> Result<Option<Self>, String> {
        let mut json = Json::new(text);
        match json.peek() {
            Ok(Kind::Null) => return Ok(None),
            Ok(Kind::Object) => {}
            _ => return Err("an entry is an object of prices, or null".to_owned()),
        }
        let mut entry = Self {
            standard: Ladder { base: Rates::UNKNOWN, above: Vec::new() },
            others: Vec::new(),
            off_peak: None,
            uplifts: Vec::new(),
            source_name: None,
            source: None,
        };
        members(&mut json, &mut |key, json| {
            if let Some(tier) = Tier::ALL[1..].iter().find(|tier| tier.as_str() == key) {
                entry.others.push((*tier, ladder(json)?));
            } else if key == "off_peak" {
                entry.off_peak = Some(Box::new(off_peak(json)?));
            } else if key == "uplift" {
                members(json, &mut |region, json| {
                    let factor = text_of(json)?;
                    let thousandths = Usd::parse(&factor).map(|factor| factor.attos() / 10_u128.pow(15));
                    let thousandths =
                        thousandths.and_then(|factor| u64::try_from(factor).ok()).filter(|factor| *factor > 0);
                    let factor = thousandths.ok_or_else(|| format!("\"{factor}\" is no factor: give \"1.1\""))?;
                    entry.uplifts.push((region.into(), factor));
                    Ok(())
                })?;
            } else if key == "source" {
                entry.source_name = Some(text_of(json)?.into());
            } else {
                price(&mut entry.standard, key, json)?;
            }
            Ok(())
        })?;
        Ok(Some(entry))
    }
}

fn ladder(json: &mut Json<'_>) -> Result<Ladder, String> {
    let mut ladder = Ladder { base: Rates::UNKNOWN, above: Vec::new() };
    members(json, &mut |key, json| price(&mut ladder, key, json))?;
    Ok(ladder)
}

fn off_peak(json: &mut Json<'_>) -> Result<(Vec<Window>, Ladder), String> {
    let mut windows = Vec::new();
    let mut ladder = Ladder { base: Rates::UNKNOWN, above: Vec::new() };
    members(json, &mut |key, json| {
        if key != "windows" {
            return price(&mut ladder, key, json);
        }
        let mut texts = Vec::new();
        let is_list = json.array(|json| {
            texts.push(json.str()?.ok_or(Unreadable)?.to_cow().into_owned());
            Ok(())
        });
        if !matches!(is_list, Ok(true)) || texts.len() > MAX_WINDOWS {
            return Err(format!("windows is a list of at most {MAX_WINDOWS} texts"));
        }
        for text in &texts {
            windows.push(Window::parse(text).ok_or_else(|| format!("\"{text}\": give \"12345 04:00-06:00\""))?);
        }
        Ok(())
    })?;
    Ok((windows, ladder))
}

fn price(ladder: &mut Ladder, key: &str, json: &mut Json<'_>) -> Result<(), String> {
    if key == "above" {
        members(json, &mut |above, json| {
            let above: u64 = above.parse().map_err(|_| format!("\"{above}\" is no number of tokens"))?;
            let mut step = Ladder { base: Rates::UNKNOWN, above: Vec::new() };
            members(json, &mut |key, json| class(&mut step.base, key, json))?;
            ladder.above.push((above, step.base));
            Ok(())
        })?;
        ladder.above.sort_by_key(|(above, _)| *above);
        return if ladder.above.len() > MAX_STEPS { Err(format!("more than {MAX_STEPS} steps")) } else { Ok(()) };
    }
    class(&mut ladder.base, key, json)
}

fn class(rates: &mut Rates, key: &str, json: &mut Json<'_>) -> Result<(), String> {
    let class = TokenClass::ALL.iter().find(|class| class.as_str() == key);
    let class = class.ok_or_else(|| format!("\"{key}\" is no class of tokens and no tier"))?;
    let text = text_of(json)?;
    rates.set(*class, &text)
}

fn text_of(json: &mut Json<'_>) -> Result<String, String> {
    match json.str() {
        Ok(Some(text)) => Ok(text.to_cow().into_owned()),
        // A number as it is written: a double would lose digits.
        _ => Err("a price is a text, as \"0.25\"".to_owned()),
    }
}

/// What takes one member of an object.
type Each<'f> = &'f mut dyn FnMut(&str, &mut Json<'_>) -> Result<(), String>;

/// Goes through an object whose members may be wrong in words.
pub(super) fn members(json: &mut Json<'_>, each: Each<'_>) -> Result<(), String> {
    let mut wrong = None;
    let read: Read<bool> = json.object(|key, json| {
        each(key, json).map_err(|why| {
            wrong = Some(format!("{key}: {why}"));
            Unreadable
        })
    });
    match (wrong, read) {
        (Some(why), _) => Err(why),
        (None, Ok(true)) => Ok(()),
        (None, Ok(false)) => Err("not an object".to_owned()),
        (None, Err(Unreadable)) => Err("not JSON".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attos(text: &str, tier: Tier, input: u64, class: TokenClass) -> Result<Option<u128>, Unpriced> {
        let entry = Entry::read(text).unwrap().unwrap();
        entry.rates(tier, input, None).map(|rates| rates.of(class).map(Usd::attos))
    }

    #[test]
    fn a_step_holds_from_one_token_above_it() {
        let text = r#"{"input":"1","output":"2","above":{"200000":{"input":"3"}},"flex":{"input":"0.5"}}"#;
        assert_eq!(attos(text, Tier::Standard, 199_999, TokenClass::Input), Ok(Some(10_u128.pow(12))));
        assert_eq!(attos(text, Tier::Standard, 200_000, TokenClass::Input), Ok(Some(10_u128.pow(12))));
        assert_eq!(attos(text, Tier::Standard, 200_001, TokenClass::Input), Ok(Some(3 * 10_u128.pow(12))));
        // No price is taken over from the step below.
        assert_eq!(attos(text, Tier::Standard, 200_001, TokenClass::Output), Ok(None));
        assert_eq!(attos(text, Tier::Flex, 200_000, TokenClass::Input), Ok(Some(10_u128.pow(12) / 2)));
        assert_eq!(attos(text, Tier::Flex, 200_001, TokenClass::Input), Err(Unpriced::NoPriceInTier));
        assert_eq!(attos(text, Tier::Batch, 1, TokenClass::Input), Err(Unpriced::NoPriceInTier));
    }

    #[test]
    fn reasoning_costs_what_output_costs_unless_it_is_said() {
        assert_eq!(attos(r#"{"output":"2"}"#, Tier::Standard, 0, TokenClass::Reasoning), Ok(Some(2 * 10_u128.pow(12))));
        let text = r#"{"output":"2","reasoning":"4"}"#;
        assert_eq!(attos(text, Tier::Standard, 0, TokenClass::Reasoning), Ok(Some(4 * 10_u128.pow(12))));
        assert_eq!(attos(text, Tier::Standard, 0, TokenClass::OutputAudio), Ok(None));
    }

    #[test]
    fn an_entry_that_is_wrong_says_where() {
        for (text, said) in [
            ("7", "an entry is an object"),
            (r#"{"input":2.5}"#, "input: a price is a text"),
            (r#"{"input":"-1"}"#, "dollars per million"),
            (r#"{"input":"0.0000000000001"}"#, "dollars per million"),
            (r#"{"input":"99999999999"}"#, "dollars per million"),
            (r#"{"inptu":"1"}"#, "\"inptu\" is no class"),
            (r#"{"above":{"x":{}}}"#, "no number of tokens"),
            (r#"{"above":{"1":{"flex":{}}}}"#, "\"flex\" is no class"),
            (r#"{"flex":{"batch":{}}}"#, "\"batch\" is no class"),
            (r#"{"uplift":{"eu":"0"}}"#, "no factor"),
            (r#"{"off_peak":{"windows":["x"]}}"#, "give \"12345"),
            (r#"{"off_peak":{"windows":"x"}}"#, "windows is a list"),
            (r#"{"input":"1""#, "not JSON"),
        ] {
            let why = Entry::read(text).unwrap_err();
            assert!(why.contains(said), "{text}: {why}");
        }
        assert_eq!(Entry::read("null"), Ok(None));
    }
}
