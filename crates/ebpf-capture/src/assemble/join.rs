//! Joins captured calls with what an instrumented process says of them itself, so that each is told once.

use std::collections::VecDeque;
use std::time::Duration;

use sidetone_core::event::{Call, Outcome};

use super::announcement::Announcement;

/// Most calls, and most announcements, that wait for each other; beyond it the oldest is let go of.
const MAX_WAITING: usize = 8192;

/// How far the starts of a call and of its announcement may lie apart when nothing else names it: the in-process start is
/// before the connection is made.
const START_TOLERANCE: Duration = Duration::from_secs(2);

/// How sure it is that what was said speaks of that call: `None` if it doesn't. Less is surer.
fn distance(said: &Announcement, pid: u32, call: &Call) -> Option<Duration> {
    if said.pid != pid {
        return None;
    }
    if let (Some(ours), Some(theirs)) = (&call.response.id, &said.response_id) {
        return (ours == theirs).then_some(Duration::ZERO);
    }
    if said.response_id.is_some() && matches!(call.outcome, Outcome::Failed(_)) {
        return None;
    }
    if let (Some(ours), Some(theirs)) = (&call.response.request_id, &said.request_id) {
        return (ours == theirs).then_some(Duration::ZERO);
    }
    let start = call.timing.start;
    let apart = start.duration_since(said.start).unwrap_or_else(|earlier| earlier.duration());
    (apart <= START_TOLERANCE).then_some(apart)
}

/// Calls of instrumented processes that wait for their announcement, and announcements that wait for their call.
#[derive(Debug)]
pub(crate) struct Join {
    hold: Duration,
    /// With the moment until which they wait.
    calls: VecDeque<(Duration, u32, Call)>,
    announcements: VecDeque<(Duration, Announcement)>,
    /// Attempts that the process tells with the call that they were for.
    absorbed: u64,
}

impl Join {
    pub(crate) fn new(hold: Duration) -> Self {
        Self { hold, calls: VecDeque::new(), announcements: VecDeque::new(), absorbed: 0 }
    }

    /// How many calls wait.
    pub(crate) fn waiting(&self) -> usize {
        self.calls.len()
    }

    /// Takes in a call of an instrumented process. Gives what is to be told now: that call, if it was announced already, or
    /// the one that waited longest, for want of room.
    pub(crate) fn handle_call(&mut self, pid: u32, call: Call, now: Duration) -> Option<Call> {
        let nearest = self.announcements.iter().enumerate();
        let nearest = nearest.filter_map(|(place, (_, said))| Some((distance(said, pid, &call)?, place))).min();
        if let Some((_, said)) = nearest.and_then(|(_, place)| self.announcements.remove(place)) {
            self.absorb_attempts(&said, &call);
            return Some(announced(call, &said));
        }
        self.calls.push_back((now + self.hold, pid, call));
        if self.calls.len() > MAX_WAITING { self.calls.pop_front().map(|(_, _, call)| call) } else { None }
    }

    /// Takes in an announcement. Gives the call that it speaks of, if that one waits.
    pub(crate) fn handle_announcement(&mut self, said: Announcement, now: Duration) -> Option<Call> {
        let nearest = self.calls.iter().enumerate();
        let nearest = nearest.filter_map(|(place, (_, pid, call))| Some((distance(&said, *pid, call)?, place))).min();
        if let Some((_, _, call)) = nearest.and_then(|(_, place)| self.calls.remove(place)) {
            self.absorb_attempts(&said, &call);
            return Some(announced(call, &said));
        }
        self.announcements.push_back((now + self.hold, said));
        if self.announcements.len() > MAX_WAITING {
            self.announcements.pop_front();
        }
        None
    }

    /// Lets go of the attempts that failed before `call` did what it was announced for: the process tells them with it.
    fn absorb_attempts(&mut self, said: &Announcement, call: &Call) {
        let before = self.calls.len();
        self.calls.retain(|(_, pid, other)| {
            let is_attempt = *pid == said.pid
                && matches!(other.outcome, Outcome::Failed(_))
                && other.timing.start >= said.start
                && other.timing.start < call.timing.start
                && (&other.server, other.surface) == (&call.server, call.surface)
                && other.request.body_bytes == call.request.body_bytes;
            !is_attempt
        });
        self.absorbed += (before - self.calls.len()) as u64;
    }

    /// How many attempts were let go of since this was last asked.
    pub(crate) fn take_absorbed(&mut self) -> u64 {
        std::mem::take(&mut self.absorbed)
    }

    /// Lets go of announcements of which no call was captured for as long as they may wait; answers how many.
    pub(crate) fn forget_unseen(&mut self, now: Duration) -> u64 {
        let before = self.announcements.len();
        while self.announcements.front().is_some_and(|(until, _)| *until <= now) {
            self.announcements.pop_front();
        }
        (before - self.announcements.len()) as u64
    }

    /// The next call that waited for as long as it may.
    pub(crate) fn next_due(&mut self, now: Duration) -> Option<Call> {
        let is_due = self.calls.front().is_some_and(|(until, ..)| *until <= now);
        if is_due { self.calls.pop_front().map(|(_, _, call)| call) } else { None }
    }
}

