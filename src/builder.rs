//! What an observation is made of.

use std::sync::Arc;
use std::time::Duration;

use sidetone_core::dialect::Dialect;
use sidetone_core::event::{Call, Identity};
use sidetone_core::exchange::Settings;
use sidetone_core::policy::{Content, Ids, Limits};
use sidetone_core::pricing::Prices;
use sidetone_core::scan::Scanner;
use sidetone_middleware::Observer;
use sidetone_otel_export::{Config, ConfigError, Export, ExportError, Options, OtelSink, Providers, Readable};
use sidetone_pipeline::warn::{Cause, once_a_minute};
use sidetone_pipeline::{Config as PipelineConfig, Counters, Pipeline, Sink};

use crate::environment::{Choices, DebugLevel, Environment};
use crate::handle::Handle;

/// Starts to observe, configured by the standard `OTEL_*` variables.
///
/// Providers are made for it alone and no global is set. An absent backend is no error: calls are observed and what can't
/// be delivered is counted.
///
/// # Errors
/// When a variable has a value that can't be used, or the system gives no thread.
pub fn start() -> Result<Handle, StartError> {
    builder().start()
}

/// Says more than the variables do. What is said in code wins over them.
pub fn builder() -> Builder {
    Builder::default()
}

/// Observation could not be started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A variable has a value that can't be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// An exporter could not be made: no thread, no TLS. Never because a backend is absent.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// The worker's thread could not be started.
    #[error(transparent)]
    Pipeline(#[from] sidetone_pipeline::StartError),
}

/// What an observation is made of. Made by [`builder`].
#[must_use = "nothing is observed before `start`"]
pub struct Builder {
    app_name: Option<String>,
    agent_id: Option<String>,
    choices: Choices,
    edit: Option<Box<Edit>>,
    debug: Option<DebugLevel>,
    dialect: Option<&'static dyn Dialect>,
    limits: Limits,
    queue: PipelineConfig,
    providers: Option<Providers>,
    sinks: Vec<Box<dyn Sink>>,
    injected_hosts: Vec<String>,
    console: bool,
    stop_timeout: Duration,
}

/// What may change or drop any part of a call.
type Edit = dyn Fn(&mut Call) + Send + Sync;

impl Default for Builder {
    fn default() -> Self {
        Self {
            app_name: None,
            agent_id: None,
            choices: Choices::default(),
            edit: None,
            debug: None,
            dialect: None,
            limits: Limits::default(),
            queue: PipelineConfig::default(),
            providers: None,
            sinks: Vec::new(),
            injected_hosts: Vec::new(),
            console: false,
            stop_timeout: Duration::from_secs(5),
        }
    }
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("app_name", &self.app_name)
            .field("choices", &self.choices)
            .finish_non_exhaustive()
    }
}

impl Builder {
    /// The application's name: `sidetone.app.name`, and `service.name` where no variable gives one.
    pub fn app_name(mut self, name: impl Into<String>) -> Self {
        self.app_name = Some(name.into());
        self
    }

    /// The agent on whose behalf the calls are made: `gen_ai.agent.id`.
    pub fn agent_id(mut self, id: impl Into<String>) -> Self {
        self.agent_id = Some(id.into());
        self
    }

    /// What is kept of content. Without it: what `SIDETONE_CONTENT` says, else
    /// `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT`, and off without both. It wins over both, except where the environment
    /// forbids content (`SIDETONE_CONTENT=off`). For single calls [`content`](crate::content()) says otherwise.
    pub fn content(mut self, content: Content) -> Self {
        self.choices.content = Some(content);
        self
    }

    /// Whether what is said is scanned for credentials, personal data, commands and injected instructions, also where it isn't
    /// kept. Without it: what `SIDETONE_SCAN` says. [`Content::Redacted`] always scans.
    pub fn scan(mut self, scan: bool) -> Self {
        self.choices.scan = Some(scan);
        self
    }

