//! A program that observes itself, under an agent: one span for each call in a real receiver.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::time::Duration;

use sidetone_host_tests::compare;
use sidetone_host_tests::place::Place;
use sidetone_host_tests::watch::{Agent, Running, of, program};
use sidetone_testkit::backends::{self, Span, Value};

const PATIENCE: Duration = Duration::from_secs(30);

fn is_of(span: &Span, service: &str) -> bool {
    span.resource.attributes.get("service.name") == Some(&Value::Str(service.to_owned()))
}

#[test]
fn each_call_has_one_span_by_the_program_itself_and_by_the_agent_when_that_stops() {
    let Some(place) = Place::new("api.openai.com", &["http/1.1"], |server| server) else { return };
    let Some(collector) = backends::collector() else { return };
    let endpoint = collector.http_endpoint();
    let mut command = place.command(program("instrumented-client"));
    let mut client = Running::start(command.env("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint));
    let pid = client.pid();
    // It is there when the agent looks, so that none of its calls is too early.
    let mut agent = Agent::start(&["--otlp", &endpoint, "--pid", &pid.to_string()]);
    for step in ["plain", "stream", "plain", "stop", "stream", "plain"] {
        client.step(step);
    }
    let events = agent.wait_for(&[pid], 5);
    assert!(client.end().status.success());
    let seen = agent.stop();
    assert_eq!(of(seen.events, &[pid]), events);
    let events = compare::one_to_one(&events, &place.server.answers());

    let received = collector.wait_until(PATIENCE, |received| received.spans.len() >= 5);
    let by_program: Vec<&Span> = received.spans.iter().filter(|span| is_of(span, "instrumented")).collect();
    let host_wide: Vec<&Span> = received.spans.iter().filter(|span| is_of(span, "sidetone-agent")).collect();
    assert_eq!((by_program.len(), host_wide.len(), received.spans.len()), (3, 2, 5), "{:#?}", received.spans);
    // JSON lines have the ids of the span that was exported, whoever made it.
    for (index, event) in events.iter().enumerate() {
        let spans = if index < 3 { &by_program } else { &host_wide };
        let ids =
            |span: &&&Span| event.response["trace_id"] == span.trace_id && event.response["span_id"] == span.span_id;
        let span = spans.iter().find(ids).unwrap_or_else(|| panic!("no span of {}: {spans:#?}", event.response));
        let tokens = event.input_tokens.map(|count| Value::Int(i64::try_from(count).unwrap()));
        assert_eq!(span.attributes.get("gen_ai.usage.input_tokens"), tokens.as_ref());
    }
}
