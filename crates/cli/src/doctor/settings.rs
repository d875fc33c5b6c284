//! What the environment says: read by the library's own configuration, so that this is what an application would do.

use std::collections::BTreeMap;

use sidetone::environment::Environment;
use sidetone::otel_export::{Config, Signal, Targets, without_credentials};

/// Names of variables that are of interest begin with one of these.
const PREFIXES: &[&str] = &["OTEL_", "SIDETONE_"];

/// Other variables of interest.
const OTHERS: &[&str] = &["OPENAI_API_KEY", "OPENAI_BASE_URL"];

/// Parts of names of variables whose values are secret.
const SECRET: &[&str] = &["HEADERS", "KEY", "TOKEN", "SECRET", "PASSWORD"];

/// What the environment says.
#[derive(Debug)]
pub(super) struct Settings {
    /// Variables that are set, secrets masked.
    pub(super) variables: BTreeMap<String, String>,
    pub(super) disabled: bool,
    pub(super) dialect: &'static str,
    pub(super) content: &'static str,
    pub(super) service: Option<String>,
    pub(super) routes: Vec<Route>,
    /// What was asked for and is done otherwise.
    pub(super) warnings: Vec<String>,
    /// A value that stops an application from starting.
    pub(super) error: Option<String>,
}

/// Where one signal goes.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) signal: Signal,
    pub(super) targets: Targets,
    /// Whether a variable asks for it; else it is by default.
    pub(super) configured: bool,
}

impl Settings {
    /// What the variables of the process say.
    pub(super) fn of_process() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.to_string_lossy().into_owned()))
        };
        Self::of(&std::env::vars_os().filter_map(text).collect())
    }

    fn of(variables: &BTreeMap<String, String>) -> Self {
        let get = |name: &str| variables.get(name).cloned();
        let environment = Environment::of(&get);
        let mut settings = Self {
            variables: variables.iter().filter(|(name, _)| is_of_interest(name)).map(masked).collect(),
            disabled: false,
            dialect: environment.dialect.name(),
            content: environment.content.as_str(),
            service: None,
            routes: Vec::new(),
            warnings: environment.warnings,
            error: None,
        };
        match Config::from_lookup(&get) {
            Ok(config) => {
                settings.disabled = config.is_disabled;
                settings.routes = Signal::ALL.map(|signal| route(signal, &config, variables)).into();
                settings.service = config.service_name;
                settings.warnings.extend(config.warnings);
            }
            Err(error) => settings.error = Some(error.to_string()),
        }
        settings
    }
}

fn route(signal: Signal, config: &Config, variables: &BTreeMap<String, String>) -> Route {
    let upper = signal.as_str().to_uppercase();
    let asked = [
        format!("OTEL_{upper}_EXPORTER"),
        format!("OTEL_EXPORTER_OTLP_{upper}_ENDPOINT"),
        "OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(),
    ];
    let configured = asked.iter().any(|name| variables.get(name).is_some_and(|value| !value.trim().is_empty()));
    Route { signal, targets: config.targets(signal).clone(), configured }
}

fn is_of_interest(name: &str) -> bool {
    PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || OTHERS.contains(&name)
}

/// A secret is said to be there, and how long it is, no more. A URL may hold one too.
fn masked((name, value): (&String, &String)) -> (String, String) {
    let is_secret = SECRET.iter().any(|part| name.contains(part));
    let value = if is_secret && !value.is_empty() {
        format!("(set, {} characters)", value.chars().count())
    } else if value.contains("://") {
        without_credentials(value)
    } else {
        value.clone()
    };
    (name.clone(), value)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn settings(variables: &[(&str, &str)]) -> Settings {
        Settings::of(&variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    #[test]
    fn without_variables_all_is_by_default_and_nothing_is_configured() {
        let settings = settings(&[]);
        let endpoints = settings.routes.iter().map(|route| route.targets.otlp.as_ref().unwrap().endpoint.as_str());
        let defaults =
            ["http://localhost:4318/v1/traces", "http://localhost:4318/v1/logs", "http://localhost:4318/v1/metrics"];
        assert!(endpoints.eq(defaults));
        assert!(settings.routes.iter().all(|route| !route.configured));
        assert_eq!((settings.content, settings.dialect, settings.disabled), ("off", "v2", false));
        assert!(settings.variables.is_empty() && settings.error.is_none());
    }

    #[test]
    fn a_signal_is_configured_by_its_own_variables_or_the_common_endpoint() {
        let configured =
            |name| settings(&[(name, "http://127.0.0.1:1")]).routes.iter().map(|it| it.configured).collect::<Vec<_>>();
        assert_eq!(configured("OTEL_EXPORTER_OTLP_ENDPOINT"), [true; 3]);
        assert_eq!(configured("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT"), [false, true, false]);
        assert_eq!(configured("OTEL_SERVICE_NAME"), [false; 3]);
    }

    #[test]
    fn secrets_are_masked() {
        let settings = settings(&[
            ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20abc"),
            ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://user:abc@collector:4318/x?token=abc"),
            ("OPENAI_API_KEY", "sk-abc"),
            ("OTEL_SERVICE_NAME", "shop"),
            ("PATH", "/bin/abc"),
        ]);
        assert!(!format!("{:?}", settings.variables).contains("abc"), "{:?}", settings.variables);
        assert_eq!(settings.variables["OPENAI_API_KEY"], "(set, 6 characters)");
        assert_eq!(settings.variables["OTEL_EXPORTER_OTLP_ENDPOINT"], "http://(hidden)@collector:4318/x?(hidden)");
        assert_eq!(settings.variables["OTEL_SERVICE_NAME"], "shop");
        assert!(!settings.variables.contains_key("PATH"));
    }

    #[test]
    fn a_value_that_means_nothing_is_an_error_that_says_what_would() {
        let settings = settings(&[("OTEL_TRACES_EXPORTER", "pigeon")]);
        assert_eq!(settings.error.unwrap(), "OTEL_TRACES_EXPORTER=pigeon: otlp, console or none is expected");
    }
}
