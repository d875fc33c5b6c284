//! Each variable of the table, set through a lookup, and what it changes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::HashMap;

use sidetone_otel_export::{Config, ConfigError, Signal, VARIABLES, variable_table};

fn config(variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let map: HashMap<_, _> = variables.iter().copied().collect();
    Config::from_lookup(&|name| map.get(name).map(|value| (*value).to_owned()))
}

/// A configuration without errors.
fn read(variables: &[(&str, &str)]) -> Config {
    config(variables).unwrap()
}

#[cfg(feature = "http")]
mod with_an_exporter {
    use std::time::Duration;

    use sidetone_otel_export::{Otlp, Protocol, Tls};

    use super::*;

    fn otlp(config: &Config, signal: Signal) -> &Otlp {
        config.targets(signal).otlp.as_ref().unwrap()
    }

    #[test]
    fn nothing_set_exports_all_signals_over_http_to_localhost() {
        let config = read(&[]);
        assert!(!config.is_disabled && config.service_name.is_none() && config.resource.is_empty());
        for signal in Signal::ALL {
            let otlp = otlp(&config, signal);
            assert_eq!(otlp.protocol, Protocol::HttpProtobuf);
            assert_eq!(otlp.endpoint, format!("http://localhost:4318/v1/{}", signal.as_str()));
            assert_eq!((otlp.compression, otlp.timeout), (None, Duration::from_secs(10)));
            assert!(otlp.headers.is_empty() && !config.targets(signal).console);
        }
    }

