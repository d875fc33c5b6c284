//! Whether host-wide capture can work here, and for which processes.

use std::io::{self, Write};
use std::process::Command;

use serde_json::{Value, json};
use sidetone::ebpf::doctor::{self, Check, Library, Listed, OUT_OF_REACH, PlainServer, State, Which};

use crate::style::{Ink, Style};

/// What was found out about this host.
pub(super) struct Host {
    checks: Vec<Check>,
    plain: Vec<PlainServer>,
}

impl Host {
    /// Looks, and tries the whole way once if nothing is in it.
    pub(super) fn look() -> Self {
        let mut checks = doctor::checks();
        if checks.iter().all(|check| check.state != State::Missing)
            && let Ok(own) = std::env::current_exe()
        {
            let mut child = Command::new(own);
            child.arg("loop-back");
            checks.push(doctor::self_test(child));
        }
        Self { checks, plain: doctor::plain_servers() }
    }

    /// What makes capture impossible.
    pub(super) fn problems(&self) -> impl Iterator<Item = String> {
        let missing = self.checks.iter().filter(|check| check.state == State::Missing);
        missing.map(|check| format!("host-wide capture: {}", sentence(check)))
    }

    pub(super) fn json(&self) -> Value {
        let checks = self.checks.iter().map(|check| {
            json!({
                "name": check.name,
                "state": word(check.state),
                "finding": check.finding,
                "remedy": check.remedy,
            })
        });
        let plain = self.plain.iter().map(|server| {
            json!({
                "name": server.name,
                "port": server.port,
                "pid": server.pid,
                "is_guess": server.is_guess,
                "advice": server.advice,
            })
        });
        let out_of_reach = OUT_OF_REACH.iter().map(|(what, instead)| json!({"what": what, "instead": instead}));
        json!({
            "checks": checks.collect::<Value>(),
            "out_of_reach": out_of_reach.collect::<Value>(),
            "plain_servers": plain.collect::<Value>(),
        })
    }

    pub(super) fn print(&self, out: &mut impl Write, style: Style) -> io::Result<()> {
        writeln!(out, "{}", style.paint(Ink::Bold, "Host-wide capture"))?;
        let width = self.checks.iter().map(|check| check.name.chars().count()).max().unwrap_or(0);
        for check in &self.checks {
            let (ink, mark) = mark(check.state);
            let name = style.paint(Ink::Cyan, format!("{:<width$}", check.name));
            writeln!(out, "{} {name}  {}", style.paint(ink, mark), check.finding)?;
            if let Some(remedy) = &check.remedy {
                writeln!(out, "  {:<width$}  {}", "", style.paint(Ink::Dim, format!("→ {remedy}")))?;
            }
        }
        for server in &self.plain {
            let pid = server.pid.map_or_else(String::new, |pid| format!(" (pid {pid})"));
            let seems = if server.is_guess { "perhaps " } else { "" };
            let what = format!("{seems}{} on port {}{pid} talks plain HTTP: out of reach", server.name, server.port);
            writeln!(out, "{} {what}", style.paint(Ink::Yellow, "◐"))?;
            writeln!(out, "  {}", style.paint(Ink::Dim, format!("→ {}", server.advice)))?;
        }
        writeln!(out, "\n{}", style.paint(Ink::Bold, "Out of reach of probes on TLS libraries, everywhere"))?;
        for (what, instead) in OUT_OF_REACH {
            writeln!(out, "  {what}\n    {}", style.paint(Ink::Dim, format!("→ {instead}")))?;
        }
        Ok(())
    }
}

/// Processes, and what of them can be captured.
pub(super) struct Processes(Vec<Listed>);

impl Processes {
    pub(super) fn look(which: Which) -> Self {
        Self(doctor::processes(which))
    }

    pub(super) fn json(&self) -> Value {
        let library = |library: &Library| {
            json!({
                "path": library.path,
                "runtime": library.runtime,
                "version": library.version,
                "hook": library.hook,
                "out_of_reach": library.out_of_reach,
            })
        };
        let process = |process: &Listed| {
            json!({
                "pid": process.pid,
                "name": process.name,
                "exe": process.exe,
                "container": process.container,
                "https": process.has_https,
                "libraries": process.libraries.iter().map(library).collect::<Value>(),
                "remark": process.remark,
            })
        };
        json!({"processes": self.0.iter().map(process).collect::<Value>()})
    }

    pub(super) fn print(&self, out: &mut impl Write, style: Style) -> io::Result<()> {
        if self.0.is_empty() {
            writeln!(out, "No process here has a TLS library or a connection to port 443.")?;
        }
        for process in &self.0 {
            let is_captured = process.libraries.iter().any(|library| library.out_of_reach.is_none());
            let (ink, mark) = if is_captured { (Ink::Green, "✓") } else { (Ink::Yellow, "✗") };
            let name = format!("{}[{}]", process.name.as_deref().unwrap_or("?"), process.pid);
            let exe = process.exe.as_ref().map(|exe| exe.display().to_string()).unwrap_or_default();
            let https = if process.has_https { "  connected to port 443" } else { "" };
            let line = format!("{exe}{https}");
            writeln!(
                out,
                "{} {}  {}",
                style.paint(ink, mark),
                style.paint(Ink::Bold, name),
                style.paint(Ink::Dim, line)
            )?;
            for library in &process.libraries {
                let version = library.version.as_deref().map(|version| format!(" {version}")).unwrap_or_default();
                let how = library.hook.as_deref().map(|hook| format!(", {hook}")).unwrap_or_default();
                writeln!(out, "    {}{version}{how}  {}", library.runtime, library.path.display())?;
                if let Some(why) = &library.out_of_reach {
                    writeln!(out, "      {}", style.paint(Ink::Yellow, why))?;
                }
            }
            if let Some(remark) = &process.remark {
                writeln!(out, "    {}", style.paint(Ink::Dim, remark))?;
            }
        }
        Ok(())
    }
}

fn mark(state: State) -> (Ink, &'static str) {
    match state {
        State::Good => (Ink::Green, "✓"),
        State::Partial => (Ink::Yellow, "◐"),
        State::Missing => (Ink::Red, "✗"),
    }
}

fn word(state: State) -> &'static str {
    match state {
        State::Good => "good",
        State::Partial => "partial",
        State::Missing => "missing",
    }
}

fn sentence(check: &Check) -> String {
    match &check.remedy {
        Some(remedy) => format!("{}: {}. {remedy}", check.name, check.finding.trim_end_matches('.')),
        None => format!("{}: {}", check.name, check.finding),
    }
}
