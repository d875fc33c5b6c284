//! The whole configuration, read from variables.

use std::time::Duration;

use opentelemetry_sdk::metrics::Temporality;
use opentelemetry_sdk::trace::Sampler;

use super::lookup::{Lookup, pairs};
use super::{ConfigError, Signal, Targets};
use crate::batch;

/// Most bytes that wait for one exporter, by estimate. No variable of the specification bounds bytes.
const QUEUE_BYTES: usize = 16 << 20;

/// What the `OTEL_*` variables say.
#[derive(Debug, Clone)]
pub struct Config {
    /// `OTEL_SDK_DISABLED`: nothing is exported.
    pub is_disabled: bool,
    /// `service.name`, if a variable says it.
    pub service_name: Option<String>,
    /// Other attributes of the resource.
    pub resource: Vec<(String, String)>,
    /// Where spans go.
    pub traces: Targets,
    /// Where log events go.
    pub logs: Targets,
    /// Where metrics go.
    pub metrics: Targets,
    /// Limits of spans and log events.
    pub limits: Limits,
    /// What was asked for and can't be had.
    pub warnings: Vec<String>,
    pub(crate) sampler: Sampler,
    pub(crate) span_queue: batch::Settings,
    pub(crate) log_queue: batch::Settings,
    pub(crate) metric_interval: Duration,
    pub(crate) temporality: Temporality,
}

/// Limits of spans and log events; `None` is the SDK's default, or no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Most attributes of a span.
    pub span_attributes: Option<usize>,
    /// Longest text of a span's attribute, in characters.
    pub span_attribute_length: Option<usize>,
    /// Most events of a span.
    pub span_events: Option<usize>,
    /// Most attributes of a span's event.
    pub event_attributes: Option<usize>,
    /// Most attributes of a log event.
    pub log_attributes: Option<usize>,
    /// Longest text of a log event's attribute, in characters.
    pub log_attribute_length: Option<usize>,
}

impl Config {
    /// The configuration of the process.
    ///
    /// # Errors
    /// When a variable has a value that can't be used.
    pub fn from_env() -> Result<Self, ConfigError> {
        Self::from_lookup(&|variable| std::env::var(variable).ok())
    }

    /// The configuration that `lookup` gives, as [`from_env`](Self::from_env) does of the process.
    ///
    /// # Errors
    /// When a variable has a value that can't be used.
    pub fn from_lookup(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let lookup = &Lookup::new(lookup);
        let mut config = Self {
            is_disabled: lookup.is_true("OTEL_SDK_DISABLED"),
            service_name: None,
            resource: resource(lookup)?,
            traces: Targets::default(),
            logs: Targets::default(),
            metrics: Targets::default(),
            limits: limits(lookup)?,
            warnings: Vec::new(),
            sampler: sampler(lookup)?,
            span_queue: queue(lookup, "OTEL_BSP", Duration::from_secs(5))?,
            log_queue: queue(lookup, "OTEL_BLRP", Duration::from_secs(1))?,
            metric_interval: lookup.millis("OTEL_METRIC_EXPORT_INTERVAL")?.unwrap_or(Duration::from_secs(60)),
            temporality: temporality(lookup)?,
        };
        let named = config.resource.iter().position(|(key, _)| key == SERVICE_NAME);
        let named = named.map(|place| config.resource.remove(place).1);
        config.service_name = lookup.get("OTEL_SERVICE_NAME").map(|found| found.value).or(named);
        // Variables of what is disabled are not looked at: they can't be in the way.
        let signals = if config.is_disabled { &[][..] } else { SIGNALS };
        for &(signal, timeout) in signals {
            let mut targets = Targets::read(lookup, signal)?;
            if let (Some(otlp), Some(timeout)) = (&mut targets.otlp, lookup.millis(timeout)?) {
                otlp.timeout = otlp.timeout.min(timeout);
            }
            *config.targets_mut(signal) = targets;
        }
        config.warnings = lookup.take_warnings();
        Ok(config)
    }

    /// Where a signal goes.
    #[must_use]
    pub fn targets(&self, signal: Signal) -> &Targets {
        match signal {
            Signal::Traces => &self.traces,
            Signal::Logs => &self.logs,
            Signal::Metrics => &self.metrics,
        }
    }

