//! The recorded cases of `conformance/cases`, for tests.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use sidetone_core::event::Server;
use sidetone_core::exchange::{End, Exchange, RequestHead, ResponseHead, Settings, Understood};
use sidetone_core::provider::surface_of;

use super::ms;

/// A recorded exchange that has a response.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) request: Vec<u8>,
    pub(crate) response: Vec<u8>,
}

pub(crate) fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/cases");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let cases: Vec<Case> = folders.iter().filter_map(|folder| case(folder)).collect();
    assert!(cases.len() >= 19, "only {} cases have a response", cases.len());
    cases
}

fn case(folder: &Path) -> Option<Case> {
    let meta: serde_json::Value = serde_json::from_slice(&std::fs::read(folder.join("meta.json")).unwrap()).unwrap();
    let headers = meta["headers"].as_object().unwrap();
    Some(Case {
        name: meta["name"].as_str().unwrap().to_owned(),
        path: meta["path"].as_str().unwrap().to_owned(),
        status: u16::try_from(meta["status"].as_u64().unwrap()).unwrap(),
        headers: headers.iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect(),
        request: std::fs::read(folder.join("request.json")).unwrap(),
        response: std::fs::read(folder.join(meta["response_file"].as_str()?)).unwrap(),
    })
}

impl Case {
    /// What an exchange makes of it whose response has these headers and comes in these pieces, 5 ms behind its start (which
    /// is 5 ms behind the epoch).
    pub(crate) fn understood<'a>(
        &self,
        settings: &Arc<Settings>,
        headers: &[(String, String)],
        pieces: impl IntoIterator<Item = &'a [u8]>,
    ) -> Understood {
        let head = RequestHead {
            surface: surface_of(&Method::POST, &self.path).unwrap(),
            server: Arc::new(Server { address: "127.0.0.1".into(), port: Some(18181) }),
            deployment: None,
            start: SystemTime::UNIX_EPOCH + ms(5),
            parent: None,
            resend_count: None,
            scope: None,
        };
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap()))
            .collect();
        let mut exchange = Exchange::new(head, Arc::clone(settings));
        exchange.handle_request_body(Bytes::copy_from_slice(&self.request));
        exchange.handle_response_head(&ResponseHead::of(self.status, &headers), ms(5));
        for piece in pieces {
            exchange.handle_response_body(Bytes::copy_from_slice(piece), ms(5));
        }
        exchange.finish(End::Complete, ms(5))
    }
}
