//! What the environment says, by the rules of the OpenTelemetry specification.
//!
//! Source: OpenTelemetry specification, "General SDK Configuration" and "OpenTelemetry Protocol Exporter".

use std::collections::BTreeMap;

/// Names of variables that are of interest begin with one of these.
const PREFIXES: &[&str] = &["OTEL_", "SIDETONE_"];

/// Other variables of interest.
const OTHERS: &[&str] = &["OPENAI_API_KEY", "OPENAI_BASE_URL"];

/// Parts of names of variables whose values are secret.
const SECRET: &[&str] = &["HEADERS", "KEY", "TOKEN", "SECRET", "PASSWORD"];

/// The kinds of telemetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    Traces,
    Logs,
    Metrics,
}

impl Signal {
    pub(super) const ALL: [Self; 3] = [Self::Traces, Self::Logs, Self::Metrics];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Logs => "logs",
            Self::Metrics => "metrics",
        }
    }

    /// The method that gRPC exports it by.
    pub(super) fn method(self) -> &'static str {
        match self {
            Self::Traces => "opentelemetry.proto.collector.trace.v1.TraceService/Export",
            Self::Logs => "opentelemetry.proto.collector.logs.v1.LogsService/Export",
            Self::Metrics => "opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        }
    }
}

/// Where one signal goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) signal: Signal,
    pub(super) exporter: String,
    /// Only of exporter `otlp`.
    pub(super) otlp: Option<Otlp>,
}

/// How one signal is exported by OTLP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Otlp {
    pub(super) protocol: String,
    pub(super) endpoint: String,
    pub(super) headers: Vec<(String, String)>,
    /// Whether anybody asked for it; else all of it is by default.
    pub(super) configured: bool,
}

/// What the environment says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings {
    /// Variables that are set, secrets masked.
    pub(super) variables: BTreeMap<String, String>,
    pub(super) disabled: bool,
    pub(super) dialect: &'static str,
    pub(super) content: &'static str,
    pub(super) service: Option<String>,
    pub(super) routes: Vec<Route>,
    /// Values that nothing can be done with.
    pub(super) problems: Vec<String>,
}

impl Settings {
    /// `get` gives a variable's value, `all` every variable.
    pub(super) fn of(get: impl Fn(&str) -> Option<String>, all: impl Iterator<Item = (String, String)>) -> Self {
        // "The SDK MUST interpret an empty value of an environment variable the same way as when the variable is unset."
        let get = |name: &str| get(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty());
        let mut problems = Vec::new();
        let routes = Signal::ALL.map(|signal| route(signal, &get, &mut problems)).to_vec();
        let is_true = |name: &str| get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"));
        Self {
            variables: all.filter(|(name, _)| is_of_interest(name)).map(|(name, value)| masked(name, value)).collect(),
            disabled: is_true("OTEL_SDK_DISABLED"),
            dialect: "v2",
            content: if is_true("OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT") { "full" } else { "off" },
            service: get("OTEL_SERVICE_NAME"),
            routes,
            problems,
        }
    }
}

fn is_of_interest(name: &str) -> bool {
    PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || OTHERS.contains(&name)
}

/// A secret is said to be there, and how long it is, no more.
fn masked(name: String, value: String) -> (String, String) {
    let is_secret = SECRET.iter().any(|part| name.contains(part));
    let value =
        if is_secret && !value.is_empty() { format!("(set, {} characters)", value.chars().count()) } else { value };
    (name, value)
}

