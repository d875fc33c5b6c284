//! What the application is told, and what it answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What the application is told to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Command {
    /// Makes a runtime; the one before is shut down.
    Runtime(Threads),
    /// Shuts the runtime down, with whatever runs in it.
    EndRuntime,
    /// Starts to observe; the answer is a [`Done`].
    Start(Start),
    /// Makes calls and waits for them; the answer is a [`Made`].
    Calls(Calls),
    /// Begins a call and doesn't wait for it, only for the first bytes of its answer; the answer is a [`Done`].
    Begin(Request),
    /// Flushes; the answer is a [`Done`].
    Flush {
        /// The timeout.
        ms: u64,
    },
    /// Stops; the answer is a [`Done`].
    Stop {
        /// The timeout.
        ms: u64,
        /// Where.
        from: Place,
    },
    /// Drops every handle without a word; the answer is a [`Done`].
    Drop {
        /// Where.
        from: Place,
    },
    /// The answer is a [`State`].
    State,
}

/// A kind of Tokio runtime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Threads {
    /// `current_thread`.
    Current,
    /// `multi_thread`, with two workers.
    Several,
}

/// Where something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// Outside any runtime.
    Main,
    /// In the future that the runtime blocks on.
    BlockedOn,
    /// In a task of the runtime.
    Task,
}

/// What the builder is told.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Start {
    /// `app_name`.
    pub app_name: Option<String>,
    /// Whether content is kept; otherwise the environment says it.
    pub content: Option<bool>,
    /// The name of the dialect; otherwise the environment says it.
    pub dialect: Option<String>,
    /// `stop_timeout`.
    pub stop_timeout_ms: Option<u64>,
    /// Most items queued.
    pub queue_items: Option<usize>,
    /// `development`.
    pub development: bool,
    /// Whether it is done in the runtime.
    pub in_runtime: bool,
}

/// A request.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Request {
    /// Where to.
    pub url: String,
    /// JSON.
    pub body: String,
}

/// Calls to make.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Calls {
    /// What is asked, in turn.
    pub requests: Vec<Request>,
    /// How many calls in all.
    pub count: usize,
    /// How many at once.
    pub at_once: usize,
    /// Whether the handle that was started last observes them.
    pub are_observed: bool,
}

/// Something was done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// What it answered instead of `Ok`.
    pub error: Option<String>,
    /// How long it took.
    pub ms: u64,
}

/// Calls were made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    /// What each call gave: its status, headers and bytes as one number, or its error.
    pub results: Vec<Result<u64, String>>,
}

/// The state of the application.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Most memory that was ever resident, in KiB.
    pub peak_kib: u64,
    /// What was dropped, by reason: items and bytes.
    pub dropped: BTreeMap<String, (u64, u64)>,
}

impl State {
    /// Items dropped for one reason.
    #[must_use]
    pub fn items(&self, reason: &str) -> u64 {
        self.dropped.get(reason).map_or(0, |(items, _)| *items)
    }
}
