//! A running mock server.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::builder::Settings;
use super::log::{Answered, Log};
use super::respond::respond;
use super::{MockServerBuilder, ReceivedRequest};
use crate::serve::listener::Listener;
use crate::serve::locked;
use crate::serve::request::Requests;
use crate::serve::stream::Security;

/// A mock LLM server on a thread of its own; it stops when this is dropped.
///
/// See the [module](super) for what it answers.
pub struct MockServer {
    listener: Listener,
    is_secure: bool,
    shared: Arc<Shared>,
}

/// What the server's thread and its owner share.
pub(super) struct Shared {
    pub(super) settings: Mutex<Arc<Settings>>,
    pub(super) requests: Requests,
    pub(super) abandoned: Arc<AtomicUsize>,
    pub(super) log: Arc<Log>,
    /// How many requests were numbered.
    pub(super) numbered: AtomicU64,
}

impl MockServer {
    /// Starts a server with the defaults, on a port that the system chooses.
    ///
    /// # Panics
    /// When the system gives no socket or thread.
    pub fn start() -> Self {
        Self::builder().start()
    }

    /// Sets up a server.
    pub fn builder() -> MockServerBuilder {
        MockServerBuilder::default()
    }

    pub(super) fn with(builder: MockServerBuilder) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            settings: Mutex::new(Arc::new(builder.settings)),
            requests: Requests::default(),
            abandoned: Arc::default(),
            log: Arc::default(),
            numbered: AtomicU64::new(0),
        });
        if let Some(file) = builder.log_file {
            shared.log.write_to(file.try_clone()?);
        }
        let is_secure = !matches!(builder.security, Security::None);
        let answering = Arc::clone(&shared);
        let listener = Listener::start_at(builder.addr, builder.security, move |request, wire| {
            let shared = Arc::clone(&answering);
            async move { respond(&shared, request, wire).await }
        })?;
        Ok(Self { listener, is_secure, shared })
    }

    /// Changes settings from the next request on.
    ///
    /// ```
    /// # use sidetone_testkit::server::MockServer;
    /// let server = MockServer::start();
    /// server.change(|settings| settings.reply_text("Something else.").usage(1, 2));
    /// ```
    pub fn change(&self, change: impl FnOnce(MockServerBuilder) -> MockServerBuilder) {
        let mut settings = locked(&self.shared.settings);
        let builder = MockServerBuilder { settings: Settings::clone(&settings), ..MockServerBuilder::default() };
        *settings = Arc::new(change(builder).settings);
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.listener.addr()
    }

    /// `http://127.0.0.1:PORT`, with `https` when it speaks TLS.
    pub fn url(&self) -> String {
        format!("{}://{}", if self.is_secure { "https" } else { "http" }, self.addr())
    }

    /// What was answered so far, in the order in which the answers ended; see [`MockServerBuilder::log_answers`].
    pub fn answers(&self) -> Vec<Answered> {
        self.shared.log.all()
    }

    /// Blocks until `count` answers have ended; `false` when they haven't within `patience`.
    #[must_use = "assert that it's true"]
    pub fn wait_for_answers(&self, count: usize, patience: Duration) -> bool {
        self.shared.log.wait_for(count, patience)
    }

    /// Forgets the answers so far.
    pub fn clear_answers(&self) {
        self.shared.log.clear();
    }

    /// `http://127.0.0.1:PORT/v1`, which is what OpenAI clients call the base URL.
    pub fn base_url(&self) -> String {
        format!("{}/v1", self.url())
    }

    /// `http://127.0.0.1:PORT/CASE/v1`, the base URL below which the case answers.
    pub fn case_url(&self, case: &str) -> String {
        format!("{}/{case}/v1", self.url())
    }

    /// The requests received so far, failed and redirected ones too, oldest first.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.shared.requests.all()
    }

    /// How many requests were received so far.
    pub fn request_count(&self) -> usize {
        self.shared.requests.count()
    }

    /// Blocks until `count` requests were received; `false` when they weren't within `patience`.
    ///
    /// For threads, not for async tests: nothing else runs on the thread meanwhile.
    #[must_use = "assert that it's true"]
    pub fn wait_for_requests(&self, count: usize, patience: Duration) -> bool {
        self.shared.requests.wait_for(count, patience)
    }

    /// Forgets the requests received so far.
    pub fn clear_requests(&self) {
        self.shared.requests.clear();
    }

    /// How many connections were accepted so far.
    pub fn connections(&self) -> usize {
        self.listener.connections()
    }

    /// How many answers the client gave up before the server had handed their last piece to the socket; those that the
    /// server itself cut aren't counted.
    pub fn abandoned(&self) -> usize {
        self.shared.abandoned.load(Ordering::Acquire)
    }
}

impl std::fmt::Debug for MockServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MockServer").field("addr", &self.addr()).finish_non_exhaustive()
    }
}
