//! Finds exchanges that were seen twice, at the client's end and at the server's, both on this host.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use sidetone_core::event::Call;

/// How long a served call waits for the client's end of it to be understood too.
const SETTLE: Duration = Duration::from_secs(1);
/// How long a client's call is remembered.
const REMEMBER: Duration = Duration::from_secs(30);
/// Most calls of either kind that are held for this; beyond it the oldest is let go of.
const MAX_WAITING: usize = 8192;
/// How far the end of an exchange may lie before its server's end of it: the reader of the last byte can return before the
/// writer does.
const END_SLACK: Duration = Duration::from_millis(250);

/// What is remembered of a call that a client of this host made.
#[derive(Debug)]
struct Asked {
    until: Duration,
    start: SystemTime,
    end: SystemTime,
    marks: Marks,
}

/// What tells two exchanges apart when it is known of both.
#[derive(Debug)]
struct Marks {
    response_id: Option<Box<str>>,
    request_id: Option<Box<str>>,
    model: Option<Box<str>>,
    sent: Option<u64>,
    received: u64,
}

impl Marks {
    fn of(call: &Call) -> Self {
        Self {
            response_id: call.response.id.as_deref().map(Into::into),
            request_id: call.response.request_id.as_deref().map(Into::into),
            model: call.request.model.as_deref().map(Into::into),
            sent: call.request.body_bytes,
            received: call.response.body_bytes,
        }
    }

    fn may_be(&self, other: &Self) -> bool {
        fn differ<T: PartialEq>(one: Option<&T>, other: Option<&T>) -> bool {
            one.zip(other).is_some_and(|(one, other)| one != other)
        }
        if self.response_id.is_some() && self.response_id == other.response_id {
            return true;
        }
        !differ(self.response_id.as_ref(), other.response_id.as_ref())
            && !differ(self.request_id.as_ref(), other.request_id.as_ref())
            && !differ(self.model.as_ref(), other.model.as_ref())
            && !differ(self.sent.as_ref(), other.sent.as_ref())
            && self.received == other.received
    }
}

/// Served calls that wait to be known as the other end of a client's, and the clients' calls of late.
#[derive(Debug, Default)]
pub(crate) struct Pairs {
    asked: VecDeque<Asked>,
    served: VecDeque<(Duration, Call)>,
}

impl Pairs {
    /// Remembers a call that a client of this host made.
    pub(crate) fn handle_asked(&mut self, call: &Call, now: Duration) {
        let start = call.timing.start;
        let asked = Asked { until: now + REMEMBER, start, end: start + call.timing.total, marks: Marks::of(call) };
        self.asked.push_back(asked);
        if self.asked.len() > MAX_WAITING {
            self.asked.pop_front();
        }
    }

    /// Takes in a call that a process of this host served. Gives one that can't wait any longer, for want of room.
    pub(crate) fn handle_served(&mut self, call: Call, now: Duration) -> Option<Served> {
        self.served.push_back((now + SETTLE, call));
        if self.served.len() > MAX_WAITING { self.pop() } else { None }
    }

    /// The next served call of which is known what it is.
    pub(crate) fn next_due(&mut self, now: Duration) -> Option<Served> {
        if self.served.front().is_some_and(|(until, _)| *until <= now) {
            return self.pop();
        }
        while self.asked.front().is_some_and(|asked| asked.until <= now) {
            self.asked.pop_front();
        }
        None
    }

    fn pop(&mut self) -> Option<Served> {
        let (_, call) = self.served.pop_front()?;
        let (start, end) = (call.timing.start, call.timing.start + call.timing.total);
        let marks = Marks::of(&call);
        // A client's end of an exchange begins before the server's and ends after it. Through a gateway several do: the one that
        // began last is its own client's, those around it are the gateway's clients'.
        let around =
            self.asked.iter().enumerate().filter(|(_, asked)| {
                asked.start <= start && asked.end + END_SLACK >= end && asked.marks.may_be(&marks)
            });
        match around.max_by_key(|(_, asked)| asked.start).map(|(place, _)| place) {
            Some(place) => {
                self.asked.remove(place);
                Some(Served::Twice)
            }
            None => Some(Served::Alone(Box::new(call))),
        }
    }

