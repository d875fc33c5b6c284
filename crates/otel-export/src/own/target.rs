//! Where each signal goes, and how.

use std::time::Duration;

use ::http::{HeaderMap, HeaderName, HeaderValue, Uri};

use super::lookup::{Found, Lookup, milliseconds, pairs};
use super::{ConfigError, Tls};

/// Spans, log events or metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Spans.
    Traces,
    /// Log events.
    Logs,
    /// Metrics.
    Metrics,
}

impl Signal {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Traces, Self::Logs, Self::Metrics];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Logs => "logs",
            Self::Metrics => "metrics",
        }
    }

    pub(crate) fn in_variables(self) -> &'static str {
        match self {
            Self::Traces => "TRACES",
            Self::Logs => "LOGS",
            Self::Metrics => "METRICS",
        }
    }

    fn exporter_variable(self) -> &'static str {
        match self {
            Self::Traces => "OTEL_TRACES_EXPORTER",
            Self::Logs => "OTEL_LOGS_EXPORTER",
            Self::Metrics => "OTEL_METRICS_EXPORTER",
        }
    }
}

/// A protocol of OTLP that can be compiled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Protobuf over HTTP: feature `http`.
    HttpProtobuf,
    /// gRPC: feature `grpc`.
    Grpc,
}

impl Protocol {
    /// Its value in `OTEL_EXPORTER_OTLP_PROTOCOL`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HttpProtobuf => "http/protobuf",
            Self::Grpc => "grpc",
        }
    }

    /// Whether it is compiled in.
    #[must_use]
    pub fn is_compiled_in(self) -> bool {
        match self {
            Self::HttpProtobuf => cfg!(feature = "http"),
            Self::Grpc => cfg!(feature = "grpc"),
        }
    }

    fn feature(self) -> &'static str {
        match self {
            Self::HttpProtobuf => "otlp",
            Self::Grpc => "grpc",
        }
    }
}

/// Compression of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// gzip
    Gzip,
}

/// An OTLP receiver.
#[derive(Clone, PartialEq, Eq)]
pub struct Otlp {
    /// How it is spoken to.
    pub protocol: Protocol,
    /// Its URL; for HTTP with the path of the signal.
    pub endpoint: String,
    /// What requests carry beside the telemetry. Secret.
    pub headers: HeaderMap,
    /// Compression of requests.
    pub compression: Option<Compression>,
    /// How long one request, with its retries, may take.
    pub timeout: Duration,
    /// How to connect by TLS; `None` for `http://`.
    pub tls: Option<Tls>,
}

impl std::fmt::Debug for Otlp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Otlp")
            .field("protocol", &self.protocol)
            .field("endpoint", &without_credentials(&self.endpoint))
            .field("headers", &self.headers.keys().collect::<Vec<_>>())
            .field("compression", &self.compression)
            .field("timeout", &self.timeout)
            .field("tls", &self.tls)
            .finish()
    }
}

/// An endpoint as it may be shown: without `user:password@` and without its query.
#[must_use]
pub fn without_credentials(endpoint: &str) -> String {
    let (scheme, rest) = endpoint.find("://").map_or(("", endpoint), |at| endpoint.split_at(at + "://".len()));
    let (rest, query) = rest.split_once('?').map_or((rest, ""), |(rest, _)| (rest, "?(hidden)"));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}(hidden)@{host}{path}{query}"),
        None => format!("{scheme}{authority}{path}{query}"),
    }
}

/// Where one signal goes. Nowhere, if neither is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Targets {
    /// To an OTLP receiver.
    pub otlp: Option<Otlp>,
    /// To standard output.
    pub console: bool,
}

impl Targets {
    pub(crate) fn read(lookup: &Lookup<'_>, signal: Signal) -> Result<Self, ConfigError> {
        let variable = signal.exporter_variable();
        let found =
            lookup.get(variable).unwrap_or_else(|| Found { variable: variable.to_owned(), value: "otlp".to_owned() });
        let mut targets = Self::default();
        for exporter in found.value.split(',').map(str::trim) {
            match exporter {
                "otlp" => targets.otlp = otlp(lookup, signal)?,
                "console" => targets.console = true,
                "none" | "" => {}
                // Names that the specification knows: an application may mean them for another SDK in it.
                "zipkin" | "prometheus" | "jaeger" | "logging" | "otlp/stdout" => {
                    lookup.warn(&found, "nothing goes there")
                }
                _ => return Err(found.error("otlp, console or none is expected")),
            }
        }
        Ok(targets)
    }
}

