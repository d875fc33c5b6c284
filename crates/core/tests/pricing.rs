//! Costs against invoices that were computed by hand, and what a file of prices may say.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests; these read the invoices"
)]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method};
use serde_json::{Value, json};
use sidetone_core::event::{Call, Cost, Server, Side, TokenClass, Usage};
use sidetone_core::exchange::{End, Exchange, RequestHead, ResponseHead, Settings, Skip};
use sidetone_core::pricing::{Prices, Tier, Unpriced};
use sidetone_core::provider::surface_of;

const FILE: &str = include_str!("../src/pricing/prices.json");

fn invoices() -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/invoices/cases.json");
    let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    file["cases"].as_array().unwrap().clone()
}

/// The moment that `2026-11-20T02:00:00Z` says.
fn moment(text: &str) -> SystemTime {
    let number = |range: std::ops::Range<usize>| text[range].parse::<u64>().unwrap();
    let days = match &text[..10] {
        // `date -u -d 2026-11-20 +%s`, in days.
        "2026-11-20" => 1_795_132_800 / 86_400,
        "2026-11-21" => 1_795_219_200 / 86_400,
        other => panic!("{other}"),
    };
    SystemTime::UNIX_EPOCH + Duration::from_secs(days * 86_400 + number(11..13) * 3600 + number(14..16) * 60)
}

/// The call that an exchange of an invoice is understood as.
fn call(exchange: &Value) -> Call {
    let text = |name: &str| exchange[name].as_str().unwrap();
    let head = RequestHead {
        surface: surface_of(&Method::POST, text("path")).unwrap(),
        server: Arc::new(Server { address: text("host").into(), port: Some(443) }),
        deployment: None,
        start: moment(text("start")),
        parent: None,
        resend_count: None,
        scope: None,
    };
    let mut exchange_seen =
        Exchange::new(head, Arc::new(Settings { prices: Some(Prices::embedded()), ..Settings::default() }));
    let mut request = json!({"model": text("model"), "messages": [], "input": "", "prompt": ""});
    if let Some(tier) = exchange["service_tier"].as_str() {
        request["service_tier"] = tier.into();
    }
    exchange_seen.handle_request_body(request.to_string().into());
    let headers: HeaderMap =
        [("content-type".parse().unwrap(), HeaderValue::from_static("application/json"))].into_iter().collect();
    let response = ResponseHead::of(200, &headers);
    exchange_seen.handle_response_head(&response, Duration::from_millis(1));
    let mut answer = exchange["answer"].clone();
    answer["choices"] = json!([]);
    exchange_seen.handle_response_body(Bytes::from(answer.to_string()), Duration::from_millis(2));
    let understood = exchange_seen.finish(End::Complete, Duration::from_millis(3));
    let is_inconsistent = Prices::embedded().price(&understood.call) == Err(Unpriced::Inconsistent);
    let skips: Vec<_> = understood.skips.iter().collect();
    assert_eq!(skips, if is_inconsistent { vec![(Skip::UsageInconsistent, 1, 0)] } else { vec![] }, "{exchange}");
    understood.call
}

/// What the counts of an invoice cost that come by no exchange.
fn of_tokens(tokens: &Value) -> Result<Cost, Unpriced> {
    let count = |name: &str| tokens["counts"][name].as_u64();
    let told = Usage {
        input: count("input"),
        output: count("output"),
        cache_read: count("cache_read"),
        cache_read_audio: count("cache_read_audio"),
        cache_write: count("cache_write"),
        cache_write_1h: count("cache_write_1h"),
        reasoning: count("reasoning"),
        input_audio: count("input_audio"),
        ..Usage::default()
    };
    let usage = match tokens["beside"].as_str() {
        Some("cache") => told.with_cache_inside(),
        Some("reasoning") => told.with_reasoning_inside(),
        None => told,
        Some(other) => panic!("{other}"),
    };
    let text = |name: &str| tokens[name].as_str().unwrap();
    let tier = Tier::ALL.into_iter().find(|tier| tier.as_str() == text("tier")).unwrap();
    Prices::embedded().of_tokens(text("provider"), text("model"), tier, &usage)
}

/// A decimal number in units of 10⁻¹⁵.
fn exact(text: &str) -> u128 {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{fraction:0<15}").parse().unwrap()
}

