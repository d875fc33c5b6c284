//! The sink: each call becomes a span, log events and metric points of the SDK.

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use opentelemetry::InstrumentationScope;
use opentelemetry::logs::{LogRecord as _, Logger as _, LoggerProvider as _};
use opentelemetry::metrics::MeterProvider as _;
use opentelemetry::trace::{Span as _, SpanBuilder, SpanContext, SpanKind, Tracer as _, TracerProvider as _};
use opentelemetry_sdk::logs::{SdkLogRecord, SdkLogger};
use opentelemetry_sdk::trace::SdkTracer;
use sidetone_core::dialect::{Dialect, LogEvent, Span, Status, Value, findings, names};
use sidetone_core::event::{Call, Identity, Side};
use sidetone_pipeline::span::{SpanStarter, StartedSpan};
use sidetone_pipeline::warn::{Cause, once_a_minute};
use sidetone_pipeline::{Counters, Finished, Reason, Sink, SinkError};

use crate::SCOPE;
use crate::announce;
use crate::convert::{self, LengthLimit};
use crate::findings::level;
use crate::ids;
use crate::instruments::Instruments;
use crate::own::Export;
use crate::providers::Providers;
use crate::started::{OtelSpanStarter, Started, context, has_already, span_context};

const NAME: &str = "otel";

/// How much later each log event of a call is observed than the one before: who gets them in another order, or one of them twice, can
/// tell by that.
const TICK: Duration = Duration::from_nanos(1);

/// Tells each call through the OpenTelemetry SDK.
///
/// A call that the sampler doesn't want has no span. Its log events and metrics are emitted all the same, the log events
/// with the trace and span id that the unsampled span has and with the flag *sampled* off. So does the peer, seen with
/// `opentelemetry-instrumentation-openai-v2` 2.4b0 and SDK 1.45.2 under `OTEL_TRACES_SAMPLER=always_off`, with and without a
/// parent, for an answer, a stream and an error: no span, every log event (`trace_flags` without bit 0), every metric point.
///
/// A call whose ids were given before ([`Call::span`]) has them if the providers are [`OtelSink::new`]'s own; an application's
/// providers give it ids of theirs. A call that its own process reports ([`Call::is_announced`]) is passed by.
#[derive(Debug)]
pub struct OtelSink {
    dialect: &'static dyn Dialect,
    tracer: Option<SdkTracer>,
    logger: Option<SdkLogger>,
    instruments: Option<Instruments>,
    counters: Arc<Counters>,
    span_length: LengthLimit,
    log_length: LengthLimit,
    log_attributes: usize,
    destination: Destination,
}

/// Whose the providers are.
#[derive(Debug)]
enum Destination {
    Own(Export),
    OfApplication(Providers),
}

impl OtelSink {
    /// A sink that writes to an application's own providers. They are flushed when asked to, and never shut down.
    #[must_use]
    pub fn with_providers(providers: Providers, dialect: &'static dyn Dialect, counters: Arc<Counters>) -> Self {
        Self::build(&providers.clone(), Destination::OfApplication(providers), dialect, counters)
    }

    /// A sink that writes to providers of its own, which end with it.
    #[must_use]
    pub fn new(export: Export, dialect: &'static dyn Dialect, counters: Arc<Counters>) -> Self {
        let limits = export.limits;
        let mut sink = Self::build(&export.providers.clone(), Destination::Own(export), dialect, counters);
        sink.span_length = LengthLimit(limits.span_attribute_length);
        sink.log_length = LengthLimit(limits.log_attribute_length);
        sink.log_attributes = limits.log_attributes.unwrap_or(usize::MAX);
        sink
    }

    fn build(
        providers: &Providers,
        destination: Destination,
        dialect: &'static dyn Dialect,
        counters: Arc<Counters>,
    ) -> Self {
        let scope = InstrumentationScope::builder(SCOPE)
            .with_version(env!("CARGO_PKG_VERSION"))
            .with_schema_url(dialect.schema_url())
            .build();
        let meter = providers.meter.as_ref().map(|provider| provider.meter_with_scope(scope.clone()));
        Self {
            dialect,
            tracer: providers.tracer.as_ref().map(|provider| provider.tracer_with_scope(scope.clone())),
            logger: providers.logger.as_ref().map(|provider| provider.logger_with_scope(scope)),
            instruments: meter.map(|meter| Instruments::new(&meter, dialect, &counters)),
            counters,
            span_length: LengthLimit::default(),
            log_length: LengthLimit::default(),
            log_attributes: usize::MAX,
            destination,
        }
    }

    /// Starts spans for calls whose trace context is injected; `None` if there is no tracer.
    #[must_use]
    pub fn span_starter(&self) -> Option<Arc<dyn SpanStarter>> {
        let tracer = self.tracer.clone()?;
        Some(Arc::new(OtelSpanStarter { tracer }))
    }