    /// Scans by other rules than the built-in ones: with keywords and expressions of one's own, or without some rule.
    pub fn scanner(mut self, scanner: impl Into<Arc<Scanner>>) -> Self {
        self.choices.scanner = Some(scanner.into());
        self
    }

    /// Hashes user and session ids with that key (HMAC-SHA-256). Without it: with `SIDETONE_ID_KEY` or the key in
    /// `SIDETONE_ID_KEY_FILE`, else by SHA-256 alone, from which ids that can be guessed can be found.
    pub fn id_key(mut self, key: impl AsRef<[u8]>) -> Self {
        self.choices.ids = Some(Ids::keyed(key.as_ref()));
        self
    }

    /// Lets ids of people leave as they are, if `raw`.
    pub fn raw_ids(mut self, raw: bool) -> Self {
        if raw {
            self.choices.ids = Some(Ids::raw());
        }
        self
    }

    /// Gives that function the last word on every call before anybody is told of it: it may change or drop any part. It sees what
    /// is kept, never more, and runs on sidetone's own thread.
    ///
    /// ```
    /// use sidetone::core::event::Call;
    ///
    /// let builder = sidetone::builder().edit(|call: &mut Call| call.request.tools.clear());
    /// # drop(builder);
    /// ```
    pub fn edit(mut self, edit: impl Fn(&mut Call) + Send + Sync + 'static) -> Self {
        self.edit = Some(Box::new(edit));
        self
    }

    /// What calls cost, in place of the built-in prices.
    pub fn prices(mut self, prices: impl Into<Arc<Prices>>) -> Self {
        self.choices.prices = Some(prices.into());
        self
    }

    /// In which convention's words calls are told: one of [`DIALECTS`](sidetone_core::dialect::DIALECTS), or one with what was said in
    /// another place, such as `&Latest::EVENT_ONLY`. Without it: what `OTEL_SEMCONV_STABILITY_OPT_IN` says, else `v2`. A sink of
    /// one's own has a dialect of its own.
    ///
    /// ```
    /// use sidetone::core::dialect::Latest;
    ///
    /// let builder = sidetone::builder().dialect(&Latest::SPAN_AND_EVENT);
    /// # drop(builder);
    /// ```
    pub fn dialect(mut self, dialect: &'static dyn Dialect) -> Self {
        self.dialect = Some(dialect);
        self
    }

    /// How much of one call is looked at and kept.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How much is queued and held over all calls. Its `settings` are replaced by what this builder says.
    pub fn queue(mut self, queue: PipelineConfig) -> Self {
        self.queue = queue;
        self
    }

    /// Tells calls to providers of the application's own. They are flushed, and never shut down; exporters and resource
    /// are then theirs, not `OTEL_*` variables'.
    pub fn providers(
        mut self,
        tracer: opentelemetry_sdk::trace::SdkTracerProvider,
        logger: opentelemetry_sdk::logs::SdkLoggerProvider,
        meter: opentelemetry_sdk::metrics::SdkMeterProvider,
    ) -> Self {
        self.providers = Some(Providers { tracer: Some(tracer), logger: Some(logger), meter: Some(meter) });
        self
    }

    /// Gives calls to another sink, too.
    pub fn sink(mut self, sink: impl Sink + 'static) -> Self {
        self.sinks.push(Box::new(sink));
        self
    }

    /// Writes a readable account of each call to standard error, too: [`DebugLevel::Telemetry`].
    pub fn development(self) -> Self {
        self.debug(DebugLevel::Telemetry)
    }

    /// How much of each call is written to standard error, too. Without it: what `SIDETONE_DEBUG` says.
    pub fn debug(mut self, level: DebugLevel) -> Self {
        self.debug = Some(level);
        self
    }

    /// Writes spans, log events and metrics to standard output where no `OTEL_*_EXPORTER` variable says otherwise: beside
    /// OTLP if an endpoint is configured, in its place if none is.
    pub fn console(mut self) -> Self {
        self.console = true;
        self
    }

