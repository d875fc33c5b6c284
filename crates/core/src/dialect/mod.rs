//! How a call is told to OpenTelemetry: names, attributes, log events and metrics of one convention each.