    #[test]
    fn a_signals_own_endpoint_is_taken_as_it_is_and_the_general_one_gets_a_path() {
        for base in ["http://collector:4318/otlp", "http://collector:4318/otlp/"] {
            let config = read(&[
                ("OTEL_EXPORTER_OTLP_ENDPOINT", base),
                ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "https://logs.example/ingest"),
            ]);
            assert_eq!(otlp(&config, Signal::Traces).endpoint, "http://collector:4318/otlp/v1/traces");
            assert_eq!(otlp(&config, Signal::Metrics).endpoint, "http://collector:4318/otlp/v1/metrics");
            assert_eq!(otlp(&config, Signal::Logs).endpoint, "https://logs.example/ingest");
            assert_eq!(otlp(&config, Signal::Logs).tls, Some(Tls::default()));
            assert_eq!(otlp(&config, Signal::Traces).tls, None);
        }
    }

    #[test]
    fn headers_are_decoded_kept_secret_and_the_signals_own_win() {
        let config = read(&[
            ("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20s3cret,x-a=1"),
            ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "x-b=2"),
        ]);
        let logs = otlp(&config, Signal::Logs);
        assert_eq!(logs.headers["authorization"], "Bearer s3cret");
        assert_eq!(logs.headers["x-a"], "1");
        assert_eq!(otlp(&config, Signal::Traces).headers.len(), 1);
        assert!(!format!("{config:?}").contains("s3cret"));
        let error = super::config(&[("OTEL_EXPORTER_OTLP_HEADERS", "s3cret")]).unwrap_err().to_string();
        assert!(error.contains("OTEL_EXPORTER_OTLP_HEADERS") && !error.contains("s3cret"), "{error}");
    }

    #[test]
    fn what_an_endpoint_holds_of_secrets_is_not_shown() {
        let config = read(&[("OTEL_EXPORTER_OTLP_ENDPOINT", "http://user:s3cret@collector:4318?key=s3cret")]);
        let shown = format!("{config:?}");
        assert!(shown.contains("http://(hidden)@collector:4318") && !shown.contains("s3cret"), "{shown}");
        for malformed in ["user:s3cret@collector:4318", "htp://user:s3cret@collector:4318/?key=s3cret", "s3cret@"] {
            let error = super::config(&[("OTEL_EXPORTER_OTLP_ENDPOINT", malformed)]).unwrap_err();
            assert!(error.to_string().contains("(hidden)@"), "{error}");
            assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn compression_timeouts_and_exporters_differ_by_signal() {
        let config = read(&[
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip"),
            ("OTEL_EXPORTER_OTLP_METRICS_COMPRESSION", "none"),
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "3000"),
            ("OTEL_EXPORTER_OTLP_LOGS_TIMEOUT", "4000"),
            ("OTEL_BSP_EXPORT_TIMEOUT", "1000"),
            ("OTEL_BLRP_EXPORT_TIMEOUT", "3500"),
            ("OTEL_METRIC_EXPORT_TIMEOUT", "90000"),
        ]);
        let told =
            Signal::ALL.map(|signal| (otlp(&config, signal).compression.is_some(), otlp(&config, signal).timeout));
        assert_eq!(
            told,
            [(true, 1000), (true, 3500), (false, 3000)].map(|(gzip, ms)| (gzip, Duration::from_millis(ms)))
        );

        let config = read(&[
            ("OTEL_TRACES_EXPORTER", "console"),
            ("OTEL_LOGS_EXPORTER", "otlp,console"),
            ("OTEL_METRICS_EXPORTER", "none"),
        ]);
        let told = Signal::ALL.map(|signal| (config.targets(signal).otlp.is_some(), config.targets(signal).console));
        assert_eq!(told, [(false, true), (true, true), (false, false)]);
    }

    #[test]
    fn what_is_not_to_be_had_is_a_warning_not_an_error() {
        for (variable, value) in [
            ("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json"),
            ("OTEL_METRICS_EXPORTER", "prometheus"),
            ("OTEL_TRACES_EXPORTER", "zipkin"),
            ("OTEL_EXPORTER_OTLP_COMPRESSION", "zstd"),
            ("OTEL_TRACES_SAMPLER", "jaeger_remote"),
        ] {
            let config = read(&[(variable, value)]);
            let [warning] = config.warnings.as_slice() else { panic!("{variable}: {:?}", config.warnings) };
            assert!(warning.starts_with(&format!("{variable}={value} is not available")), "{warning}");
        }
        assert!(read(&[("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")]).traces.otlp.is_none());
    }

    #[cfg(not(feature = "grpc"))]
    #[test]
    fn a_protocol_that_is_not_compiled_in_gives_one_warning_that_names_the_feature() {
        let config = read(&[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")]);
        assert_eq!(
            config.warnings,
            [
                "OTEL_EXPORTER_OTLP_PROTOCOL=grpc is not available in sidetone: nothing is exported; enable feature `grpc` of sidetone"
            ]
        );
        assert!(Signal::ALL.iter().all(|signal| config.targets(*signal).otlp.is_none()));
    }

    #[cfg(feature = "grpc")]
    #[test]
    fn grpc_has_its_own_port_no_path_and_a_scheme_if_it_is_told_to_be_insecure() {
        let config =
            read(&[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), ("OTEL_EXPORTER_OTLP_LOGS_PROTOCOL", "http/protobuf")]);
        assert_eq!(otlp(&config, Signal::Traces).protocol, Protocol::Grpc);
        assert_eq!(otlp(&config, Signal::Traces).endpoint, "http://localhost:4317");
        assert_eq!(otlp(&config, Signal::Logs).endpoint, "http://localhost:4318/v1/logs");
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317");
        let config =
            read(&[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), endpoint, ("OTEL_EXPORTER_OTLP_INSECURE", "true")]);
        assert_eq!(otlp(&config, Signal::Metrics).endpoint, "http://collector:4317");
        assert_eq!(otlp(&config, Signal::Metrics).tls, None);
        let config = read(&[("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), endpoint]);
        assert_eq!(otlp(&config, Signal::Metrics).endpoint, "https://collector:4317");
        assert_eq!(otlp(&config, Signal::Metrics).tls, Some(Tls::default()));
    }

    #[cfg(not(feature = "tls"))]
    #[test]
    fn certificates_give_a_warning_that_names_the_feature_where_http_has_none() {
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "https://collector:4318");
        for variable in
            ["CERTIFICATE", "CLIENT_CERTIFICATE", "CLIENT_KEY"].map(|rest| format!("OTEL_EXPORTER_OTLP_{rest}"))
        {
            let config = read(&[endpoint, (&variable, "a.pem")]);
            let expected = format!(
                "{variable}=a.pem is not available in sidetone: it is not used for http/protobuf; enable feature `tls` of sidetone"
            );
            assert_eq!(config.warnings, [expected]);
            assert_eq!(otlp(&config, Signal::Traces).tls, Some(Tls::default()));
        }
    }
}

#[test]
fn names_and_resource_attributes_are_read_and_the_service_names_own_variable_wins() {
    let attributes = ("OTEL_RESOURCE_ATTRIBUTES", "service.name=a,team=x%20y");
    let config = read(&[attributes]);
    assert_eq!(config.service_name.as_deref(), Some("a"));
    assert_eq!(config.resource, [("team".to_owned(), "x y".to_owned())]);
    assert_eq!(read(&[attributes, ("OTEL_SERVICE_NAME", "b")]).service_name.as_deref(), Some("b"));
}

#[test]
fn limits_are_read_and_the_specific_ones_win() {
    let general = [("OTEL_ATTRIBUTE_COUNT_LIMIT", "10"), ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "20")];
    let limits = read(&general).limits;
    assert_eq!(
        (limits.span_attributes, limits.event_attributes, limits.log_attributes),
        (Some(10), Some(10), Some(10))
    );
    assert_eq!((limits.span_attribute_length, limits.log_attribute_length), (Some(20), Some(20)));
    let own = [
        ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "1"),
        ("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "2"),
        ("OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", "3"),
        ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "4"),
        ("OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT", "5"),
        ("OTEL_SPAN_EVENT_COUNT_LIMIT", "6"),
    ];
    let limits = read(&[&general[..], &own[..]].concat()).limits;
    assert_eq!((limits.span_attributes, limits.event_attributes, limits.log_attributes), (Some(1), Some(2), Some(3)));
    assert_eq!((limits.span_attribute_length, limits.log_attribute_length), (Some(4), Some(5)));
    assert_eq!(limits.span_events, Some(6));
}

