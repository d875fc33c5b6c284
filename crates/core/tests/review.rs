//! What leaves of a call: by content mode, by scope, by the application's own last word.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use sidetone_core::event::{Call, Category, Field, MediaSource, Part, Severity};
use sidetone_core::exchange::{End, Exchange, ResponseHead, Settings, Skip, Understood};
use sidetone_core::policy::{Content, Ids, Limits, Review, Scope};
use support::{Observed, answer, ms, told};

/// An access key of AWS's format that is nobody's.
const KEY: &str = "AKIAZ7QX3LJ5RWT2VNHD";

fn reviewed(settings: Settings, scope: Option<Scope>, request: &Value, response: &str) -> Understood {
    let mut observed = Observed::json("/v1/chat/completions");
    observed.scope = scope.map(Arc::new);
    let mut exchange = Exchange::new(observed.head(), Arc::new(settings));
    exchange.handle_request_body(Bytes::from(request.to_string()));
    exchange.handle_response_head(&ResponseHead::new(200), ms(1));
    exchange.handle_response_body(Bytes::copy_from_slice(response.as_bytes()), ms(2));
    exchange.finish(End::Complete, ms(3))
}

fn kept(content: Content) -> Settings {
    Settings { content, ..Settings::default() }
}

fn scanning(content: Content) -> Settings {
    Settings { content, review: Review::default().scanning(true), ..Settings::default() }
}

fn asked(content: &str) -> Value {
    json!({"model": "gpt-5-mini", "messages": [{"role": "user", "content": content}]})
}

fn said(call: &Call) -> String {
    told(&call.request.messages[0].parts[0])
}

#[test]
fn a_key_is_kept_masked_or_counted_as_the_mode_says_and_found_where_it_is_scanned() {
    let request = asked(&format!("use {KEY} please"));
    let of = |settings| reviewed(settings, None, &request, "{}").call;
    for (settings, text, findings, excerpt) in [
        (kept(Content::Off), "text 31", 0, None),
        (scanning(Content::Off), "text 31", 1, None),
        (kept(Content::Redacted), "text use [aws-access-token:20] please", 1, Some("(20 bytes)")),
        (kept(Content::Full), "text use AKIAZ7QX3LJ5RWT2VNHD please", 0, None),
        (scanning(Content::Full), "text use AKIAZ7QX3LJ5RWT2VNHD please", 1, Some("(20 bytes)")),
    ] {
        let call = of(settings);
        assert_eq!((said(&call).as_str(), call.findings.count()), (text, findings));
        let Some(finding) = call.findings.listed.first() else { continue };
        assert_eq!((&*finding.rule, finding.category), ("aws-access-token", Category::Credential));
        assert_eq!(finding.severity, Severity::High);
        assert_eq!(finding.place.field, Field::Message { message: 0, part: Some(0) });
        assert_eq!((finding.place.range.clone(), finding.excerpt.as_deref()), (4..24, excerpt));
    }
}

#[test]
fn a_text_that_is_cut_or_no_unicode_is_replaced_whole_when_redacted() {
    let limits = Limits { part_bytes: 10, ..Limits::default() };
    let cut = Settings { limits, ..kept(Content::Redacted) };
    assert_eq!(said(&reviewed(cut, None, &asked(&format!("use {KEY}")), "{}").call), "text [over-limit:24]");
    let broken = asked("AKIA\u{fffd}QX3LJ5RWT2VNHD");
    assert_eq!(said(&reviewed(kept(Content::Redacted), None, &broken, "{}").call), "text [undecodable:21]");
}

#[test]
fn a_scope_wins_over_the_settings_unless_content_is_fixed() {
    let scope = |content| Some(Scope { content: Some(content), ..Scope::default() });
    let fixed = Settings { is_content_fixed: true, ..Settings::default() };
    for (settings, scope, text) in [
        (kept(Content::Off), scope(Content::Full), "text hi"),
        (kept(Content::Full), scope(Content::Off), "text 2"),
        (kept(Content::Full), None, "text hi"),
        (fixed.clone(), scope(Content::Full), "text 2"),
        (fixed, scope(Content::Redacted), "text 2"),
    ] {
        assert_eq!(said(&reviewed(settings, scope, &asked("hi"), "{}").call), text);
    }
}

#[test]
fn the_applications_function_has_the_last_word_and_sees_what_is_kept() {
    let review = Review::default().edit(|call| {
        assert_eq!(told(&call.request.messages[0].parts[0]), "text 24");
        call.request.messages.clear();
        call.request.model = Some("mine".into());
    });
    let call = reviewed(Settings { review, ..Settings::default() }, None, &asked(&format!("use {KEY}")), "{}").call;
    assert_eq!((call.request.messages.len(), call.request.model.as_deref()), (0, Some("mine")));
}

