//! Which receivers tests run, in which versions, and where they lie; xtask compiles this same file to install them.

use std::path::{Path, PathBuf};

/// The variable that names the folder under which every receiver is installed.
pub(crate) const FOLDER_VARIABLE: &str = "SIDETONE_BACKENDS_DIR";

/// One receiver in one version.
pub(crate) struct Pinned {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    /// The program to start, relative to the receiver's folder.
    program: &'static str,
}

/// OpenTelemetry Collector, built from Go modules: it prints what it gets, or sends it on by OTLP. Later versions are only
/// partly in the module proxy.
pub(crate) const COLLECTOR: Pinned = Pinned { name: "otelcol", version: "0.149.0", program: "otelcol-forwarding" };

/// rotel, an OTLP agent in Rust, from its Python package.
pub(crate) const ROTEL: Pinned = Pinned { name: "rotel", version: "0.0.1a15", program: "rotel-agent" };

/// Arize Phoenix, which reads the conventions of generative AI by itself, from its Python package.
pub(crate) const PHOENIX: Pinned = Pinned { name: "arize-phoenix", version: "20.26.1", program: "bin/phoenix" };

/// MLflow, which reads the conventions of generative AI and OpenInference, with the packages of `xtask/mlflow-requirements.txt`.
pub(crate) const MLFLOW: Pinned = Pinned { name: "mlflow", version: "3.17.2", program: "bin/python" };

/// The Python instrumentation that the benches compare with, in an environment of its own with the client it instruments.
pub(crate) const OPENAI_V2: Pinned =
    Pinned { name: "opentelemetry-instrumentation-openai-v2", version: "2.4b0", program: "bin/python" };

/// The clients in Python that tests of host-wide capture watch: an environment with the packages of
/// `tests/host/clients/python/requirements.txt`. The version is that of `openai` and our own count; change it with any of them.
pub(crate) const HOST_PYTHON: Pinned = Pinned { name: "host-python", version: "3.54.0-2", program: "bin/python" };

/// The client for Node, with the packages of `tests/host/clients/node/package.json`.
pub(crate) const HOST_NODE: Pinned = Pinned { name: "host-node", version: "6.49.0", program: "app.mjs" };

/// The client in Go, built by whichever Go there is, with the modules of `tests/host/clients/go/go.mod`.
pub(crate) const HOST_GO: Pinned = Pinned { name: "host-go", version: "3.95.0", program: "client" };

impl Pinned {
    /// The receiver's own folder; a new version gets a new one.
    pub(crate) fn folder(&self, backends: &Path) -> PathBuf {
        backends.join(format!("{}-{}", self.name, self.version))
    }

    /// The program, when its installation has come to its end.
    pub(crate) fn program(&self, backends: &Path) -> Option<PathBuf> {
        let program = self.folder(backends).join(self.program);
        (self.is_complete(backends) && program.is_file()).then_some(program)
    }

    /// The file that is written when everything else of the receiver is in place.
    pub(crate) fn completion_mark(&self, backends: &Path) -> PathBuf {
        self.folder(backends).join("installed")
    }

    fn is_complete(&self, backends: &Path) -> bool {
        self.completion_mark(backends).is_file()
    }
}
