//! Turns sidetone's events into OpenTelemetry spans, log events and metrics.
