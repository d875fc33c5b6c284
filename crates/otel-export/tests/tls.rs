//! Export by TLS: to whom the certificate's authority is named, to nobody else, and with a certificate of our own.
#![cfg(any(feature = "grpc", feature = "tls"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{chat, finished};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use sidetone_core::dialect::V2;
use sidetone_otel_export::{Config, ConfigError, Export, Options, OtelSink};
use sidetone_pipeline::{Counters, Reason, Sink as _};
use sidetone_testkit::hostile::Receiver;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// Every protocol that has TLS with certificates of one's own.
const PROTOCOLS: &[&str] = &[
    #[cfg(feature = "tls")]
    "http/protobuf",
    #[cfg(feature = "grpc")]
    "grpc",
];

/// An authority that nobody knows, and where its files are.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    folder: tempfile::TempDir,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { issuer, folder: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str, pem: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, pem).unwrap();
        path
    }

    fn issue(&self) -> (rcgen::Certificate, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["localhost".to_owned()]).unwrap();
        (params.signed_by(&key, &self.issuer).unwrap(), key)
    }
}

/// A receiver that is spoken to by TLS.
struct Secured {
    receiver: Receiver,
    endpoint: String,
    _runtime: tokio::runtime::Runtime,
}

impl Secured {
    fn start(authority: &Authority, wants_certificate: bool) -> Self {
        let (certificate, key) = authority.issue();
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_safe_default_protocol_versions().unwrap();
        let builder = if wants_certificate {
            let mut roots = RootCertStore::empty();
            roots.add(authority.issuer.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        } else {
            builder.with_no_client_auth()
        };
        let chain: Vec<CertificateDer<'static>> = vec![certificate.der().clone()];
        let mut config =
            builder.with_single_cert(chain, PrivateKeyDer::try_from(key.serialize_der()).unwrap()).unwrap();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).unwrap();
        let endpoint = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        let receiver = Receiver::start();
        runtime.spawn(forward(listener, TlsAcceptor::from(Arc::new(config)), receiver.addr()));
        Self { receiver, endpoint, _runtime: runtime }
    }
}

async fn forward(listener: TcpListener, acceptor: TlsAcceptor, to: SocketAddr) {
    while let Ok((connection, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            // Who doesn't trust the certificate, or isn't trusted, ends here.
            let Ok(mut secured) = acceptor.accept(connection).await else { return };
            let mut plain = TcpStream::connect(to).await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut secured, &mut plain).await;
        });
    }
}

fn config(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let map: HashMap<_, _> = variables.iter().copied().collect();
    Config::from_lookup(&|name| map.get(name).map(|value| (*value).to_owned()))
}