#[test]
fn ids_of_people_are_hashed_and_those_of_the_vendor_stay() {
    let request = json!({
        "model": "gpt-5-mini", "messages": [], "user": "alice", "safety_identifier": "alice",
        "metadata": {"customer": "alice"}, "previous_response_id": "resp_1", "conversation": "conv_1",
    });
    let scope = || Some(Scope { user: Some("alice".into()), session: Some("s-1".into()), content: None });
    let alice = Ids::default().id("alice").into_owned();
    let mut observed = Observed::json("/v1/responses");
    observed.scope = scope().map(Arc::new);
    let call = observed.request(&request.to_string()).call("{}");
    let who = &call.request.end_user;
    assert_eq!((who.user.as_deref(), who.safety_identifier.as_deref()), (Some(&*alice), Some(&*alice)));
    assert_eq!(who.metadata, [("customer".into(), alice.as_str().into())]);
    assert_eq!((call.identity.user_id.as_deref(), alice.starts_with("sha256:")), (Some(&*alice), true));
    assert_eq!(call.request.previous_response_id.as_deref(), Some("resp_1"));
    assert_eq!(call.request.conversation_id.as_deref(), Some("conv_1"));

    let ids = |ids| Settings { review: Review::default().ids(ids), ..Settings::default() };
    let keyed = reviewed(ids(Ids::keyed(*b"key")), scope(), &request, "{}").call;
    let hashed = Ids::keyed(*b"key").id("alice").into_owned();
    assert_eq!(keyed.identity.user_id.as_deref(), Some(&*hashed));
    assert_eq!(keyed.request.end_user.user.as_deref(), Some(&*hashed));
    let raw = reviewed(ids(Ids::raw()), scope(), &request, "{}").call;
    assert_eq!(raw.identity.session_id.as_deref(), Some("s-1"));
}

#[test]
fn names_that_are_too_long_or_odd_or_keys_are_left_out_and_counted() {
    let named = |model: &str| {
        let request = json!({"model": model, "messages": []});
        reviewed(Settings::default(), None, &request, "{}")
    };
    for (model, is_kept) in [
        ("gpt-5-mini".to_owned(), true),
        ("m".repeat(255), true),
        ("m".repeat(256), true),
        ("m".repeat(257), false),
        ("a\nb".to_owned(), false),
        (KEY.to_owned(), false),
    ] {
        let understood = named(&model);
        assert_eq!(understood.call.request.model.is_some(), is_kept, "{model}");
        assert_eq!(understood.skips.items(Skip::NameRefused), u64::from(!is_kept), "{model}");
    }
    let finding = &named(KEY).call.findings.listed[0];
    assert_eq!((&*finding.rule, finding.place.field), ("key-prefix", Field::Named("request.model")));
}

#[test]
fn media_become_kind_size_and_hash_when_redacted_and_only_size_when_off() {
    // "abc": FIPS 180-4's example.
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let url = "data:image/png;base64,YWJj";
    let request = json!({"model": "m", "messages": [{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": url}},
        {"type": "file", "file": {"filename": "salaries.pdf", "file_data": url}},
    ]}]});
    let media = |content| {
        let call = reviewed(kept(content), None, &request, "{}").call;
        let [Part::Media(image), Part::Media(file)] = &call.request.messages[0].parts[..] else { panic!("{call:?}") };
        let MediaSource::Uri(text) = &image.source else { panic!("{image:?}") };
        assert_eq!(text.bytes(), url.len() as u64);
        (text.as_str().map(str::to_owned), image.sha256.clone(), file.name.clone())
    };
    assert_eq!(media(Content::Off), (None, None, None));
    let redacted = format!("[image:26 sha256:{abc}]");
    assert_eq!(media(Content::Redacted), (Some(redacted), Some(abc.into()), Some("salaries.pdf".into())));
    assert_eq!(media(Content::Full), (Some(url.to_owned()), Some(abc.into()), Some("salaries.pdf".into())));
}

#[test]
fn what_opens_a_url_never_leaves() {
    let signed = "https://u:p@h.example/a.png?X-Amz-Signature=0123456789abcdef";
    let request = json!({"model": "m", "messages": [{"role": "user", "content": [
        {"type": "image_url", "image_url": {"url": signed}},
    ]}]});
    let call = reviewed(kept(Content::Full), None, &request, "{}").call;
    let shown = format!("{call:?}");
    assert!(shown.contains("https://[url-user:3]@h.example/a.png?[url-query:32]"), "{shown}");
}

#[test]
fn findings_beyond_the_limit_are_counted_by_rule() {
    let limits = Limits { findings: 2, ..Limits::default() };
    let settings = Settings { limits, ..kept(Content::Redacted) };
    let call = reviewed(settings, None, &asked(&[KEY; 5].join(" ")), "{}").call;
    assert_eq!((call.findings.listed.len(), call.findings.count()), (2, 5));
    assert_eq!((call.findings.more[0].count, said(&call).matches("[aws-access-token:20]").count()), (3, 5));
}

#[test]
fn a_key_that_comes_in_two_deltas_is_found() {
    let delta = |text: &str| {
        format!("data: {}\n\n", json!({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": null}]}))
    };
    for place in 0..=KEY.len() {
        let (first, second) = KEY.split_at(place);
        let stream = [delta(first), delta(second), "data: [DONE]\n\n".to_owned()].concat();
        let call = Observed::stream("/v1/chat/completions").content(Content::Redacted).call(&stream);
        assert_eq!(answer(&call)[1], "text [aws-access-token:20]");
        assert_eq!(call.findings.count(), 1);
    }
}

#[test]
fn what_is_under_way_shows_nothing_of_what_is_said() {
    let mut exchange = Observed::json("/v1/chat/completions").exchange();
    exchange.handle_request_body(Bytes::from(asked(KEY).to_string()));
    assert!(!format!("{exchange:?}").contains("AKIA"));
    exchange.handle_response_head(&ResponseHead::new(200), ms(1));
    exchange.handle_response_body(Bytes::from_static(b"{\"id\":\"AKIAZ7QX"), ms(2));
    assert!(!format!("{exchange:#?}").contains("AKIA"));
}
