//! One LLM call, from its request to its end.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{
    Cost, ErrorClass, Findings, Identity, Missing, Operation, Outcome, OwnSpan, ParentSpan, Request, Response, Step,
    Usage, Value,
};

/// The server that a call was sent to, as the client addressed it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Server {
    /// Host name or address, without brackets or port; empty if it isn't known (a connection that was joined late).
    pub address: Box<str>,
    /// Port, also when it is the scheme's default.
    pub port: Option<u16>,
}

/// When things happened. Durations count from the start of the call.
#[derive(Debug, Clone, PartialEq)]
pub struct Timing {
    /// When the client began to send.
    pub start: SystemTime,
    /// Until the response's head arrived; `None` if it never did.
    pub head: Option<Duration>,
    /// Until the first chunk of a stream, whatever it carried; `None` when not streamed.
    ///
    /// The words of `gen_ai.response.time_to_first_chunk` and its metric are "when the first chunk is received in the
    /// response stream": a chunk that only names the role counts, as it does for the peers.
    pub first_chunk: Option<Duration>,
    /// Until the first chunk of a stream that carried output (text, refusal, reasoning, audio, tool arguments): the time
    /// to the first token. `None` when not streamed.
    pub first_output: Option<Duration>,
    /// Until the last chunk of a stream that carried output.
    pub last_chunk: Option<Duration>,
    /// How many chunks of a stream carried output.
    pub output_chunks: Option<u64>,
    /// Until the end of the call: the last byte, the error, or the moment the caller let go.
    pub total: Duration,
}

impl Timing {
    /// Mean time between chunks that carried output, after the first; `None` with fewer than two.
    #[must_use]
    pub fn per_output_chunk(&self) -> Option<Duration> {
        let gaps = u32::try_from(self.output_chunks?.checked_sub(1)?).ok()?;
        let span = self.last_chunk?.checked_sub(self.first_output?)?;
        span.checked_div(gaps)
    }
}

/// An attempt that failed and was tried again.
#[derive(Debug, Clone, PartialEq)]
pub struct Attempt {
    /// Which attempt this was, counted from 1.
    pub number: u32,
    /// When it ended, from the start of the call.
    pub ended: Duration,
    /// HTTP status, if a response came.
    pub status: Option<u16>,
    /// What the server asked to wait, as it wrote it in `retry-after` or `retry-after-ms`.
    pub retry_after: Option<Box<str>>,
    /// The class of the failure.
    pub error: ErrorClass,
}

/// What of a call could not be carried to the understanding stage; the rest of the [`Call`] is true without it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Incomplete {
    /// Parts (body pieces) that were lost.
    pub lost_items: u64,
    /// Bytes in those parts.
    pub lost_bytes: u64,
    /// Bytes that were seen but went past a limit of ours.
    pub over_limit_bytes: u64,
    /// Which bytes a capture of the connection did not see; `None` if it saw all, and in process. They are also counted
    /// in `lost_items` and `lost_bytes`.
    pub missing: Option<Box<Missing>>,
}

impl Incomplete {
    /// Whether anything is missing.
    #[must_use]
    pub fn is_some(&self) -> bool {
        *self != Self::default()
    }
}

/// Which end of an exchange was observed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Side {
    /// The one that asked: a call.
    #[default]
    Client,
    /// The one that answered: a call that was served. Seen by host-wide capture only, and told only on request.
    Server,
}

impl Side {
    /// One word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Server => "server",
        }
    }
}

/// The process that made the call (or served it).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Process {
    /// Process id, as the observer's pid namespace numbers it.
    pub pid: Option<u32>,
    /// The id of the process that started it.
    pub parent_pid: Option<u32>,
    /// Its name (`comm`), which it may have given itself.
    pub name: Option<Box<str>>,
    /// Path of its executable, as its own mount namespace names it.
    pub executable: Option<Box<str>>,
    /// Id of the container that it runs in.
    pub container: Option<Box<str>>,
    /// Uid of the Kubernetes pod that it runs in.
    pub pod: Option<Box<str>>,
    /// Whether the observer runs in this very process. The resource of its telemetry then says what is said here, and its
    /// spans don't repeat it.
    pub is_own: bool,
}

impl Process {
    /// The last part of the executable's path.
    #[must_use]
    pub fn executable_name(&self) -> Option<&str> {
        let path = self.executable.as_deref()?;
        path.rsplit('/').next().filter(|name| !name.is_empty())
    }
}

/// One LLM call; or, where telemetry of others is read, a step of the application between calls.
///
/// Built by [`Exchange::finish`](crate::exchange::Exchange::finish), or read from telemetry.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// What was asked for.
    pub operation: Operation,
    /// Which API surface it went through: a name of [`SURFACES`](crate::provider::SURFACES), such as `openai.chat`; empty where
    /// nobody says.
    pub surface: &'static str,
    /// Who serves it, in the words of `gen_ai.provider.name`.
    pub provider: Cow<'static, str>,
    /// Where it went.
    pub server: Arc<Server>,
    /// What was sent.
    pub request: Request,
    /// What came back.
    pub response: Response,
    /// Tokens, as the server counted them.
    pub usage: Usage,
    /// When things happened.
    pub timing: Timing,
    /// How it ended.
    pub outcome: Outcome,
    /// Attempts before the one that `response` tells of, in order; empty unless retries were seen.
    pub attempts: Vec<Attempt>,
    /// `http.request.resend_count` of a call that is itself one attempt of several.
    pub resend_count: Option<u32>,
    /// The span that was current when the call was made.
    pub parent: Option<ParentSpan>,
    /// The ids that the call's own span has already; `None` leaves them to whoever makes the span.
    pub span: Option<OwnSpan>,
    /// Whether it was made or served.
    pub side: Side,
    /// Whether the process itself reports this call too, with the ids in `span`: a sink that makes spans then passes it by.
    pub is_announced: bool,
    /// What of it was lost or went past a limit.
    pub incomplete: Incomplete,
    /// On whose behalf.
    pub identity: Arc<Identity>,
    /// By which process.
    pub process: Option<Arc<Process>>,
    /// What the security scan found.
    pub findings: Findings,
    /// What its tokens cost; `None` where that isn't known in full, and without a table of prices.
    pub cost: Option<Cost>,
    /// What is known of an operation that is no call of a model.
    pub step: Option<Box<Step>>,
    /// What somebody else's telemetry said of it that has no place here, under the names that it had there.
    pub attributes: Vec<(Box<str>, Value)>,
}