#[test]
fn a_disabled_sdk_exports_nothing_whatever_else_is_set() {
    let config = read(&[("OTEL_SDK_DISABLED", "TRUE"), ("OTEL_TRACES_EXPORTER", "console")]);
    assert!(config.is_disabled);
    assert!(
        Signal::ALL.iter().all(|signal| config.targets(*signal).otlp.is_none() && !config.targets(*signal).console)
    );
    assert!(!read(&[("OTEL_SDK_DISABLED", "1"), ("OTEL_TRACES_EXPORTER", "none")]).is_disabled, "only `true` is true");
}

/// A value for each variable that can be wrong, and what its error has to name.
const WRONG: &[(&str, &str, &str)] = &[
    ("OTEL_RESOURCE_ATTRIBUTES", "a", "key=value"),
    ("OTEL_TRACES_EXPORTER", "otpl", "otlp, console or none"),
    ("OTEL_LOGS_EXPORTER", "otpl", "otlp, console or none"),
    ("OTEL_METRICS_EXPORTER", "otpl", "otlp, console or none"),
    ("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "x", "cumulative, delta or lowmemory"),
    ("OTEL_TRACES_SAMPLER", "sometimes", "always_on"),
    ("OTEL_ATTRIBUTE_COUNT_LIMIT", "-1", "whole number"),
    ("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "x", "whole number"),
    ("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "x", "whole number"),
    ("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "x", "whole number"),
    ("OTEL_SPAN_EVENT_COUNT_LIMIT", "x", "whole number"),
    ("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "x", "whole number"),
    ("OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", "x", "whole number"),
    ("OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT", "x", "whole number"),
    ("OTEL_BSP_SCHEDULE_DELAY", "5s", "milliseconds"),
    ("OTEL_BSP_MAX_QUEUE_SIZE", "0", "1 or more"),
    ("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "0", "1 or more"),
    ("OTEL_BLRP_SCHEDULE_DELAY", "x", "milliseconds"),
    ("OTEL_BLRP_MAX_QUEUE_SIZE", "x", "1 or more"),
    ("OTEL_BLRP_MAX_EXPORT_BATCH_SIZE", "x", "1 or more"),
    ("OTEL_METRIC_EXPORT_INTERVAL", "x", "milliseconds"),
];

#[test]
fn a_wrong_value_is_an_error_that_names_the_variable_the_value_and_what_is_allowed() {
    for (variable, value, allowed) in WRONG {
        let error = config(&[(variable, value)]).unwrap_err();
        assert_eq!((error.variable.as_str(), error.value.as_str()), (*variable, *value));
        assert!(error.to_string().starts_with(&format!("{variable}={value}: ")), "{error}");
        assert!(error.allowed.contains(allowed), "{error}");
        assert!(config(&[(variable, " ")]).is_ok(), "{variable}: an empty one counts as not set");
    }
    let ratio = config(&[("OTEL_TRACES_SAMPLER", "traceidratio"), ("OTEL_TRACES_SAMPLER_ARG", "1.5")]).unwrap_err();
    assert_eq!(ratio.variable, "OTEL_TRACES_SAMPLER_ARG");
}

#[cfg(any(feature = "http", feature = "grpc"))]
#[test]
fn a_wrong_value_of_an_otlp_variable_is_an_error_for_each_signal() {
    for (rest, value, allowed) in [
        ("PROTOCOL", "htp", "http/protobuf or grpc"),
        ("ENDPOINT", "not a url", "URL"),
        ("ENDPOINT", "ftp://x", "URL"),
        ("HEADERS", "x", "name=value"),
        ("COMPRESSION", "lz4", "gzip or none"),
        ("TIMEOUT", "10s", "milliseconds"),
    ] {
        for signal in ["", "TRACES_", "LOGS_", "METRICS_"] {
            let variable = format!("OTEL_EXPORTER_OTLP_{signal}{rest}");
            let error = config(&[(&variable, value)]).unwrap_err();
            assert_eq!(error.variable, variable);
            assert!(error.allowed.contains(allowed), "{error}");
        }
    }
}

/// What no wrong value can be given to; other tests here, in `own_providers.rs` and in `tls.rs` set them.
const NEVER_WRONG: &[&str] = &["OTEL_SDK_DISABLED", "OTEL_SERVICE_NAME", "OTEL_EXPORTER_OTLP_*INSECURE"];

#[test]
fn the_table_has_a_row_for_each_variable_and_a_test_sets_each() {
    let table = variable_table();
    assert_eq!(table.lines().count(), VARIABLES.len() + 2);
    assert!(table.contains("| `OTEL_EXPORTER_OTLP_[signal_]ENDPOINT` |"));
    let tests = [include_str!("environment.rs"), include_str!("own_providers.rs"), include_str!("tls.rs")].concat();
    for variable in VARIABLES {
        let stem = variable.name.replace('*', "");
        assert!(tests.contains(&format!("\"{stem}\"")), "no test sets {stem}");
        assert!(
            NEVER_WRONG.contains(&variable.name)
                || variable.names().len() == 4
                || variable.name.ends_with("_ARG")
                || variable.name.ends_with("EXPORT_TIMEOUT")
                || WRONG.iter().any(|(name, ..)| *name == variable.name),
            "{stem}"
        );
    }
}