fn route(signal: Signal, get: &impl Fn(&str) -> Option<String>, problems: &mut Vec<String>) -> Route {
    let upper = signal.name().to_uppercase();
    let asked = get(&format!("OTEL_{upper}_EXPORTER"));
    let exporter = asked.clone().unwrap_or_else(|| "otlp".to_owned());
    if !matches!(exporter.as_str(), "otlp" | "console" | "none") {
        problems.push(format!("OTEL_{upper}_EXPORTER is {exporter:?}. Set it to otlp, console or none"));
    }
    if exporter != "otlp" {
        return Route { signal, exporter, otlp: None };
    }
    let own = |what: &str| get(&format!("OTEL_EXPORTER_OTLP_{upper}_{what}"));
    let common = |what: &str| get(&format!("OTEL_EXPORTER_OTLP_{what}"));
    let protocol = own("PROTOCOL").or_else(|| common("PROTOCOL")).unwrap_or_else(|| "http/protobuf".to_owned());
    if !matches!(protocol.as_str(), "grpc" | "http/protobuf") {
        problems.push(format!("OTLP protocol of {} is {protocol:?}. Set it to http/protobuf or grpc", signal.name()));
    }
    let (own_endpoint, common_endpoint) = (own("ENDPOINT"), common("ENDPOINT"));
    let configured = asked.is_some() || own_endpoint.is_some() || common_endpoint.is_some();
    let endpoint = match (own_endpoint, protocol.as_str()) {
        // "used as-is without any modifications"
        (Some(endpoint), _) => endpoint,
        (None, "grpc") => common_endpoint.unwrap_or_else(|| "http://localhost:4317".to_owned()),
        (None, _) => {
            let base = common_endpoint.unwrap_or_else(|| "http://localhost:4318".to_owned());
            format!("{}/v1/{}", base.trim_end_matches('/'), signal.name())
        }
    };
    let headers = own("HEADERS").or_else(|| common("HEADERS")).map_or_else(Vec::new, |text| headers(&text));
    Route { signal, exporter, otlp: Some(Otlp { protocol, endpoint, headers, configured }) }
}

/// `key1=value1,key2=value2`, percent-encoded.
fn headers(text: &str) -> Vec<(String, String)> {
    let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.trim().to_owned(), decoded(value.trim()))).collect()
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| bytes[at] == b'%') {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn settings(variables: &[(&str, &str)]) -> Settings {
        let get = |name: &str| variables.iter().find(|(it, _)| *it == name).map(|(_, value)| (*value).to_owned());
        Settings::of(get, variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    fn endpoints(settings: &Settings) -> Vec<Option<String>> {
        settings.routes.iter().map(|route| Some(route.otlp.clone()?.endpoint)).collect()
    }

    #[test]
    fn without_variables_all_is_by_default_and_nothing_is_configured() {
        let settings = settings(&[]);
        let defaults =
            ["http://localhost:4318/v1/traces", "http://localhost:4318/v1/logs", "http://localhost:4318/v1/metrics"];
        assert_eq!(endpoints(&settings), defaults.map(|it| Some(it.to_owned())));
        assert!(settings.routes.iter().all(|route| !route.otlp.as_ref().unwrap().configured));
        assert_eq!((settings.content, settings.disabled, settings.problems.len()), ("off", false, 0));
    }

    #[test]
    fn an_endpoint_of_one_signal_is_taken_as_it_is_and_the_common_one_gets_the_path() {
        let settings = settings(&[
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://collector:4318/base/"),
            ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://logs:1/in"),
            ("OTEL_METRICS_EXPORTER", "none"),
        ]);
        let expected =
            [Some("http://collector:4318/base/v1/traces".to_owned()), Some("http://logs:1/in".to_owned()), None];
        assert_eq!(endpoints(&settings), expected);
        assert!(settings.routes[0].otlp.as_ref().unwrap().configured);
    }

    #[test]
    fn grpc_has_its_own_default_and_no_path() {
        let settings = settings(&[
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
            ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/protobuf"),
        ]);
        let expected = ["http://localhost:4318/v1/traces", "http://localhost:4317", "http://localhost:4317"];
        assert_eq!(endpoints(&settings), expected.map(|it| Some(it.to_owned())));
    }

    #[test]
    fn a_secret_is_masked_and_its_headers_still_sent() {
        let settings = settings(&[
            ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20abc, x-team = a"),
            ("OPENAI_API_KEY", "sk-123"),
            ("OTEL_SERVICE_NAME", "shop"),
            ("PATH", "/bin"),
        ]);
        assert!(!format!("{:?}", settings.variables).contains("abc"));
        assert_eq!(settings.variables["OPENAI_API_KEY"], "(set, 6 characters)");
        assert_eq!(settings.variables["OTEL_SERVICE_NAME"], "shop");
        assert!(!settings.variables.contains_key("PATH"));
        let headers = &settings.routes[0].otlp.as_ref().unwrap().headers;
        assert_eq!(
            *headers,
            [("authorization".to_owned(), "Bearer abc".to_owned()), ("x-team".to_owned(), "a".to_owned())]
        );
    }

    #[test]
    fn values_that_mean_nothing_are_problems_with_what_to_do() {
        let settings = settings(&[("OTEL_TRACES_EXPORTER", "zipkin"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")]);
        assert_eq!(settings.problems.len(), 3, "{:?}", settings.problems);
        assert!(settings.problems[0].contains("Set it to otlp, console or none"));
    }
}
