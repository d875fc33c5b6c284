//! `cargo xtask setup`: the tools that the checks call, and the receivers of telemetry that tests start.
//!
//! Each receiver lies in a folder of its own, named with its version; a lock keeps two processes from installing at
//! once, and a mark is written last, so that an installation that was cut off is begun anew.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use crate::pinned::{self, Pinned};
use crate::run::{self, Failed};
use crate::workspace;

pub(crate) fn run(_: &[String]) -> Result<(), Failed> {
    tools()?;
    receivers()?;
    host_clients()?;
    // Only the benches run it, so only here is it installed.
    install(&backends_folder(), &pinned::OPENAI_V2, install_openai_v2)
}

/// A program that a check calls, and the Debian package that has it.
struct Tool {
    program: &'static str,
    package: &'static str,
    what_for: &'static str,
}

const TOOLS: &[Tool] = &[
    Tool { program: "valgrind", package: "valgrind", what_for: "the instruction gate of the benches" },
    Tool { program: DEBIAN_RUSTC, package: "rustc-web", what_for: "building the library crates with another compiler" },
    Tool { program: DEBIAN_CARGO, package: "cargo-web", what_for: "building the library crates with another compiler" },
    Tool { program: "strace", package: "strace", what_for: "seeing that the quickstart stays on loopback" },
    Tool { program: "python3", package: "python3-venv", what_for: "installing receivers of telemetry" },
    Tool { program: "npm", package: "npm", what_for: "installing a client that host-wide capture is tested with" },
    Tool { program: "node", package: "nodejs", what_for: "a client that host-wide capture is tested with" },
    Tool { program: "java", package: "openjdk-17-jdk-headless", what_for: "a client that host-wide capture can't see" },
    Tool { program: "wget", package: "wget", what_for: "a client that host-wide capture is tested with" },
    Tool { program: "curl", package: "curl", what_for: "a client that host-wide capture is tested with" },
    Tool { program: "clang-14", package: "clang-14", what_for: "building the kernel side of host-wide capture" },
    Tool { program: "llvm-strip-14", package: "llvm-14", what_for: "building the kernel side of host-wide capture" },
    Tool { program: "cc", package: "gcc", what_for: "clients in C that host-wide capture is tested with" },
    Tool { program: "redis-server", package: "redis-server", what_for: "the example with Celery" },
    Tool { program: "bpftool", package: "bpftool", what_for: "seeing what a capture leaves in the kernel" },
    Tool { program: "setpriv", package: "util-linux", what_for: "taking privileges away" },
    Tool { program: LIBSSL_HEADER, package: "libssl-dev", what_for: "a client that host-wide capture is tested with" },
    Tool {
        program: GNUTLS_HEADER,
        package: "libgnutls28-dev",
        what_for: "a client that host-wide capture is tested with",
    },
];

/// What C programs are compiled with.
const LIBSSL_HEADER: &str = "/usr/include/openssl/ssl.h";
const GNUTLS_HEADER: &str = "/usr/include/gnutls/gnutls.h";

/// Debian's compiler, built from source and independent of the toolchain that developers use.
pub(crate) const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
/// Debian's cargo.
pub(crate) const DEBIAN_CARGO: &str = "/usr/bin/cargo";

