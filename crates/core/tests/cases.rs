//! The recorded cases, read whole and at every cut.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests; these read the recorded cases"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use sidetone_core::event::Server;
use sidetone_core::exchange::{End, Exchange, RequestHead, ResponseHead, Settings, Understood};
use sidetone_core::policy::Content;
use sidetone_core::provider::surface_of;

struct Case {
    name: String,
    path: String,
    status: u16,
    headers: HeaderMap,
    request: Vec<u8>,
    response: Option<Vec<u8>>,
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/cases");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    folders.iter().map(|folder| case(folder)).collect()
}

fn case(folder: &Path) -> Case {
    let meta: serde_json::Value = serde_json::from_slice(&std::fs::read(folder.join("meta.json")).unwrap()).unwrap();
    let mut headers = HeaderMap::new();
    for (name, value) in meta["headers"].as_object().unwrap() {
        let name: HeaderName = name.parse().unwrap();
        headers.insert(name, HeaderValue::from_str(value.as_str().unwrap()).unwrap());
    }
    Case {
        name: meta["name"].as_str().unwrap().to_owned(),
        path: meta["path"].as_str().unwrap().to_owned(),
        status: u16::try_from(meta["status"].as_u64().unwrap()).unwrap(),
        headers,
        request: std::fs::read(folder.join("request.json")).unwrap(),
        response: meta["response_file"].as_str().map(|name| std::fs::read(folder.join(name)).unwrap()),
    }
}

fn understood<'a>(case: &Case, content: Content, pieces: impl IntoIterator<Item = &'a [u8]>) -> Understood {
    let settings = Settings { content, ..Settings::default() };
    let head = RequestHead {
        surface: surface_of(&Method::POST, &case.path).unwrap(),
        server: Arc::new(Server { address: "127.0.0.1".into(), port: Some(18181) }),
        deployment: None,
        start: SystemTime::UNIX_EPOCH,
        parent: None,
        resend_count: None,
    };
    let mut exchange = Exchange::new(head, Arc::new(settings));
    exchange.handle_request_body(Bytes::copy_from_slice(&case.request));
    let at = Duration::from_millis(5);
    exchange.handle_response_head(&ResponseHead::of(case.status, &case.headers), at);
    for piece in pieces {
        exchange.handle_response_body(Bytes::copy_from_slice(piece), at);
    }
    exchange.finish(End::Complete, at)
}

#[test]
fn every_response_cut_in_two_at_every_offset_and_byte_by_byte_is_the_same_call() {
    let mut read = 0;
    for case in cases() {
        let Some(response) = &case.response else { continue };
        read += 1;
        for content in [Content::Off, Content::Full] {
            let whole = understood(&case, content, [&response[..]]);
            assert_eq!(whole.skips.iter().next(), None, "{}", case.name);
            for cut in 0..=response.len() {
                let (first, second) = response.split_at(cut);
                assert_eq!(understood(&case, content, [first, second]), whole, "{} cut at {cut}", case.name);
            }
            assert_eq!(understood(&case, content, response.chunks(1)), whole, "{} byte by byte", case.name);
        }
    }
    assert!(read >= 19, "only {read} cases have a response");
}
