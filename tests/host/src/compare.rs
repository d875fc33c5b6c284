//! Whether the calls that were seen are those that the server answered, one for one.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use sidetone_testkit::server::Answered;

use crate::event::Event;

/// What two clocks of one machine may be apart: the monotonic one, from which an event's times are made, and the wall clock.
const CLOCKS_APART: f64 = 0.010;

/// The event of each answer of a call, in the order of the answers.
///
/// # Panics
/// When the calls seen are not those answered, each exactly once; or one differs in what both know: process, model, token counts,
/// lengths of bodies, whether it is a stream, and the order of times.
#[track_caller]
pub fn one_to_one<'e>(events: &'e [Event], answers: &[Answered]) -> Vec<&'e Event> {
    let mut by_tokens: BTreeMap<_, Vec<&Event>> = BTreeMap::new();
    for event in events {
        by_tokens.entry((event.input_tokens, event.output_tokens)).or_default().push(event);
    }
    let mut wrong = Vec::new();
    let mut matched = Vec::new();
    for answer in answers {
        match by_tokens.remove(&(answer.input_tokens, answer.output_tokens)).as_deref() {
            Some([event]) => {
                wrong.extend(differences(event, answer));
                matched.push(*event);
            }
            Some(several) => wrong.push(format!("{} is there {} times", named(answer), several.len())),
            None => wrong.push(format!("{} is not there", named(answer))),
        }
    }
    let made_up = by_tokens.into_values().flatten();
    wrong.extend(made_up.map(|event| format!("nobody answered {}", event.response)));
    let (seen, all) = (events.len(), answers.len());
    assert!(wrong.is_empty(), "{seen} calls seen, {all} answered:\n{}", wrong.join("\n"));
    matched
}

fn named(answer: &Answered) -> String {
    format!("the answer {}", answer.json())
}

fn differences(event: &Event, answer: &Answered) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut check = |what: &str, holds: bool| {
        if !holds {
            wrong.push(format!("{what}: {} was seen as {}", named(answer), event.response));
        }
    };
    let said = |name: &str| answer.said.iter().find(|(said, _)| said == name).map(|(_, value)| value.as_str());
    if let Some(pid) = said("pid") {
        check("process", event.pid.map(|pid| pid.to_string()).as_deref() == Some(pid));
    }
    check("outcome", event.outcome == "completed" && event.is_complete);
    // The mock answers with the requested model.
    check("model", event.model.is_some() && event.model == answer.model);
    check("id", event.id == answer.id);
    check("stream", event.is_stream == answer.is_stream);
    check("request's length", event.response_of_request("body_bytes") == Some(answer.request.bytes));
    let read = event.response["data"]["response"]["body_bytes"].as_u64();
    // A client may close once it has read the last event.
    check("response's length", read == Some(answer.response.bytes) || !answer.is_complete);
    let at = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    let in_order = |earlier: f64, later: f64| earlier <= later + CLOCKS_APART;
    check("start", in_order(event.start, at(answer.received)));
    check("end", in_order(at(answer.ended), event.end) || !answer.is_complete);
    check("first token", event.time_to_first_token.is_some() == answer.is_stream);
    if let Some(first) = event.time_to_first_token.map(|time| event.start + time) {
        check("first token before the answer", answer.first_piece.is_some_and(|piece| in_order(at(piece), first)));
        check("first token after the end", first <= event.end);
    }
    wrong
}

impl Event {
    fn response_of_request(&self, name: &str) -> Option<u64> {
        self.request["data"]["request"][name].as_u64()
    }
}
