//! What `doctor` found, for people and for machines.

use std::io::{self, Write};

use serde_json::{Value, json};
use sidetone::otel_export::{Protocol, without_credentials};

use super::probe::Reached;
use super::settings::{Route, Settings};
use crate::style::{Ink, Style};

/// Features of the library that this command is built with, beside its protocols.
const FEATURES: &[&str] = &["reqwest", "async-openai"];

fn features() -> Vec<&'static str> {
    let protocols = [(Protocol::HttpProtobuf, "otlp"), (Protocol::Grpc, "grpc")];
    let protocols = protocols.into_iter().filter(|(protocol, _)| protocol.is_compiled_in()).map(|(_, feature)| feature);
    FEATURES.iter().copied().chain(protocols).collect()
}

/// What was found.
pub(super) struct Report {
    settings: Settings,
    reached: Vec<Reached>,
}

impl Report {
    pub(super) fn new(settings: Settings, reached: Vec<Reached>) -> Self {
        Self { settings, reached }
    }

    fn signals(&self) -> impl Iterator<Item = (&Route, &Reached)> {
        self.settings.routes.iter().zip(&self.reached)
    }

    /// What is in the way of an application's telemetry. An endpoint that nobody asked for isn't.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems: Vec<_> = self.settings.error.iter().cloned().collect();
        let mut unreached: Vec<(&str, Vec<String>)> = Vec::new();
        for (route, reached) in self.signals() {
            if let (Some(otlp), Reached::No(why)) = (&route.targets.otlp, reached)
                && route.configured
            {
                let place = format!("{} ({})", without_credentials(&otlp.endpoint), route.signal.as_str());
                match unreached.iter_mut().find(|(other, _)| *other == why) {
                    Some((_, places)) => places.push(place),
                    None => unreached.push((why, vec![place])),
                }
            }
        }
        problems.extend(unreached.into_iter().map(|(why, places)| format!("{} {why}", places.join(", "))));
        problems
    }

    pub(super) fn json(&self) -> Value {
        let signals = self.signals().map(|(route, reached)| {
            let otlp = route.targets.otlp.as_ref();
            let (reached, why) = match reached {
                Reached::Yes => (json!(true), Value::Null),
                Reached::No(why) => (json!(false), json!(why)),
                Reached::NotAsked => (Value::Null, Value::Null),
            };
            let signal = json!({
                "exporters": exporters(route),
                "protocol": otlp.map(|otlp| otlp.protocol.as_str()),
                "endpoint": otlp.map(|otlp| without_credentials(&otlp.endpoint)),
                "configured": route.configured,
                "reached": reached,
                "why": why,
            });
            (route.signal.as_str().to_owned(), signal)
        });
        json!({
            "features": features(),
            "dialect": self.settings.dialect,
            "content": self.settings.content,
            "service": self.settings.service,
            "disabled": self.settings.disabled,
            "variables": self.settings.variables,
            "signals": signals.collect::<serde_json::Map<_, _>>(),
            "warnings": self.settings.warnings,
        })
    }

    pub(super) fn print(&self, out: &mut impl Write, style: Style) -> io::Result<()> {
        let settings = &self.settings;
        let mut line = |name: &str, value: &dyn std::fmt::Display, note: &str| {
            let name = format!("{name:<11}");
            writeln!(out, "{} {value}{}", style.paint(Ink::Cyan, name), style.paint(Ink::Dim, note))
        };
        line("sidetone", &env!("CARGO_PKG_VERSION"), &format!("  with {}", features().join(", ")))?;
        line("dialect", &settings.dialect, "")?;
        let switch = match settings.content {
            "off" => "  OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true turns it on",
            _ => "  what is said leaves the process",
        };
        line("content", &settings.content, switch)?;
        match &settings.service {
            Some(service) => line("service", service, "")?,
            None => line("service", &"unknown_service:<program>", "  set OTEL_SERVICE_NAME")?,
        }
        if settings.disabled {
            line("disabled", &"OTEL_SDK_DISABLED is true", "  nothing is exported")?;
        }
        writeln!(out)?;
        for (route, reached) in self.signals() {
            self.signal(out, style, route, reached)?;
        }
        writeln!(out)?;
        if settings.variables.is_empty() {
            writeln!(out, "{}", style.paint(Ink::Dim, "No OTEL_* variable is set: all of this is by default."))?;
        }
        for (name, value) in &settings.variables {
            writeln!(out, "{name}={value}")?;
        }
        for warning in &settings.warnings {
            writeln!(out, "{} {warning}", style.paint(Ink::Yellow, "!"))?;
        }
        if let Some(error) = &settings.error {
            writeln!(out, "{} {error}", style.paint(Ink::Red, "✗"))?;
        }
        Ok(())
    }

    fn signal(&self, out: &mut impl Write, style: Style, route: &Route, reached: &Reached) -> io::Result<()> {
        let name = style.paint(Ink::Cyan, format!("{:<11}", route.signal.as_str()));
        let exporters = exporters(route).join(" and ");
        let Some(otlp) = &route.targets.otlp else { return writeln!(out, "{name} {exporters}") };
        let place = format!("{exporters} {} to {}", otlp.protocol.as_str(), without_credentials(&otlp.endpoint));
        match reached {
            Reached::Yes => writeln!(out, "{name} {place}  {}", style.paint(Ink::Green, "✓ reached")),
            Reached::No(why) if route.configured => {
                writeln!(out, "{name} {place}\n            {} {why}", style.paint(Ink::Red, "✗"))
            }
            Reached::No(_) => {
                let note = "○ nobody listens; that is the default, set OTEL_EXPORTER_OTLP_ENDPOINT";
                writeln!(out, "{name} {place}\n            {}", style.paint(Ink::Yellow, note))
            }
            Reached::NotAsked => writeln!(out, "{name} {place}  {}", style.paint(Ink::Dim, "not asked")),
        }
    }
}

fn exporters(route: &Route) -> Vec<&'static str> {
    let exporters = [(route.targets.console, "console"), (route.targets.otlp.is_some(), "otlp")];
    let exporters: Vec<_> = exporters.into_iter().filter(|(is_on, _)| *is_on).map(|(_, name)| name).collect();
    if exporters.is_empty() { vec!["none"] } else { exporters }
}
