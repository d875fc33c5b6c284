//! What a security scan found, as log events of ours: no convention has a name for it.

use super::names;
use super::{Attribute, Value};
use crate::event::{Call, Finding, MoreFindings, Severity};

/// A log event that tells of one finding, or of all of one rule's beyond those that are listed.
#[derive(Debug, Clone, PartialEq)]
pub struct FindingEvent<'a> {
    /// How bad it is.
    pub severity: Severity,
    /// Its attributes.
    pub attributes: Vec<Attribute<'a>>,
}

/// The log events [`sidetone.security.finding`](names::SIDETONE_SECURITY_FINDING) of a call, in order.
#[must_use]
pub fn findings(call: &Call) -> Vec<FindingEvent<'_>> {
    let listed = call.findings.listed.iter().map(one);
    listed.chain(call.findings.more.iter().map(more)).collect()
}

fn one(finding: &Finding) -> FindingEvent<'_> {
    let int = |at: usize| Value::Int(i64::try_from(at).unwrap_or(i64::MAX));
    let mut attributes = vec![
        (names::SIDETONE_FINDING_RULE, Value::Str(&finding.rule)),
        (names::SIDETONE_FINDING_CATEGORY, Value::Static(finding.category.as_str())),
        (names::SIDETONE_FINDING_SEVERITY, Value::Static(finding.severity.as_str())),
        (names::SIDETONE_FINDING_PLACE, Value::String(finding.place.field.to_string())),
        (names::SIDETONE_FINDING_START, int(finding.place.range.start)),
        (names::SIDETONE_FINDING_END, int(finding.place.range.end)),
    ];
    if let Some(excerpt) = finding.excerpt.as_deref() {
        attributes.push((names::SIDETONE_FINDING_EXCERPT, Value::Str(excerpt)));
    }
    FindingEvent { severity: finding.severity, attributes }
}

fn more(more: &MoreFindings) -> FindingEvent<'_> {
    let attributes = vec![
        (names::SIDETONE_FINDING_RULE, Value::Str(&more.rule)),
        (names::SIDETONE_FINDING_CATEGORY, Value::Static(more.category.as_str())),
        (names::SIDETONE_FINDING_SEVERITY, Value::Static(more.severity.as_str())),
        (names::SIDETONE_FINDING_COUNT, Value::Int(i64::try_from(more.count).unwrap_or(i64::MAX))),
    ];
    FindingEvent { severity: more.severity, attributes }
}