#[test]
fn every_invoice_comes_to_what_was_computed_by_hand() {
    let (mut paid, mut unpaid) = (0, 0);
    for invoice in invoices() {
        let name = &invoice["name"];
        let cost = match invoice["exchange"].as_object() {
            Some(_) => {
                let call = call(&invoice["exchange"]);
                let cost = Prices::embedded().price(&call);
                assert_eq!(call.cost, cost.clone().ok(), "{name}");
                cost
            }
            None => of_tokens(&invoice["tokens"]),
        };
        if let Some(why) = invoice["unpriced"].as_str() {
            unpaid += 1;
            assert_eq!(cost.map_err(Unpriced::as_str), Err(why), "{name}");
            continue;
        }
        paid += 1;
        let cost = cost.unwrap_or_else(|why| panic!("{name}: {why:?}"));
        let factor = exact(invoice["factor"].as_str().unwrap_or("1"));
        let (mut sum, mut parts) = (0, 0);
        for line in invoice["lines"].as_array().unwrap() {
            let text = |name: &str| line[name].as_str().unwrap();
            let usd = exact(text("usd"));
            // The invoice's own arithmetic, before ours is held against it.
            let tokens = u128::from(line["tokens"].as_u64().unwrap());
            assert_eq!(tokens * exact(text("usd_per_million")), usd * 1_000_000, "{name}: {line}");
            sum += usd;
            let class = TokenClass::ALL.iter().find(|class| class.as_str() == text("class")).unwrap();
            let part = exact(&cost.part(*class).to_string());
            assert_eq!(part * 10_u128.pow(15), usd * factor, "{name}: {line}");
            parts += usize::from(part > 0);
        }
        let total = invoice["usd"].as_str().unwrap();
        assert_eq!(sum * factor, exact(total) * 10_u128.pow(15), "{name}: its own sum");
        assert_eq!(cost.total.to_string(), total, "{name}");
        let known = TokenClass::ALL.iter().filter(|class| exact(&cost.part(**class).to_string()) > 0).count();
        assert_eq!(known, parts, "{name}: a part that no line has");
    }
    assert!(paid >= 40 && unpaid >= 10, "{paid} and {unpaid}");
}

#[test]
fn the_embedded_table_is_whole_and_says_where_each_price_is_from() {
    let whole = Prices::none().with_overrides(FILE).unwrap();
    let count = whole.models().count();
    assert!(count > 2000, "{count}");
    assert_eq!(Prices::embedded().models().count(), count);
    let file: Value = serde_json::from_str(FILE).unwrap();
    let sources = file["sources"].as_object().unwrap();
    for source in sources.values() {
        for field in ["name", "version", "licence", "date", "file"] {
            assert!(source[field].as_str().is_some_and(|text| !text.is_empty()), "{field} of {source}");
        }
    }
    for (provider, models) in file["providers"].as_object().unwrap() {
        for (model, entry) in models.as_object().unwrap() {
            assert!(sources.contains_key(entry["source"].as_str().unwrap()), "{provider} {model}");
        }
    }
}

#[test]
fn who_serves_a_call_pays_nothing() {
    let mut call = call(&invoices()[0]["exchange"]);
    assert!(Prices::embedded().price(&call).is_ok());
    call.side = Side::Server;
    assert_eq!(Prices::embedded().price(&call), Err(Unpriced::Served));
}

#[test]
fn a_call_has_a_cost_only_with_a_table() {
    let call = call(&invoices()[0]["exchange"]);
    assert_eq!(Prices::none().price(&call), Err(Unpriced::UnknownModel));
    assert!(Settings::default().prices.is_none());
}

