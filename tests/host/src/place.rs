//! A server under a name of the test's choice, and commands for which, in a mount namespace of their own, that name leads to it.

use std::ffi::OsStr;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU16, Ordering};

use sidetone_testkit::require;
use sidetone_testkit::server::{MockServer, MockServerBuilder, Tls};
use tempfile::TempDir;

/// Mounts its first two arguments there and becomes the rest.
const IN_THE_PLACE: &str =
    r#"mount --bind "$1" /etc/hosts && mount --bind "$2" /etc/ssl/certs/ca-certificates.crt && shift 2 && exec "$@""#;

/// A server, and the files that lead clients to it.
pub struct Place {
    /// The server; it logs what it answers.
    pub server: MockServer,
    /// The name that leads to it.
    pub name: String,
    folder: TempDir,
}

impl Place {
    /// A server at `name`, on port 443 of a loopback address of its own; `None`, after a line that says so, where there can be none.
    ///
    /// # Panics
    /// When it can't be started, or is not allowed to and `SIDETONE_TEST_REQUIRE=all`.
    #[must_use = "the test must return when there is none"]
    pub fn new(
        name: &str,
        protocols: &[&str],
        set: impl FnOnce(MockServerBuilder) -> MockServerBuilder,
    ) -> Option<Self> {
        let may = require::or_skip("Linux and root", cfg!(target_os = "linux") && is_root());
        if !may || require::tool("unshare").is_none() {
            return None;
        }
        let tls = Tls::for_names(&[name]).unwrap().protocols(protocols);
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("authority.pem"), tls.authority()).unwrap();
        let address = free_address();
        fs::write(folder.path().join("hosts"), format!("127.0.0.1 localhost\n{address} {name}\n")).unwrap();
        let builder = MockServer::builder().number_answers(true).log_answers(true).tls(tls);
        let server = set(builder.address(address).port(443)).start();
        Some(Self { server, name: name.to_owned(), folder })
    }

    /// `https://NAME/v1`.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("https://{}/v1", self.name)
    }

    /// Where the server listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.server.addr()
    }

    /// The file with the certificate of the server's authority.
    #[must_use]
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// A path for a file of the test.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A command for which the name leads to the server, and which trusts it.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private", "sh", "-c", IN_THE_PLACE, "sh"]);
        command.arg(self.file("hosts")).arg(self.authority()).arg(program);
        command
            .env("SSL_CERT_FILE", self.authority())
            .env("NODE_EXTRA_CA_CERTS", self.authority())
            .env("OPENAI_API_KEY", "sk-test")
            .env("OPENAI_BASE_URL", self.base_url());
        command
    }
}

/// Whether the effective user is root.
#[must_use]
pub fn is_root() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let user = status.lines().find_map(|line| line.strip_prefix("Uid:")).and_then(|ids| ids.split_whitespace().nth(1));
    user == Some("0")
}

/// A loopback address whose port 443 nobody has: others than 127.0.0.1 are rarely used.
fn free_address() -> Ipv4Addr {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    for _ in 0..1_000 {
        // Tests of several programs run at once.
        let number = std::process::id().wrapping_mul(61).wrapping_add(u32::from(NEXT.fetch_add(1, Ordering::Relaxed)));
        let [_, _, third, last] = number.to_be_bytes();
        let address = Ipv4Addr::new(127, 64, third, last);
        // 0 and 255 are left out, and not moved to their neighbours: those are another test's.
        if (1..255).contains(&last) && TcpListener::bind((address, 443)).is_ok() {
            return address;
        }
    }
    panic!("no loopback address with a free port 443");
}

/// A file of this package.
#[must_use]
pub fn own_file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