fn announced(mut call: Call, said: &Announcement) -> Call {
    call.span = Some(said.span);
    call.is_announced = true;
    call
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use sidetone_core::event::{ErrorClass, Failure};

    use super::super::support::{announcement, call};
    use super::*;

    const HOLD: Duration = Duration::from_secs(5);
    const NOW: Duration = Duration::from_secs(100);

    #[test]
    fn a_call_that_is_announced_takes_the_ids_of_the_process_whichever_comes_first() {
        let said = announcement(7, Some("chatcmpl-1"), 0);
        let mut join = Join::new(HOLD);
        assert_eq!(join.handle_call(7, call(Some("chatcmpl-1"), 10, 20), NOW), None);
        let joined = join.handle_announcement(said.clone(), NOW).unwrap();
        assert!(joined.is_announced && joined.span == Some(said.span));
        assert_eq!(join.next_due(NOW + HOLD), None);

        let mut join = Join::new(HOLD);
        assert_eq!(join.handle_announcement(said.clone(), NOW), None);
        let joined = join.handle_call(7, call(Some("chatcmpl-1"), 10, 20), NOW).unwrap();
        assert!(joined.is_announced && joined.span == Some(said.span));
        assert_eq!(join.forget_unseen(NOW + HOLD), 0);
    }

    #[test]
    fn a_call_without_announcement_is_told_as_it_is_once_it_was_held_long_enough() {
        let mut join = Join::new(HOLD);
        assert_eq!(join.handle_call(7, call(Some("chatcmpl-1"), 10, 20), NOW), None);
        assert_eq!(join.next_due(NOW + HOLD - Duration::from_nanos(1)), None);
        let told = join.next_due(NOW + HOLD).unwrap();
        assert!(!told.is_announced && told.span.is_none());
        assert_eq!(join.next_due(NOW + HOLD), None);
    }

    #[test]
    fn another_process_and_another_answer_are_no_match_however_near() {
        let mut join = Join::new(HOLD);
        assert_eq!(join.handle_call(7, call(Some("chatcmpl-1"), 10, 20), NOW), None);
        assert_eq!(join.handle_announcement(announcement(8, Some("chatcmpl-1"), 10), NOW), None);
        assert_eq!(join.handle_announcement(announcement(7, Some("chatcmpl-2"), 10), NOW), None);
        assert_eq!(join.forget_unseen(NOW + HOLD), 2);
    }

    #[test]
    fn without_ids_of_the_answer_the_servers_id_of_the_request_decides_then_the_nearest_start() {
        let mut join = Join::new(HOLD);
        for (request_id, start) in [("req_1", 10), ("req_2", 11)] {
            let mut call = call(None, start, 20);
            call.response.request_id = Some(request_id.into());
            assert_eq!(join.handle_call(7, call, NOW), None);
        }
        let mut said = announcement(7, None, 10);
        said.request_id = Some("req_2".into());
        assert_eq!(join.handle_announcement(said, NOW).unwrap().response.request_id.as_deref(), Some("req_2"));

        let mut join = Join::new(HOLD);
        for start in [10, 500, 900] {
            assert_eq!(join.handle_call(7, call(None, start, 2_000), NOW), None);
        }
        assert_eq!(
            join.handle_announcement(announcement(7, None, 480), NOW).unwrap().timing.start,
            super::super::support::at(500)
        );
        assert_eq!(join.handle_announcement(announcement(7, None, 60_000), NOW), None);
    }

    #[test]
    fn attempts_that_failed_before_are_the_announced_calls_own() {
        let attempt = |start, model_bytes| {
            let mut attempt = call(None, start, start + 5);
            attempt.outcome = Outcome::Failed(Failure::of(ErrorClass::RateLimit));
            attempt.request.body_bytes = Some(model_bytes);
            attempt
        };
        let mut whole = call(Some("chatcmpl-1"), 300, 400);
        whole.request.body_bytes = Some(80);
        for call_first in [true, false] {
            let mut join = Join::new(HOLD);
            // Two attempts, one of another request, one from before the call, and one of another process.
            for (pid, start, bytes) in [(7, 100, 80), (7, 200, 80), (7, 210, 99), (7, 40, 80), (8, 100, 80)] {
                assert_eq!(join.handle_call(pid, attempt(start, bytes), NOW), None);
            }
            let said = announcement(7, Some("chatcmpl-1"), 95);
            let joined = if call_first {
                assert_eq!(join.handle_call(7, whole.clone(), NOW), None);
                join.handle_announcement(said, NOW)
            } else {
                assert_eq!(join.handle_announcement(said, NOW), None, "an answer that none of them has");
                join.handle_call(7, whole.clone(), NOW)
            };
            assert!(joined.unwrap().is_announced);
            assert_eq!((join.take_absorbed(), join.waiting()), (2, 3));
            assert_eq!(join.take_absorbed(), 0);
        }
    }

    #[test]
    fn no_more_calls_wait_than_there_is_room_for_and_the_oldest_is_told() {
        let mut join = Join::new(HOLD);
        for number in 0..MAX_WAITING {
            assert_eq!(join.handle_call(7, call(Some(&number.to_string()), 10, 20), NOW), None);
        }
        assert_eq!(join.handle_call(7, call(Some("last"), 10, 20), NOW).unwrap().response.id.as_deref(), Some("0"));
        assert_eq!(join.waiting(), MAX_WAITING);
    }
}