    /// Writes `traceparent` into requests to these hosts (exact, or `*.suffix` for all below one), so that a gateway's or
    /// a self-hosted server's spans join the trace. Off by default: providers have no use for it. For these hosts the span
    /// is started, and sampled, on the caller's path.
    pub fn inject_trace_context<H: Into<String>>(mut self, hosts: impl IntoIterator<Item = H>) -> Self {
        self.injected_hosts.extend(hosts.into_iter().map(Into::into));
        self
    }

    /// How long dropping the last handle may take to deliver what is left. Five seconds, if nothing is said.
    pub fn stop_timeout(mut self, timeout: Duration) -> Self {
        self.stop_timeout = timeout;
        self
    }

    /// Starts to observe.
    ///
    /// # Errors
    /// As [`start`].
    pub fn start(self) -> Result<Handle, StartError> {
        let environment = Environment::of_process();
        let mut warnings = environment.warnings.clone();
        let counters = Arc::new(Counters::default());
        let dialect = self.dialect.unwrap_or(environment.dialect);
        let process = Arc::new(crate::process::own());
        let mut sinks = self.sinks;
        match self.debug.unwrap_or(environment.debug) {
            DebugLevel::Off => {}
            DebugLevel::Calls => sinks.push(Box::new(Readable::brief(std::io::stderr(), dialect))),
            DebugLevel::Telemetry => sinks.push(Box::new(Readable::new(std::io::stderr(), dialect))),
        }
        let otel = match self.providers {
            Some(providers) => Some(OtelSink::with_providers(providers, dialect, Arc::clone(&counters))),
            None => {
                let mut config = Config::from_lookup(&|name| variable(name, self.console))?;
                let options = Options {
                    service_name: self.app_name.clone(),
                    process: Some(Arc::clone(&process)),
                    ..Options::default()
                };
                if config.is_disabled {
                    None
                } else {
                    // Said together: a second warning of the same cause would be held back.
                    config.warnings.append(&mut warnings);
                    Some(OtelSink::new(Export::new(&config, &options, &counters)?, dialect, Arc::clone(&counters)))
                }
            }
        };
        if !warnings.is_empty() {
            once_a_minute(Cause::Configuration, &warnings.join("; "));
        }
        let starter = otel.as_ref().and_then(OtelSink::span_starter);
        sinks.extend(otel.map(|sink| Box::new(sink) as Box<dyn Sink>));
        let identity = Identity {
            app_name: self.app_name.map(Into::into),
            agent_id: self.agent_id.map(Into::into),
            ..Identity::default()
        };
        let mut settings = Settings {
            limits: self.limits,
            identity: Arc::new(identity),
            process: Some(process),
            ..environment.settings(self.choices)
        };
        if let Some(edit) = self.edit {
            settings.review = settings.review.edit(edit);
        }
        let has_sinks = !sinks.is_empty();
        let pipeline = Pipeline::start(PipelineConfig { settings, ..self.queue }, sinks, counters)?;
        if !has_sinks {
            // Nobody to tell: calls pass through untouched.
            let _ = pipeline.stop(Duration::ZERO);
        }
        let observer = match starter {
            Some(starter) if !self.injected_hosts.is_empty() => {
                Observer::injecting(pipeline, self.injected_hosts, starter)
            }
            _ => Observer::new(pipeline),
        };
        Ok(Handle::new(observer, self.stop_timeout))
    }
}

const EXPORTERS: [&str; 3] = ["OTEL_TRACES_EXPORTER", "OTEL_LOGS_EXPORTER", "OTEL_METRICS_EXPORTER"];
const ENDPOINTS: [&str; 4] = [
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
];

/// A variable of the process, or what [`Builder::console`] puts in place of one that isn't set.
fn variable(name: &str, console: bool) -> Option<String> {
    let value = std::env::var(name).ok().filter(|value| !value.is_empty());
    if value.is_none() && console && EXPORTERS.contains(&name) {
        let has_endpoint =
            ENDPOINTS.iter().any(|endpoint| std::env::var_os(endpoint).is_some_and(|value| !value.is_empty()));
        return Some(if has_endpoint { "otlp,console" } else { "console" }.to_owned());
    }
    value
}
