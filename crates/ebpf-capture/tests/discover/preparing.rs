//! What a command will load has its probes before it runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use sidetone_testkit::require;

use crate::faces::{Watching, has_events, libssl, only_processes};

/// What a program prints.
fn output(program: &Path, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// The interpreter itself, not what starts it.
fn python() -> Option<PathBuf> {
    let started = require::tool("python3")?;
    Some(output(&started, &["-c", "import sys; print(sys.executable)"]).into())
}

#[test]
fn python_is_prepared_with_the_library_that_its_ssl_module_loads() {
    let (true, Some(python)) = (has_events(), python()) else { return };
    // What it really loads, by its own account.
    let maps = output(&python, &["-c", "import _ssl; print(open('/proc/self/maps').read())"]);
    let Some(library) = require::some(
        "a Python with a shared OpenSSL",
        maps.lines().find(|line| line.contains("libssl")).and_then(|line| line.split_ascii_whitespace().nth(5)),
    ) else {
        return;
    };
    let watching = Watching::start(only_processes());
    let attached = watching.watcher.prepare(&python).unwrap();
    assert_eq!(watching.kernel.times(Path::new(library)), 1, "{library} of {attached:?}");
}

#[test]
fn a_script_is_prepared_by_its_interpreter() {
    let (true, Some(python), Some(library)) = (has_events(), python(), libssl()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("app");
    fs::write(&script, format!("#!{}\nprint(1)\n", python.display())).unwrap();
    let watching = Watching::start(only_processes());
    watching.watcher.prepare(&script).unwrap();
    let direct = Watching::start(only_processes());
    direct.watcher.prepare(&python).unwrap();
    assert_eq!(watching.kernel.total(), direct.kernel.total());
    assert!(watching.kernel.total() > 0 || watching.kernel.times(&library) == 0);
}

#[test]
fn a_wheel_that_brings_openssl_is_prepared() {
    let (true, Some(python), Some(library)) = (has_events(), python(), libssl()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let environment = folder.path().join("venv");
    output(&python, &["-m", "venv", "--without-pip", environment.to_str().unwrap()]);
    let program = environment.join("bin/python3");
    let packages = output(&program, &["-c", "import site; print(site.getsitepackages()[0])"]);
    let bundled = Path::new(&packages).join("psycopg2_binary.libs/libssl-3e69114b.so.3");
    fs::create_dir_all(bundled.parent().unwrap()).unwrap();
    fs::copy(&library, &bundled).unwrap();
    let watching = Watching::start(only_processes());
    watching.watcher.prepare(&program).unwrap();
    assert_eq!(watching.kernel.times(&bundled), 1);
}

#[test]
fn node_is_prepared_with_what_it_brings_itself() {
    let (true, Some(node)) = (has_events(), require::tool("node")) else { return };
    let real = PathBuf::from(output(&node, &["-p", "process.execPath"]));
    let watching = Watching::start(only_processes());
    let attached = watching.watcher.prepare(&real).unwrap();
    assert!(attached.iter().any(|file| file.runtime == "openssl"), "{attached:?}");
    assert!(watching.kernel.total() > 0);
}

#[test]
fn a_program_of_go_is_prepared() {
    let (true, Some(go)) = (has_events(), require::tool("go")) else { return };
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("main.go"),
        "package main\nimport \"net/http\"\nfunc main() { http.Get(\"https://127.0.0.1:1/\") }\n",
    )
    .unwrap();
    fs::write(folder.path().join("go.mod"), "module m\ngo 1.17\n").unwrap();
    let built = Command::new(go)
        .args(["build", "-o", "program", "."])
        .current_dir(folder.path())
        .env("GOTOOLCHAIN", "local")
        .env("GOFLAGS", "-mod=mod")
        .status()
        .unwrap();
    assert!(built.success());
    let program = folder.path().join("program");
    let watching = Watching::start(only_processes());
    let attached = watching.watcher.prepare(&program).unwrap();
    assert_eq!(watching.kernel.times(&program), 1);
    assert!(attached.iter().any(|file| file.runtime == "go" && file.path == program), "{attached:?}");
}

#[test]
fn a_command_that_cannot_be_read_is_refused_with_its_path() {
    if !has_events() {
        return;
    }
    let watching = Watching::start(only_processes());
    let error = watching.watcher.prepare(Path::new("/nonexistent/program")).unwrap_err();
    assert!(error.to_string().starts_with("/nonexistent/program: "), "{error}");
}