    fn targets_mut(&mut self, signal: Signal) -> &mut Targets {
        match signal {
            Signal::Traces => &mut self.traces,
            Signal::Logs => &mut self.logs,
            Signal::Metrics => &mut self.metrics,
        }
    }
}

/// Each signal and the variable that bounds how long one of its exports may take.
const SIGNALS: &[(Signal, &str)] = &[
    (Signal::Traces, "OTEL_BSP_EXPORT_TIMEOUT"),
    (Signal::Logs, "OTEL_BLRP_EXPORT_TIMEOUT"),
    (Signal::Metrics, "OTEL_METRIC_EXPORT_TIMEOUT"),
];

pub(super) const SERVICE_NAME: &str = "service.name";

fn resource(lookup: &Lookup<'_>) -> Result<Vec<(String, String)>, ConfigError> {
    let Some(found) = lookup.get("OTEL_RESOURCE_ATTRIBUTES") else { return Ok(Vec::new()) };
    pairs(&found.value).map_err(|_| found.error("a list as key=value,key=value is expected"))
}

fn limits(lookup: &Lookup<'_>) -> Result<Limits, ConfigError> {
    Ok(Limits {
        span_attributes: lookup.count(&["OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT"])?,
        span_attribute_length: lookup
            .count(&["OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"])?,
        span_events: lookup.count(&["OTEL_SPAN_EVENT_COUNT_LIMIT"])?,
        event_attributes: lookup.count(&["OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT"])?,
        log_attributes: lookup.count(&["OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT", "OTEL_ATTRIBUTE_COUNT_LIMIT"])?,
        log_attribute_length: lookup
            .count(&["OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"])?,
    })
}

fn sampler(lookup: &Lookup<'_>) -> Result<Sampler, ConfigError> {
    let Some(found) = lookup.get("OTEL_TRACES_SAMPLER") else { return Ok(based_on_parent(Sampler::AlwaysOn)) };
    let ratio = || {
        let Some(argument) = lookup.get("OTEL_TRACES_SAMPLER_ARG") else { return Ok(Sampler::TraceIdRatioBased(1.0)) };
        let ratio = argument.value.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
        ratio.map(Sampler::TraceIdRatioBased).ok_or_else(|| argument.error("a number from 0 to 1 is expected"))
    };
    Ok(match found.value.as_str() {
        "always_on" => Sampler::AlwaysOn,
        "always_off" => Sampler::AlwaysOff,
        "traceidratio" => ratio()?,
        "parentbased_always_on" => based_on_parent(Sampler::AlwaysOn),
        "parentbased_always_off" => based_on_parent(Sampler::AlwaysOff),
        "parentbased_traceidratio" => based_on_parent(ratio()?),
        "jaeger_remote" | "parentbased_jaeger_remote" | "xray" => {
            lookup.warn(&found, "parentbased_always_on is used");
            based_on_parent(Sampler::AlwaysOn)
        }
        _ => {
            let allowed = "always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off or \
                           parentbased_traceidratio is expected";
            return Err(found.error(allowed));
        }
    })
}

fn based_on_parent(root: Sampler) -> Sampler {
    Sampler::ParentBased(Box::new(root))
}

fn queue(lookup: &Lookup<'_>, prefix: &str, delay: Duration) -> Result<batch::Settings, ConfigError> {
    let items = lookup.positive(&format!("{prefix}_MAX_QUEUE_SIZE"))?.unwrap_or(2048);
    let batch = lookup.positive(&format!("{prefix}_MAX_EXPORT_BATCH_SIZE"))?.unwrap_or(512);
    let delay = lookup.millis(&format!("{prefix}_SCHEDULE_DELAY"))?.unwrap_or(delay);
    Ok(batch::Settings { items, bytes: QUEUE_BYTES, batch: batch.min(items), delay })
}

fn temporality(lookup: &Lookup<'_>) -> Result<Temporality, ConfigError> {
    let Some(found) = lookup.get("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE") else {
        return Ok(Temporality::Cumulative);
    };
    match found.value.to_ascii_lowercase().as_str() {
        "cumulative" => Ok(Temporality::Cumulative),
        "delta" => Ok(Temporality::Delta),
        "lowmemory" => Ok(Temporality::LowMemory),
        _ => Err(found.error("cumulative, delta or lowmemory is expected")),
    }
}