    /// How many served calls wait.
    pub(crate) fn waiting(&self) -> usize {
        self.served.len()
    }
}

/// What a served call turned out to be.
#[derive(Debug)]
pub(crate) enum Served {
    /// Its client is on this host and tells it.
    Twice,
    /// Nobody else tells it.
    Alone(Box<Call>),
}

#[cfg(test)]
mod tests {
    use super::super::support::{at, call};
    use super::*;

    const NOW: Duration = Duration::from_secs(100);

    /// The starts of those that nobody else tells, of those that are due, and how many are told elsewhere.
    fn due(pairs: &mut Pairs) -> (Vec<SystemTime>, usize) {
        let (mut alone, mut twice) = (Vec::new(), 0);
        while let Some(served) = pairs.next_due(NOW + SETTLE) {
            match served {
                Served::Alone(call) => alone.push(call.timing.start),
                Served::Twice => twice += 1,
            }
        }
        (alone, twice)
    }

    #[test]
    fn an_exchange_seen_at_both_ends_is_told_by_the_client_alone_whichever_end_is_first() {
        for client_first in [true, false] {
            let mut pairs = Pairs::default();
            let (asked, served) = (call(Some("a"), 10, 50), call(Some("a"), 15, 48));
            if client_first {
                pairs.handle_asked(&asked, NOW);
            }
            assert!(pairs.handle_served(served, NOW).is_none());
            if !client_first {
                pairs.handle_asked(&asked, NOW);
            }
            assert_eq!(due(&mut pairs), (vec![], 1));
        }
    }

    #[test]
    fn a_served_exchange_whose_client_is_elsewhere_is_told_after_a_while() {
        let mut pairs = Pairs::default();
        pairs.handle_asked(&call(Some("b"), 10, 50), NOW);
        assert!(pairs.handle_served(call(Some("a"), 15, 48), NOW).is_none());
        assert!(pairs.next_due(NOW).is_none(), "its client may still be understood");
        assert_eq!(due(&mut pairs), (vec![at(15)], 0));
    }

    #[test]
    fn a_gateway_whose_onward_call_has_the_same_answer_is_paired_by_time() {
        // An application asks a gateway, which asks a server on the same host: all four ends are seen.
        let (application, gateway_serves) = (call(Some("a"), 10, 90), call(Some("a"), 12, 88));
        let (gateway_asks, server) = (call(Some("a"), 20, 80), call(Some("a"), 22, 78));
        let mut pairs = Pairs::default();
        pairs.handle_asked(&gateway_asks, NOW);
        pairs.handle_asked(&application, NOW);
        assert!(pairs.handle_served(server, NOW).is_none());
        assert!(pairs.handle_served(gateway_serves.clone(), NOW).is_none());
        assert_eq!(due(&mut pairs), (vec![], 2));
        // The application is elsewhere: the gateway's own onward call doesn't stand for what it serves.
        let mut pairs = Pairs::default();
        pairs.handle_asked(&gateway_asks, NOW);
        assert!(pairs.handle_served(gateway_serves, NOW).is_none());
        assert_eq!(due(&mut pairs), (vec![at(12)], 0));
    }

    #[test]
    fn each_call_of_a_client_stands_for_one_served_exchange() {
        let mut pairs = Pairs::default();
        pairs.handle_asked(&call(None, 10, 50), NOW);
        for start in [12, 13] {
            assert!(pairs.handle_served(call(None, start, 40), NOW).is_none());
        }
        assert_eq!(due(&mut pairs), (vec![at(13)], 1));
    }

    #[test]
    fn bodies_of_other_lengths_are_other_exchanges() {
        let mut pairs = Pairs::default();
        pairs.handle_asked(&call(None, 10, 50), NOW);
        let mut served = call(None, 15, 48);
        served.response.body_bytes = 5;
        assert!(pairs.handle_served(served, NOW).is_none());
        assert_eq!(due(&mut pairs), (vec![at(15)], 0));
    }
}
