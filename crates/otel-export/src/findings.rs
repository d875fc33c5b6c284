//! What a security scan found in a call: log events and a counter.

use opentelemetry::KeyValue;
use opentelemetry::logs::Severity as Level;
use opentelemetry::metrics::{Counter, Meter};
use sidetone_core::dialect::names;
use sidetone_core::event::{Findings, MoreFindings, Severity};

/// The counter [`sidetone.security.findings`](names::SIDETONE_SECURITY_FINDINGS).
#[derive(Debug)]
pub(crate) struct FindingCounter(Counter<u64>);

impl FindingCounter {
    pub(crate) fn new(meter: &Meter) -> Self {
        let about = names::EXTENSIONS
            .iter()
            .find(|own| own.name == names::SIDETONE_SECURITY_FINDINGS)
            .map_or("", |own| own.about);
        Self(
            meter.u64_counter(names::SIDETONE_SECURITY_FINDINGS).with_unit("{finding}").with_description(about).build(),
        )
    }

    pub(crate) fn add(&self, findings: &Findings) {
        for MoreFindings { rule, category, severity, count } in findings.by_rule() {
            let attributes = [
                KeyValue::new(names::SIDETONE_FINDING_RULE, String::from(rule)),
                KeyValue::new(names::SIDETONE_FINDING_CATEGORY, category.as_str()),
                KeyValue::new(names::SIDETONE_FINDING_SEVERITY, severity.as_str()),
            ];
            self.0.add(count, &attributes);
        }
    }
}

/// The level of a log event that tells of a finding.
pub(crate) fn level(severity: Severity) -> Level {
    match severity {
        Severity::High => Level::Warn,
        Severity::Medium | Severity::Low => Level::Info,
    }
}
