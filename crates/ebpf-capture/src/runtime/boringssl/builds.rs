//! Known builds of programs that hold BoringSSL and no symbols: by build id, where its functions are.

use super::super::elf::{Image, Symbol, Symbols};

/// One build. Addresses are those of the file (as in its program headers), checked against the build with symbols or by
/// running it.
pub(super) struct Build {
    /// In hexadecimal, as `readelf -n` prints it.
    pub(super) id: &'static str,
    /// What it is, for people.
    #[expect(dead_code, reason = "for who reads the table")]
    pub(super) program: &'static str,
    /// Names as in [`super::probes`], addresses, sizes.
    functions: &'static [(&'static str, u64, u64)],
}

pub(super) static BUILDS: &[Build] = &[Build {
    id: "143d37830c3cd5980ecc4374981bcfc643c78f05",
    program: "curl_cffi 0.17.0 of PyPI, x86-64",
    functions: &[
        ("SSL_read", 0x2d_5ac0, 0xd1),
        ("SSL_write", 0x2d_5ed0, 0x146),
        ("SSL_free", 0x2d_52d0, 0x22),
        ("SSL_set_connect_state", 0x2d_5300, 0x18),
        ("SSL_set_accept_state", 0x2d_5320, 0x18),
        ("SSL_connect", 0x2d_5820, 0x27),
        ("SSL_accept", 0x2d_5850, 0x27),
        ("SSL_set_tlsext_host_name", 0x2d_9060, 0xb3),
        ("SSL_set_fd", 0x2d_7080, 0x6b),
    ],
}];

impl Build {
    /// The file's entry in the table.
    pub(super) fn of(image: &Image<'_>) -> Option<&'static Self> {
        let id = image.build_id()?;
        BUILDS.iter().find(|build| build.id == id)
    }

    /// As if the file had them as symbols.
    pub(super) fn symbols(&self) -> Symbols {
        let symbol = |address: &u64, size: &u64| Symbol { address: *address, size: *size };
        self.functions.iter().map(|(name, address, size)| (*name, symbol(address, size))).collect()
    }
}
