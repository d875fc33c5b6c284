//! What a security scan found is told as log events of the call's span, counted on the span and by a metric.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use std::sync::Arc;
use std::time::{Duration, Instant};

use common::{chat, finished, memory};
use opentelemetry::Value;
use opentelemetry::logs::{AnyValue, Severity as Level};
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData};
use opentelemetry_sdk::trace::Sampler;
use sidetone_core::dialect::V2;
use sidetone_core::event::{Call, Category, Field, Finding, Findings, Identity, Place, Severity};
use sidetone_otel_export::{OtelSink, Readable};
use sidetone_pipeline::{Counters, Sink as _};

fn finding(rule: &str, severity: Severity) -> Finding {
    Finding {
        rule: rule.into(),
        category: Category::Credential,
        severity,
        place: Place { field: Field::Message { message: 1, part: Some(0) }, range: 4..24 },
        excerpt: Some("AKIA… (20 bytes)".into()),
    }
}

fn call() -> Call {
    let mut findings = Findings::default();
    for rule in ["a", "b", "b", "b"] {
        findings.add(finding(rule, if rule == "a" { Severity::High } else { Severity::Low }), 2);
    }
    let identity = Identity {
        app_name: Some("assistant".into()),
        agent_id: Some("planner".into()),
        user_id: Some("sha256:u".into()),
        session_id: Some("sha256:s".into()),
    };
    Call { findings, identity: Arc::new(identity), ..chat() }
}

fn text(text: &'static str) -> AnyValue {
    AnyValue::String(text.into())
}

#[test]
fn findings_are_log_events_of_the_span_counted_on_it_and_by_rule() {
    let memory = memory(Sampler::AlwaysOn);
    let mut sink = OtelSink::with_providers(memory.providers.clone(), &V2, Arc::new(Counters::default()));
    sink.call(&mut finished(call()));
    sink.flush(Instant::now() + Duration::from_secs(60)).unwrap();
    let span = &memory.spans.get_finished_spans().unwrap()[0];
    let value = |name: &str| span.attributes.iter().find(|own| own.key.as_str() == name).map(|own| own.value.clone());
    assert_eq!(value("sidetone.findings"), Some(Value::I64(4)));
    assert_eq!(value("sidetone.findings.high"), Some(Value::I64(1)));
    assert_eq!(value("sidetone.user.id"), Some(Value::String("sha256:u".into())));
    assert_eq!(value("sidetone.session.id"), Some(Value::String("sha256:s".into())));

    let logs = memory.logs.get_emitted_logs().unwrap();
    let told: Vec<_> = logs.iter().filter(|log| log.record.event_name() == Some("sidetone.security.finding")).collect();
    assert_eq!(told.len(), 3, "two that are listed, and the rest of the second's rule");
    for log in &told {
        let context = log.record.trace_context().unwrap();
        assert_eq!((context.trace_id, context.span_id), (span.span_context.trace_id(), span.span_context.span_id()));
    }
    let attribute = |log: usize, name: &str| {
        told[log].record.attributes_iter().find(|(key, _)| key.as_str() == name).map(|(_, value)| value.clone())
    };
    assert_eq!(told[0].record.severity_number(), Some(Level::Warn));
    assert_eq!(attribute(0, "sidetone.finding.rule"), Some(text("a")));
    assert_eq!(attribute(0, "sidetone.finding.place"), Some(text("request.messages[1].parts[0]")));
    assert_eq!(attribute(0, "sidetone.finding.start"), Some(AnyValue::Int(4)));
    assert_eq!(attribute(0, "sidetone.finding.excerpt"), Some(text("AKIA… (20 bytes)")));
    assert_eq!(attribute(2, "sidetone.finding.count"), Some(AnyValue::Int(2)));
    // Whose they are is on every log event.
    for log in &logs {
        let has =
            |name: &str, value| log.record.attributes_iter().any(|(key, own)| key.as_str() == name && *own == value);
        assert!(has("sidetone.app.name", text("assistant")) && has("gen_ai.agent.id", text("planner")), "{log:?}");
    }

    let metrics = memory.metrics.get_finished_metrics().unwrap();
    let all = metrics.iter().flat_map(|resource| resource.scope_metrics()).flat_map(|scope| scope.metrics());
    let counted =
        all.filter(|metric| metric.name() == "sidetone.security.findings").find_map(|metric| match metric.data() {
            AggregatedMetrics::U64(MetricData::Sum(sum)) => {
                let mut counts: Vec<_> = sum
                    .data_points()
                    .map(|point| {
                        let rule = point.attributes().find(|own| own.key.as_str() == "sidetone.finding.rule");
                        (rule.unwrap().value.to_string(), point.value())
                    })
                    .collect();
                counts.sort();
                Some(counts)
            }
            _ => None,
        });
    assert_eq!(counted, Some(vec![("a".to_owned(), 1), ("b".to_owned(), 3)]));
}

#[test]
fn a_call_without_findings_says_nothing_of_them() {
    let memory = memory(Sampler::AlwaysOn);
    let mut sink = OtelSink::with_providers(memory.providers.clone(), &V2, Arc::new(Counters::default()));
    sink.call(&mut finished(chat()));
    sink.flush(Instant::now() + Duration::from_secs(60)).unwrap();
    let shown = format!("{:?}{:?}", memory.spans.get_finished_spans(), memory.logs.get_emitted_logs());
    assert!(!shown.contains("sidetone.finding") && !shown.contains("sidetone.security"), "{shown}");
}

#[test]
fn a_brief_account_is_a_line_that_nothing_can_break() {
    let mut out = Vec::new();
    let mut named = call();
    named.request.model = Some("a\nb\u{1b}[31m".into());
    Readable::brief(&mut out, &V2).call(&mut finished(named));
    let line = String::from_utf8(out).unwrap();
    assert_eq!(line, "● chat a\\nb\\u{1b}[31m (250ms) completed, 20 → 10 tokens, 4 findings\n");
}