/// `None` for a protocol that isn't compiled in. To fall back to another would send one protocol to the port of another.
fn otlp(lookup: &Lookup<'_>, signal: Signal) -> Result<Option<Otlp>, ConfigError> {
    let Some(protocol) = protocol(lookup, signal)? else { return Ok(None) };
    let timeout = lookup.otlp(signal, "TIMEOUT").map(|found| milliseconds(&found)).transpose()?;
    let (endpoint, is_https) = endpoint(lookup, signal, protocol)?;
    Ok(Some(Otlp {
        protocol,
        endpoint,
        headers: headers(lookup, signal)?,
        compression: compression(lookup, signal)?,
        timeout: timeout.unwrap_or(Duration::from_secs(10)),
        // Files that nothing needs are not looked at.
        tls: if is_https { Some(Tls::read(lookup, signal, protocol)?) } else { None },
    }))
}

fn protocol(lookup: &Lookup<'_>, signal: Signal) -> Result<Option<Protocol>, ConfigError> {
    let Some(found) = lookup.otlp(signal, "PROTOCOL") else {
        let compiled_in =
            [Protocol::HttpProtobuf, Protocol::Grpc].into_iter().find(|protocol| protocol.is_compiled_in());
        if compiled_in.is_none() {
            let found = Found { variable: signal.exporter_variable().to_owned(), value: "otlp".to_owned() };
            lookup.warn(&found, "nothing is exported; enable feature `otlp` or `grpc` of sidetone");
        }
        return Ok(compiled_in);
    };
    let protocol = match found.value.as_str() {
        "http/protobuf" => Protocol::HttpProtobuf,
        "grpc" => Protocol::Grpc,
        "http/json" => {
            lookup.warn(&found, "nothing is exported; http/protobuf goes to the same port");
            return Ok(None);
        }
        _ => return Err(found.error("http/protobuf or grpc is expected")),
    };
    if !protocol.is_compiled_in() {
        lookup.warn(&found, &format!("nothing is exported; enable feature `{}` of sidetone", protocol.feature()));
        return Ok(None);
    }
    Ok(Some(protocol))
}

/// The endpoint, and whether it is `https`.
///
/// Source: <https://opentelemetry.io/docs/specs/otel/protocol/exporter/#endpoint-urls-for-otlphttp>
fn endpoint(lookup: &Lookup<'_>, signal: Signal, protocol: Protocol) -> Result<(String, bool), ConfigError> {
    let own = lookup.get(&format!("OTEL_EXPORTER_OTLP_{}_ENDPOINT", signal.in_variables()));
    let is_own = own.is_some();
    let found = own.or_else(|| lookup.get("OTEL_EXPORTER_OTLP_ENDPOINT")).unwrap_or_else(|| Found {
        variable: "OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(),
        value: match protocol {
            Protocol::HttpProtobuf => "http://localhost:4318",
            Protocol::Grpc => "http://localhost:4317",
        }
        .to_owned(),
    });
    let mut endpoint = found.value.clone();
    if protocol == Protocol::Grpc && !endpoint.contains("://") {
        let is_insecure = lookup.otlp(signal, "INSECURE").is_some_and(|found| found.value.eq_ignore_ascii_case("true"));
        endpoint.insert_str(0, if is_insecure { "http://" } else { "https://" });
    }
    let uri: Option<Uri> = endpoint.parse().ok().filter(|uri: &Uri| uri.host().is_some_and(|host| !host.is_empty()));
    let is_https = match uri.as_ref().and_then(Uri::scheme_str) {
        Some("http") => false,
        Some("https") => true,
        _ => {
            let shown = without_credentials(&found.value);
            return Err(ConfigError::new(&found.variable, &shown, "a URL is expected, such as http://localhost:4318"));
        }
    };
    if protocol == Protocol::HttpProtobuf && !is_own {
        let separator = if endpoint.ends_with('/') { "" } else { "/" };
        endpoint.push_str(separator);
        endpoint.push_str("v1/");
        endpoint.push_str(signal.as_str());
    }
    Ok((endpoint, is_https))
}

fn headers(lookup: &Lookup<'_>, signal: Signal) -> Result<HeaderMap, ConfigError> {
    let mut headers = HeaderMap::new();
    let Some(found) = lookup.otlp(signal, "HEADERS") else { return Ok(headers) };
    let wrong = || ConfigError::new(&found.variable, "(hidden)", "a list as name=value,name=value is expected");
    for (name, value) in pairs(&found.value).map_err(|_| wrong())? {
        let name = HeaderName::try_from(name).map_err(|_| wrong())?;
        let mut value = HeaderValue::try_from(value).map_err(|_| wrong())?;
        value.set_sensitive(true);
        headers.append(name, value);
    }
    Ok(headers)
}

fn compression(lookup: &Lookup<'_>, signal: Signal) -> Result<Option<Compression>, ConfigError> {
    let Some(found) = lookup.otlp(signal, "COMPRESSION") else { return Ok(None) };
    match found.value.to_ascii_lowercase().as_str() {
        "none" => Ok(None),
        "gzip" => Ok(Some(Compression::Gzip)),
        "zstd" => {
            lookup.warn(&found, "requests are sent uncompressed; gzip can be had");
            Ok(None)
        }
        _ => Err(found.error("gzip or none is expected")),
    }
}
