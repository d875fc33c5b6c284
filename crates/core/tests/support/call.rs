//! A call made by hand, of which nothing is known but what it asks for.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sidetone_core::event::{
    Call, Findings, Identity, Incomplete, Operation, Outcome, Request, Response, Server, Side, Timing, Usage,
};

/// It completed within 250 ms, at a server of this machine.
pub(crate) fn bare(operation: Operation, surface: &'static str) -> Call {
    Call {
        operation,
        surface,
        provider: "openai".into(),
        server: Arc::new(Server { address: "127.0.0.1".into(), port: Some(18181) }),
        request: Request::default(),
        response: Response::default(),
        usage: Usage::default(),
        timing: Timing {
            start: SystemTime::UNIX_EPOCH,
            head: None,
            first_chunk: None,
            first_output: None,
            last_chunk: None,
            output_chunks: None,
            total: Duration::from_millis(250),
        },
        outcome: Outcome::Completed,
        attempts: Vec::new(),
        resend_count: None,
        parent: None,
        span: None,
        side: Side::Client,
        is_announced: false,
        incomplete: Incomplete::default(),
        identity: Arc::new(Identity::default()),
        process: None,
        findings: Findings::default(),
        cost: None,
        step: None,
        attributes: Vec::new(),
    }
}