#[test]
fn a_file_lies_over_the_table_model_by_model_and_host_by_host() {
    let file = json!({
        "format": 1,
        "sources": {"contract": {"name": "our contract", "version": "7", "date": "2026-11-01"}},
        "hosts": {"llm.corp": "openai", "free.corp": null},
        "providers": {
            "openai": {
                "gpt-4o": {"input": "1", "output": "2", "source": "contract"},
                "gpt-5": null,
                "Our-Model": {"input": "0", "output": "0"},
            },
            "groq": {"x": {"input": "3", "output": "3"}},
        },
    });
    let prices = Prices::embedded().with_overrides(&file.to_string()).unwrap();
    let usage = Usage { input: Some(1_000_000), output: Some(1_000_000), ..Usage::default() };
    let total = |provider: &str, model: &str| {
        prices.of_tokens(provider, model, Tier::Standard, &usage).map(|cost| cost.total.to_string())
    };
    assert_eq!(total("openai", "gpt-4o").as_deref(), Ok("3"));
    // A version that the table below knows by itself, too.
    assert_eq!(total("openai", "gpt-4o-2024-05-13").as_deref(), Ok("3"));
    assert_eq!(total("openai", "gpt-4o-mini").as_deref(), Ok("0.75"));
    assert_eq!(total("openai", "gpt-5"), Err(Unpriced::UnknownModel));
    assert_eq!(total("openai", "our-model").as_deref(), Ok("0"));
    assert_eq!(total("groq", "x").as_deref(), Ok("6"));
    let cost = prices.of_tokens("openai", "gpt-4o", Tier::Standard, &usage).unwrap();
    assert_eq!((&*cost.source.name, cost.source.version.as_deref()), ("our contract", Some("7")));
    let cost = prices.of_tokens("groq", "x", Tier::Standard, &usage).unwrap();
    assert_eq!((&*cost.source.name, &cost.source.version), ("override", &None));

    let mut call = call(&invoices()[0]["exchange"]);
    for (host, is_priced) in [("LLM.corp", true), ("free.corp", false), ("other.corp", true)] {
        call.server = Arc::new(Server { address: host.into(), port: None });
        assert_eq!(prices.cost(&call).is_some(), is_priced, "{host}");
    }
}

#[test]
fn the_example_of_the_docs_is_such_a_file() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/pricing.md");
    let page = std::fs::read_to_string(page).unwrap();
    let example = page.split("```json").nth(1).unwrap().split("```").next().unwrap();
    let prices = Prices::embedded().with_overrides(example).unwrap();
    let usage = Usage { input: Some(300_000), output: Some(0), ..Usage::default() };
    let cost = prices.of_tokens("openai", "gpt-5-2025-08-07", Tier::Standard, &usage).unwrap();
    assert_eq!(cost.total.to_string(), "0.6");
    let (paid, all) = (invoices().iter().filter(|invoice| invoice["usd"].is_string()).count(), invoices().len());
    assert!(page.contains(&format!("{paid} invoices")) && page.contains(&format!("{} calls that", all - paid)));
}

#[test]
fn a_file_that_is_wrong_says_where() {
    for (file, said) in [
        ("", "not JSON"),
        ("[]", "not an object"),
        ("{}", "`format` is to be 1"),
        (r#"{"format":2}"#, "`format` is to be 1"),
        (r#"{"format":1}x"#, "something follows"),
        (r#"{"format":1,"prices":{}}"#, "prices: not a member"),
        (r#"{"format":1,"hosts":{"a":7}}"#, "hosts: a: give a provider's name"),
        (r#"{"format":1,"providers":{"openai":{"gpt":{"input":2.5}}}}"#, "openai: gpt: input: a price is a text"),
        (r#"{"format":1,"providers":{"openai":{"gpt":{"source":"x"}}}}"#, "openai: gpt: its source"),
        (r#"{"format":1,"providers":{"openai":[]}}"#, "openai: not an object"),
    ] {
        let error = Prices::embedded().with_overrides(file).unwrap_err().to_string();
        assert!(error.contains(said), "{file}: {error}");
    }
    let long = " ".repeat(sidetone_core::pricing::MAX_FILE_BYTES + 1);
    assert!(Prices::none().with_overrides(&long).unwrap_err().to_string().contains("more than"));
    assert!(Prices::none().with_overrides(&long[1..]).unwrap_err().to_string().contains("not JSON"));
}

#[test]
fn any_text_is_a_file_or_refused() {
    // Cut and changed at every place: never a panic, never a price that isn't one.
    let file = r#"{"format":1,"sources":{"s":{"name":"n"}},"hosts":{"h":"p"},"providers":{"p":{"m":{"input":"1","above":{"5":{"input":"2"}},"off_peak":{"input":"1","windows":["1 00:00-01:00"]},"uplift":{"eu":"1.1"},"source":"s"}}}}"#;
    assert!(Prices::none().with_overrides(file).is_ok());
    for at in 0..file.len() {
        assert!(Prices::none().with_overrides(&file[..at]).is_err(), "{at}");
        for other in ["{", "}", "\"", "9", "-", "\\", ","] {
            let _ = Prices::none().with_overrides(&format!("{}{other}{}", &file[..at], &file[at + 1..]));
        }
    }
}