/// Installs the tools that are missing, where this process may.
pub(crate) fn tools() -> Result<(), Failed> {
    let missing: Vec<&Tool> = TOOLS.iter().filter(|tool| !is_there(tool.program)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<&str> = missing.iter().map(|tool| tool.package).collect();
    let install = format!("apt-get install {}", packages.join(" "));
    let named: Vec<String> = missing.iter().map(|tool| format!("{} (for {})", tool.program, tool.what_for)).collect();
    let named = named.join(", ");
    if !is_root()? || !run::exists("apt-get") {
        return Err(Failed(format!("missing: {named}. Run as root: {install}")));
    }
    let apt =
        |arguments: &[&str]| run::run(Command::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive"));
    apt(&["update", "-qq"])?;
    apt(&[&["install", "-y", "-qq", "--no-install-recommends"], packages.as_slice()].concat())
        .map_err(|failed| failed.while_doing(format!("installing {named}")))
}

/// A program that can be started, or a header.
fn is_there(program: &str) -> bool {
    if program.ends_with(".h") { Path::new(program).is_file() } else { run::exists(program) }
}

fn is_root() -> Result<bool, Failed> {
    Ok(run::output(Command::new("id").arg("-u"))?.trim() == "0")
}

/// Installs the receivers that are missing.
pub(crate) fn receivers() -> Result<(), Failed> {
    let backends = backends_folder();
    install(&backends, &pinned::COLLECTOR, build_collector)?;
    install(&backends, &pinned::ROTEL, install_rotel)?;
    install(&backends, &pinned::PHOENIX, install_phoenix)?;
    install(&backends, &pinned::MLFLOW, install_mlflow)
}

/// Installs the programs in other languages whose calls the tests of host-wide capture watch.
pub(crate) fn host_clients() -> Result<(), Failed> {
    let backends = backends_folder();
    install(&backends, &pinned::HOST_PYTHON, install_host_python)?;
    install(&backends, &pinned::HOST_NODE, install_host_node)?;
    install(&backends, &pinned::HOST_GO, build_host_go)
}

/// The folder that tests look in.
pub(crate) fn backends_folder() -> PathBuf {
    match std::env::var_os(pinned::FOLDER_VARIABLE) {
        Some(folder) => PathBuf::from(folder),
        None => workspace::root().join("target/sidetone-backends"),
    }
}

fn install(backends: &Path, pinned: &Pinned, into: fn(&Pinned, &Path) -> Result<(), Failed>) -> Result<(), Failed> {
    let what = format!("installing {} {}", pinned.name, pinned.version);
    let failed = |error: std::io::Error| Failed(format!("{what} in {}: {error}", backends.display()));
    fs::create_dir_all(backends).map_err(failed)?;
    let lock = File::create(backends.join(format!("{}.lock", pinned.name))).map_err(failed)?;
    lock.lock().map_err(failed)?;
    if pinned.program(backends).is_some() {
        return Ok(());
    }
    println!("{what}");
    let start = Instant::now();
    let folder = pinned.folder(backends);
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(failed)?;
    }
    fs::create_dir_all(&folder).map_err(failed)?;
    into(pinned, &folder).map_err(|failed| failed.while_doing(&what))?;
    fs::write(pinned.completion_mark(backends), "").map_err(failed)?;
    if pinned.program(backends).is_none() {
        return Err(Failed(format!("{what}: its program is not in {}", folder.display())));
    }
    println!("{what}: done in {:.0} s", start.elapsed().as_secs_f64());
    Ok(())
}

/// The builder must be of the collector's own version: it pins the versions of the configuration providers.
fn build_collector(pinned: &Pinned, folder: &Path) -> Result<(), Failed> {
    if !run::exists("go") {
        return Err(Failed("needs Go 1.25 or newer".to_owned()));
    }
    let version = pinned.version;
    let build = folder.join("build");
    let manifest = format!(
        "dist: {{name: otelcol, output_path: {}, version: {version}}}\n\
         receivers: [{{gomod: go.opentelemetry.io/collector/receiver/otlpreceiver v{version}}}]\n\
         exporters:\n\
         - {{gomod: go.opentelemetry.io/collector/exporter/debugexporter v{version}}}\n\
         - {{gomod: go.opentelemetry.io/collector/exporter/otlphttpexporter v{version}}}\n",
        build.display()
    );
    let manifest_file = folder.join("manifest.yaml");
    fs::write(&manifest_file, manifest).map_err(|error| Failed(error.to_string()))?;
    let builder = format!("go.opentelemetry.io/collector/cmd/builder@v{version}");
    run::output(Command::new("go").args(["install", &builder]).env("GOBIN", folder))?;
    run::output(Command::new(folder.join("builder")).arg("--config").arg(&manifest_file))?;
    fs::rename(build.join("otelcol"), folder.join("otelcol-forwarding")).map_err(|error| Failed(error.to_string()))?;
    fs::remove_dir_all(&build).map_err(|error| Failed(error.to_string()))
}

fn install_rotel(pinned: &Pinned, folder: &Path) -> Result<(), Failed> {
    pip_install(pinned, folder, None)?;
    let mut python = Command::new(folder.join("bin/python"));
    let package = run::output(python.args(["-c", "import os, rotel; print(os.path.dirname(rotel.__file__), end='')"]))?;
    let agent = Path::new(&package).join("rotel-agent");
    fs::copy(&agent, folder.join("rotel-agent")).map_err(|error| Failed(format!("{}: {error}", agent.display())))?;
    Ok(())
}

/// Phoenix has some 150 dependencies: their versions are pinned too.
fn install_phoenix(pinned: &Pinned, folder: &Path) -> Result<(), Failed> {
    pip_install(pinned, folder, Some(&workspace::root().join("xtask/phoenix-constraints.txt")))
}

/// Half of MLflow's dependencies are for training models: the packages are those that its server loads, each with its version.
/// They aren't compiled beforehand, since most of their files are never run.
fn install_mlflow(_: &Pinned, folder: &Path) -> Result<(), Failed> {
    run::output(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    let mut pip = Command::new(folder.join("bin/pip"));
    let requirements = workspace::root().join("xtask/mlflow-requirements.txt");
    pip.args(["install", "--quiet", "--no-input", "--no-compile", "--no-deps", "--requirement"]).arg(requirements);
    run::output(&mut pip).map(drop)
}

/// Its newest dependencies don't fit it, so all that matter are named with their versions.
fn install_openai_v2(_: &Pinned, folder: &Path) -> Result<(), Failed> {
    run::output(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    let mut pip = Command::new(folder.join("bin/pip"));
    let requirements = workspace::root().join("benches/python/requirements.txt");
    pip.args(["install", "--quiet", "--no-input", "--requirement"]).arg(requirements);
    run::output(&mut pip).map(drop)
}

/// Every package is named with its version: what they ask of each other doesn't count (one of them wants a certifi that isn't out).
fn install_host_python(_: &Pinned, folder: &Path) -> Result<(), Failed> {
    run::output(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    let mut pip = Command::new(folder.join("bin/pip"));
    let requirements = workspace::root().join("tests/host/clients/python/requirements.txt");
    pip.args(["install", "--quiet", "--no-input", "--no-deps", "--requirement"]).arg(requirements);
    run::output(&mut pip).map(drop)
}

/// The program lies beside its packages, where Node looks for them.
fn install_host_node(_: &Pinned, folder: &Path) -> Result<(), Failed> {
    let client = workspace::root().join("tests/host/clients/node");
    for file in ["package.json", "package-lock.json", "app.mjs"] {
        fs::copy(client.join(file), folder.join(file)).map_err(|error| Failed(format!("{file}: {error}")))?;
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(folder);
    run::output(&mut npm).map(drop)
}

/// As it is, and without its symbols.
fn build_host_go(_: &Pinned, folder: &Path) -> Result<(), Failed> {
    if !run::exists("go") {
        return Err(Failed("needs the current Go".to_owned()));
    }
    let client = workspace::root().join("tests/host/clients/go");
    for (program, flags) in [("client", ""), ("client-stripped", "-s -w")] {
        let mut go = Command::new("go");
        go.args(["build", "-trimpath", "-ldflags", flags, "-o"]).arg(folder.join(program)).arg(".");
        run::output(go.current_dir(&client))?;
    }
    Ok(())
}

fn pip_install(pinned: &Pinned, folder: &Path, constraints: Option<&Path>) -> Result<(), Failed> {
    run::output(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
    let mut pip = Command::new(folder.join("bin/pip"));
    pip.args(["install", "--quiet", "--no-input"]).arg(format!("{}=={}", pinned.name, pinned.version));
    if let Some(constraints) = constraints {
        pip.arg("--constraint").arg(constraints);
    }
    run::output(&mut pip).map(drop)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

    use super::*;

    const TEST: Pinned = pinned::COLLECTOR;

    fn backends(test: &str) -> PathBuf {
        let folder = workspace::root().join(format!("target/xtask/setup-{test}"));
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    fn write_program(_: &Pinned, folder: &Path) -> Result<(), Failed> {
        fs::write(folder.join("otelcol-forwarding"), "new").map_err(|error| Failed(error.to_string()))
    }

    #[test]
    fn what_is_installed_stays() {
        let backends = backends("stays");
        install(&backends, &TEST, write_program).unwrap();
        install(&backends, &TEST, |_, _| Err(Failed("must not run".to_owned()))).unwrap();
        assert!(TEST.program(&backends).is_some());
    }

    #[test]
    fn an_installation_that_was_cut_off_is_begun_anew() {
        let backends = backends("cut");
        fs::create_dir_all(TEST.folder(&backends)).unwrap();
        fs::write(TEST.folder(&backends).join("otelcol-forwarding"), "half").unwrap();
        assert!(TEST.program(&backends).is_none());
        install(&backends, &TEST, write_program).unwrap();
        assert_eq!(fs::read_to_string(TEST.program(&backends).unwrap()).unwrap(), "new");
    }

    #[test]
    fn a_failed_installation_is_named_and_not_marked() {
        let backends = backends("failed");
        let Failed(why) = install(&backends, &TEST, |_, _| Err(Failed("no network".to_owned()))).unwrap_err();
        assert_eq!(why, "installing otelcol 0.149.0: no network");
        assert!(TEST.program(&backends).is_none());
        let Failed(why) = install(&backends, &TEST, |_, _| Ok(())).unwrap_err();
        assert!(why.contains("its program is not in"), "{why}");
    }

    #[test]
    fn two_installations_at_once_are_one() {
        use std::sync::atomic::{AtomicU32, Ordering};
        static RUNS: AtomicU32 = AtomicU32::new(0);
        let backends = backends("twice");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    install(&backends, &TEST, |pinned, folder| {
                        RUNS.fetch_add(1, Ordering::Relaxed);
                        write_program(pinned, folder)
                    })
                    .unwrap();
                });
            }
        });
        assert_eq!(RUNS.load(Ordering::Relaxed), 1);
    }
}
