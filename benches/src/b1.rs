//! B1: what one call that isn't streamed costs on the caller's path.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use sidetone_core::policy::Content;

use crate::caller::Caller;
use crate::loopback::{self, Remote};
use crate::meter::Entry;
use crate::ours::{Attended, Nothing, Observed, Ours};
use crate::payload::Payload;
use crate::peers::plain_tee::Rebuild;
use crate::peers::reqwest_tracing;

const CALLS: usize = 200;

/// Nothing attached, ours, the floor, and the peer, with so many calls open at once.
pub(crate) fn entries() -> Vec<Entry> {
    [1, 100, 10_000].into_iter().flat_map(at_once).collect()
}

fn at_once(open: usize) -> [Entry; 4] {
    let calls = CALLS.max(open);
    let payload = Payload::chat(2 << 10);
    let (base, ours, peer, rebuilt) = (payload.clone(), payload.clone(), payload.clone(), payload);
    [
        Entry::new(format!("b1.base@{open}"), calls as u64, move || {
            reqwest_tracing::subscribe();
            Caller::new(&base, None, Box::new(Nothing), calls, open)
        }),
        Entry::new(format!("b1.ours@{open}"), calls as u64, move || {
            reqwest_tracing::subscribe();
            observed(&ours, calls, open)
        }),
        Entry::new(format!("b1.rebuild@{open}"), calls as u64, move || {
            reqwest_tracing::subscribe();
            Caller::new(&rebuilt, Some(Arc::new(Rebuild)), Box::new(Nothing), calls, open)
        }),
        Entry::new(format!("b1.reqwest-tracing@{open}"), calls as u64, move || {
            let middleware = reqwest_tracing::middleware();
            Caller::new(&peer, Some(middleware), Box::new(reqwest_tracing::Traced::new()), calls, open)
        }),
    ]
}

/// A caller that we observe, content off.
pub(crate) fn observed(payload: &Payload, calls: usize, open: usize) -> Caller {
    let (ours, seen) = Ours::checked(payload, Content::Off);
    let middleware = ours.middleware();
    let attached = Observed { ours: Rc::new(RefCell::new(ours)), seen };
    Caller::new(payload, Some(middleware), Box::new(attached), calls, open)
}

/// The same over the loopback interface, with a worker thread.
///
/// # Errors
/// When there is no server.
pub(crate) fn over_loopback() -> Result<[Entry; 3], String> {
    const CALLS: u64 = 50;
    let payload = Payload::chat(2 << 10);
    let address = loopback::serve(&payload, &Payload::stream(1000))?;
    let (base, ours, peer) = (payload.clone(), payload.clone(), payload);
    Ok([
        Entry::new("b1.loopback.base", CALLS, move || Remote::new(address, &base, None, Box::new(Nothing), CALLS)),
        Entry::new("b1.loopback.ours", CALLS, move || {
            let attended = Attended::new(&ours);
            let middleware = attended.middleware();
            Remote::new(address, &ours, middleware, Box::new(attended), CALLS)
        }),
        Entry::new("b1.loopback.reqwest-tracing", CALLS, move || {
            let traced: Arc<_> = reqwest_tracing::middleware();
            Remote::new(address, &peer, Some(traced), Box::new(reqwest_tracing::Traced::new()), CALLS)
        }),
    ])
}
