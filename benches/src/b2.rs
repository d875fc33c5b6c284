//! B2: what each piece of a stream costs on the caller's path.

use std::sync::Arc;

use crate::b1::observed;
use crate::caller::Caller;
use crate::meter::Entry;
use crate::ours::Nothing;
use crate::payload::Payload;
use crate::peers::plain_tee::{Queued, Rebuild};

/// The stream alone, ours, and a plain tee: one stream of 1,000 pieces, then many streams at once; and one of 2,000 to
/// tell what each piece allocates from what each call does.
pub(crate) fn entries() -> Vec<Entry> {
    [(1000, 1), (2000, 1), (100, 100), (10, 10_000)]
        .into_iter()
        .flat_map(|(pieces, open)| streams(pieces, open))
        .collect()
}

fn streams(pieces: usize, open: usize) -> [Entry; 4] {
    let units = (pieces * open) as u64;
    let payload = Payload::stream(pieces);
    let (base, ours, tee, rebuilt) = (payload.clone(), payload.clone(), payload.clone(), payload);
    let name = move |who: &str| format!("b2.{who}.{pieces}@{open}");
    [
        Entry::new(name("base"), units, move || Caller::new(&base, None, Box::new(Nothing), open, open)),
        Entry::new(name("ours"), units, move || observed(&ours, open, open)),
        Entry::new(name("rebuild"), units, move || {
            Caller::new(&rebuilt, Some(Arc::new(Rebuild)), Box::new(Nothing), open, open)
        }),
        Entry::new(name("tee"), units, move || {
            let (middleware, queued) = Queued::new(pieces as u64);
            Caller::new(&tee, Some(Arc::new(middleware)), Box::new(queued), open, open)
        }),
    ]
}
