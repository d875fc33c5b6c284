//! How the outer part of a tower stack tells the inner part whose attempt a request is.
//!
//! async-openai's requests come out of an opaque factory, and have no place for a note. But the inner part polls the
//! factory that the outer part made: what the outer part leaves on the thread when it hands out a request, the inner
//! part finds when that very poll returns. It holds across retries, clones and a `tower::buffer` in between.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;

use crate::owned::OwnedCall;

thread_local! {
    static HANDED_OVER: Cell<Option<OwnedCall>> = const { Cell::new(None) };
}

/// Says that the request which is about to be handed out is an attempt of `call`.
pub(crate) fn hand_over(call: OwnedCall) {
    // On a thread that is being torn down nobody listens.
    let _ = HANDED_OVER.try_with(|place| place.set(Some(call)));
}

fn take() -> Option<OwnedCall> {
    HANDED_OVER.try_with(Cell::take).ok().flatten()
}

/// What `build` gives, and the call that it is an attempt of.
pub(crate) async fn received<T>(build: impl Future<Output = T>) -> (T, Option<OwnedCall>) {
    let mut build = pin!(build);
    let mut call = None;
    let built = poll_fn(|cx| {
        // What an outer part without an inner one left here is none of ours.
        take();
        let polled = build.as_mut().poll(cx);
        call = take().or_else(|| call.take());
        polled
    })
    .await;
    (built, call)
}
