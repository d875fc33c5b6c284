//! TLS libraries that can't be captured by uprobes, so that they are named and not passed over.

use super::Recognised;
use super::elf::{Symbols, Wanted};

/// One such library: a file is one if it defines the symbol.
struct Foreign {
    name: &'static str,
    symbol: &'static str,
    reason: &'static str,
    remedy: &'static str,
    /// Other libraries bring it along, whether or not it is used.
    is_common: bool,
}

const IN_PROCESS: &str = "Observe the program in process, with OpenTelemetry's instrumentation for its language.";

const FOREIGN: &[Foreign] = &[
    Foreign {
        name: "jvm",
        symbol: "JNI_CreateJavaVM",
        reason: "Java's TLS runs inside the virtual machine, compiled anew in each process: no function in a file to hook.",
        remedy: "Use OpenTelemetry's Java agent, or a TLS provider on OpenSSL (netty-tcnative, Conscrypt).",
        is_common: false,
    },
    Foreign {
        name: "nss",
        symbol: "SSL_ImportFD",
        reason: "NSS moves bytes by PR_Read and PR_Write, which also serve files and plain sockets.",
        remedy: IN_PROCESS,
        is_common: true,
    },
    Foreign {
        name: "wolfssl",
        symbol: "wolfSSL_read",
        reason: "wolfSSL isn't supported.",
        remedy: IN_PROCESS,
        is_common: true,
    },
    Foreign {
        name: "mbedtls",
        symbol: "mbedtls_ssl_read",
        reason: "mbedTLS isn't supported.",
        remedy: IN_PROCESS,
        is_common: true,
    },
    Foreign {
        name: "s2n",
        symbol: "s2n_recv",
        reason: "s2n-tls isn't supported.",
        remedy: IN_PROCESS,
        is_common: true,
    },
];

/// Not a runtime of the table: it never has probes.
pub(super) const WANTED: &[Wanted] = &[
    Wanted::Named { stem: "JNI_CreateJavaVM", names: &["JNI_CreateJavaVM"] },
    Wanted::Named { stem: "SSL_ImportFD", names: &["SSL_ImportFD"] },
    Wanted::Named { stem: "wolfSSL_read", names: &["wolfSSL_read"] },
    Wanted::Named { stem: "mbedtls_ssl_read", names: &["mbedtls_ssl_read"] },
    Wanted::Named { stem: "s2n_recv", names: &["s2n_recv"] },
];

pub(super) fn recognise(symbols: &Symbols) -> Vec<Recognised> {
    FOREIGN
        .iter()
        .filter(|foreign| symbols.get(foreign.symbol).is_some())
        .map(|foreign| {
            let mut found = Recognised::out_of_reach(foreign.name, None, foreign.reason, foreign.remedy);
            if let Some(unsupported) = &mut found.unsupported {
                unsupported.is_common = foreign.is_common;
            }
            found
        })
        .collect()
}

/// The names of the libraries that are only named, for `doctor` and the README's table.
pub fn names() -> impl Iterator<Item = &'static str> {
    FOREIGN.iter().map(|foreign| foreign.name)
}