/// Exports one call: how many spans, log events and batches of metrics were lost.
fn export(variables: &[(&str, &str)]) -> [u64; 3] {
    let config = config(variables).unwrap();
    assert_eq!(config.warnings, [""; 0]);
    let counters = Arc::new(Counters::default());
    let export = Export::new(&config, &Options::default(), &counters).unwrap();
    let mut sink = OtelSink::new(export, &V2, Arc::clone(&counters));
    sink.call(&mut finished(chat()));
    let _ = sink.shutdown(Instant::now() + Duration::from_secs(30));
    [Reason::SpanExportFailed, Reason::LogExportFailed, Reason::MetricExportFailed].map(|reason| counters.items(reason))
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_receiver_is_trusted_if_its_authority_is_named_and_refused_if_not() {
    let authority = Authority::new();
    let certificate = authority.file("authority.pem", &authority.issuer.pem());
    let other = Authority::new();
    let wrong = other.file("other.pem", &other.issuer.pem());
    for protocol in PROTOCOLS {
        let secured = Secured::start(&authority, false);
        let common =
            [("OTEL_EXPORTER_OTLP_PROTOCOL", *protocol), ("OTEL_EXPORTER_OTLP_ENDPOINT", secured.endpoint.as_str())];
        assert_eq!(export(&common), [1, 3, 1], "{protocol}: nobody vouches for the receiver");
        let [named, misnamed] = [&certificate, &wrong]
            .map(|path| [&common[..], &[("OTEL_EXPORTER_OTLP_CERTIFICATE", text(path))]].concat());
        assert_eq!(export(&misnamed), [1, 3, 1], "{protocol}: another authority doesn't either");
        assert_eq!(secured.receiver.request_count(), 0, "{protocol}");
        assert_eq!(export(&named), [0; 3], "{protocol}");
        let got = secured.receiver.received();
        assert_eq!((got.spans.len(), got.logs.len(), got.metrics.is_empty()), (1, 3, false), "{protocol}");

        let only_logs = [&common[..], &[("OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE", text(&certificate))]].concat();
        assert_eq!(export(&only_logs), [1, 0, 1], "{protocol}: the signal's own");
        assert_eq!((secured.receiver.spans().len(), secured.receiver.logs().len()), (1, 6), "{protocol}");
    }
}

#[test]
fn a_receiver_that_wants_a_certificate_is_shown_the_one_named() {
    let authority = Authority::new();
    let (certificate, key) = authority.issue();
    let trusted = authority.file("authority.pem", &authority.issuer.pem());
    let certificate = authority.file("client.pem", &certificate.pem());
    let key = authority.file("client.key", &key.serialize_pem());
    for protocol in PROTOCOLS {
        let secured = Secured::start(&authority, true);
        let anonymous = [
            ("OTEL_EXPORTER_OTLP_PROTOCOL", *protocol),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", secured.endpoint.as_str()),
            ("OTEL_EXPORTER_OTLP_CERTIFICATE", text(&trusted)),
        ];
        assert_eq!(export(&anonymous), [1, 3, 1], "{protocol}");
        let known = [
            &anonymous[..],
            &[
                ("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE", text(&certificate)),
                ("OTEL_EXPORTER_OTLP_CLIENT_KEY", text(&key)),
            ],
        ]
        .concat();
        assert_eq!(export(&known), [0; 3], "{protocol}");
        let got = secured.receiver.received();
        assert_eq!((got.spans.len(), got.logs.len(), got.metrics.is_empty()), (1, 3, false), "{protocol}");
        let shown = format!("{:?}", config(&known).unwrap());
        assert!(shown.contains("has_identity: true") && !shown.contains("45, 45, 45"), "{shown}");
    }
}

#[test]
fn a_file_that_cannot_be_used_is_an_error_that_names_variable_and_path() {
    let authority = Authority::new();
    let (certificate, key) = authority.issue();
    let certificate = authority.file("client.pem", &certificate.pem());
    let key = authority.file("client.key", &key.serialize_pem());
    let broken = authority.file("broken.pem", "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n");
    let absent = authority.folder.path().join("absent.pem");
    let limit = 4 << 20;
    let read = |length: usize| {
        let pem = authority.issuer.pem();
        let long = authority.file("long.pem", &format!("{pem}{}", "\n".repeat(length - pem.len())));
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://localhost");
        let protocol = ("OTEL_EXPORTER_OTLP_PROTOCOL", PROTOCOLS[0]);
        config(&[endpoint, protocol, ("OTEL_EXPORTER_OTLP_CERTIFICATE", text(&long))])
    };
    assert!(read(limit - 1).is_ok() && read(limit).is_ok());
    assert!(read(limit + 1).unwrap_err().allowed.contains("at most 4194304 bytes"));
    for protocol in PROTOCOLS {
        for signal in ["", "TRACES_", "LOGS_", "METRICS_"] {
            let names = ["CERTIFICATE", "CLIENT_CERTIFICATE", "CLIENT_KEY"];
            let [ca, client, client_key] = names.map(|rest| format!("OTEL_EXPORTER_OTLP_{signal}{rest}"));
            for (variable, value, other, allowed) in [
                (&ca, &absent, None, "No such file"),
                (&ca, &broken, None, "PEM certificates"),
                (&ca, &key, None, "PEM certificates"),
                (&client, &absent, Some((&client_key, &key)), "No such file"),
                (&client, &key, Some((&client_key, &key)), "PEM certificates"),
                (&client_key, &absent, Some((&client, &certificate)), "No such file"),
                (&client_key, &certificate, Some((&client, &certificate)), "PEM private key"),
                (&client_key, &key, None, "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE is expected too"),
                (&client, &certificate, None, "OTEL_EXPORTER_OTLP_CLIENT_KEY is expected too"),
            ] {
                let mut variables = vec![
                    ("OTEL_EXPORTER_OTLP_PROTOCOL", *protocol),
                    ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://localhost"),
                    (variable, text(value)),
                ];
                variables.extend(other.map(|(name, path)| (name.as_str(), text(path))));
                let error = config(&variables).unwrap_err();
                assert_eq!((error.variable.as_str(), error.value.as_str()), (variable.as_str(), text(value)));
                assert!(error.allowed.contains(allowed), "{error}");
                variables[1].1 = "http://localhost";
                assert!(config(&variables).is_ok(), "without TLS nobody looks at it");
            }
        }
    }
}