    /// Emits the span, and gives the context that its log events belong to.
    fn span(&self, span: Span<'_>, call: &Call, started: Option<Box<Started>>) -> Option<SpanContext> {
        let parent = call.parent.as_ref();
        let Some(tracer) = &self.tracer else { return parent.map(span_context) };
        let mut attributes = convert::own_attributes(span.attributes, self.span_length);
        attributes.extend(convert::indexed(span.indexed, self.span_length));
        let events = convert::events(&span.events, self.span_length);
        let mut otel = match started {
            Some(started) => {
                let mut otel = started.span;
                otel.update_name(span.name);
                otel.set_attributes(attributes.into_iter().filter(|own| !has_already(own.key.as_str())));
                for event in events {
                    otel.add_event_with_timestamp(event.name, event.timestamp, event.attributes);
                }
                otel
            }
            None => {
                let mut builder = SpanBuilder::from_name(span.name);
                builder.span_kind = Some(match span.side {
                    Side::Client => SpanKind::Client,
                    Side::Server => SpanKind::Server,
                });
                builder.start_time = Some(span.start);
                builder.attributes = Some(attributes);
                builder.events = (!events.is_empty()).then_some(events);
                let _ids = call.span.map(ids::give);
                tracer.build_with_context(builder, &context(parent))
            }
        };
        if let Status::Error(description) = span.status {
            otel.set_status(opentelemetry::trace::Status::error(description));
        }
        let own = otel.span_context().clone();
        if !own.is_sampled() {
            self.counters.add(Reason::SpanNotSampled, 1, 0);
        }
        otel.end_with_timestamp(span.end);
        if announce::is_own(call) {
            announce::announce(call, &own);
        }
        Some(own)
    }

    fn log(
        &self,
        logger: &SdkLogger,
        event: LogEvent<'_>,
        identity: &Identity,
        context: Option<&SpanContext>,
        observed: SystemTime,
    ) {
        // No timestamp, as the peers.
        let mut record = logger.create_log_record();
        record.set_event_name(event.name);
        record.set_observed_timestamp(observed);
        if event.is_warning {
            record.set_severity_number(opentelemetry::logs::Severity::Warn);
        }
        for (name, value) in std::iter::once(event.attribute).chain(event.more).take(self.log_attributes) {
            if let Some(value) = convert::log_attribute(value, self.log_length) {
                record.add_attribute(name, value);
            }
        }
        self.on_behalf(&mut record, identity);
        if let Some(body) = event.body.and_then(convert::body) {
            record.set_body(body);
        }
        if let Some(context) = context {
            record.set_trace_context(context.trace_id(), context.span_id(), Some(context.trace_flags()));
        }
        logger.emit(record);
    }

    fn on_behalf(&self, record: &mut SdkLogRecord, identity: &Identity) {
        for (name, value) in
            [(names::SIDETONE_APP_NAME, &identity.app_name), (names::GEN_AI_AGENT_ID, &identity.agent_id)]
        {
            if let Some(value) =
                value.as_deref().and_then(|value| convert::log_attribute(Value::Str(value), self.log_length))
            {
                record.add_attribute(name, value);
            }
        }
    }

    /// Tells what a security scan found, as log events beside those of the dialect.
    #[cold]
    fn findings(&self, call: &Call, context: Option<&SpanContext>) {
        if let Some(instruments) = &self.instruments {
            instruments.found(&call.findings);
        }
        let Some(logger) = &self.logger else { return };
        let mut observed = SystemTime::now();
        for event in findings(call) {
            let mut record = logger.create_log_record();
            record.set_event_name(names::SIDETONE_SECURITY_FINDING);
            record.set_observed_timestamp(observed);
            record.set_severity_number(level(event.severity));
            for (name, value) in event.attributes.into_iter().take(self.log_attributes) {
                if let Some(value) = convert::log_attribute(value, self.log_length) {
                    record.add_attribute(name, value);
                }
            }
            self.on_behalf(&mut record, &call.identity);
            if let Some(context) = context {
                record.set_trace_context(context.trace_id(), context.span_id(), Some(context.trace_flags()));
            }
            logger.emit(record);
            observed += TICK;
        }
    }
}

impl Sink for OtelSink {
    fn name(&self) -> &'static str {
        NAME
    }

    fn call(&mut self, finished: &mut Finished) {
        if finished.call.is_announced {
            self.counters.add(Reason::SpanAnnounced, 1, 0);
            return;
        }
        let started = started(&mut finished.span);
        let call = &finished.call;
        let telemetry = self.dialect.project(call);
        if let Some(instruments) = &mut self.instruments {
            instruments.record(&telemetry.metrics, call.cost.as_ref());
        }
        let context = self.span(telemetry.span, call, started);
        if let Some(logger) = &self.logger {
            // What the SDK would set, with the clock read once for all of them.
            let mut observed = SystemTime::now();
            for event in telemetry.logs {
                self.log(logger, event, &call.identity, context.as_ref(), observed);
                observed += TICK;
            }
        }
        if !call.findings.is_empty() {
            self.findings(call, context.as_ref());
        }
    }

    fn flush(&mut self, deadline: Instant) -> Result<(), SinkError> {
        let result = match &self.destination {
            Destination::Own(export) => export.flush(deadline),
            Destination::OfApplication(providers) => providers.flush(deadline),
        };
        result.map_err(|what| SinkError { sink: NAME, what })
    }

    fn shutdown(&mut self, deadline: Instant) -> Result<(), SinkError> {
        let result = match &self.destination {
            Destination::Own(export) => export.stop(deadline),
            Destination::OfApplication(providers) => providers.flush(deadline),
        };
        if let Err(what) = &result {
            once_a_minute(Cause::Stop, what);
        }
        result.map_err(|what| SinkError { sink: NAME, what })
    }
}

/// Takes the span if it is one of ours.
fn started(span: &mut Option<Box<dyn StartedSpan>>) -> Option<Box<Started>> {
    let ours = span.as_deref().is_some_and(|span| (span as &dyn Any).is::<Started>());
    if !ours {
        return None;
    }
    span.take()?.into_any().downcast().ok()
}
