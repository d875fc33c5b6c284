//! Certificates and keys for TLS, from PEM files.

use super::lookup::{Found, Lookup};
use super::{ConfigError, Protocol, Signal};

/// The longest file that is read. A list of all public authorities has a quarter of a mebibyte.
#[cfg(any(feature = "grpc", feature = "tls"))]
const PEM_BYTES: u64 = 4 << 20;

/// Whom to trust and what to show, when connecting by TLS. The default: the system's authorities, and nothing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// The only authorities to trust, as PEM.
    pub authorities: Option<Vec<u8>>,
    /// What to show.
    pub identity: Option<Identity>,
}

/// A client's certificate and its key.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The certificate, and those between it and an authority, as PEM.
    pub certificate: Vec<u8>,
    /// Its key, as PEM. Secret.
    pub key: Vec<u8>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls")
            .field("has_authorities", &self.authorities.is_some())
            .field("has_identity", &self.identity.is_some())
            .finish()
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

impl Tls {
    pub(super) fn read(lookup: &Lookup<'_>, signal: Signal, protocol: Protocol) -> Result<Self, ConfigError> {
        let variables = Variables {
            authorities: lookup.otlp(signal, "CERTIFICATE"),
            certificate: lookup.otlp(signal, "CLIENT_CERTIFICATE"),
            key: lookup.otlp(signal, "CLIENT_KEY"),
        };
        if protocol == Protocol::HttpProtobuf && !cfg!(feature = "tls") {
            for found in [variables.authorities, variables.certificate, variables.key].into_iter().flatten() {
                lookup.warn(&found, "it is not used for http/protobuf; enable feature `tls` of sidetone");
            }
            return Ok(Self::default());
        }
        variables.read()
    }
}

/// What the variables say, which is where files are.
struct Variables {
    authorities: Option<Found>,
    certificate: Option<Found>,
    key: Option<Found>,
}

#[cfg(any(feature = "grpc", feature = "tls"))]
impl Variables {
    fn read(self) -> Result<Tls, ConfigError> {
        use rustls_pki_types::pem::PemObject as _;
        use rustls_pki_types::{CertificateDer, PrivateKeyDer};

        let is_certificates = |pem: &[u8]| {
            let mut certificates = CertificateDer::pem_slice_iter(pem).peekable();
            certificates.peek().is_some() && certificates.all(|certificate| certificate.is_ok())
        };
        let certificates = |found: &Found| {
            let pem = file(found)?;
            if is_certificates(&pem) { Ok(pem) } else { Err(found.error("a file of PEM certificates is expected")) }
        };
        let identity = match (&self.certificate, &self.key) {
            (None, None) => None,
            (Some(certificate), Some(found)) => {
                let key = file(found)?;
                if PrivateKeyDer::from_pem_slice(&key).is_err() {
                    return Err(found.error("a file with a PEM private key, not encrypted, is expected"));
                }
                Some(Identity { certificate: certificates(certificate)?, key })
            }
            (Some(found), None) => return Err(found.error("OTEL_EXPORTER_OTLP_CLIENT_KEY is expected too")),
            (None, Some(found)) => return Err(found.error("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE is expected too")),
        };
        Ok(Tls { authorities: self.authorities.as_ref().map(certificates).transpose()?, identity })
    }
}

#[cfg(not(any(feature = "grpc", feature = "tls")))]
impl Variables {
    /// No protocol that is compiled in has TLS with certificates of one's own.
    fn read(self) -> Result<Tls, ConfigError> {
        Ok(Tls::default())
    }
}

#[cfg(any(feature = "grpc", feature = "tls"))]
fn file(found: &Found) -> Result<Vec<u8>, ConfigError> {
    use std::fs::File;
    use std::io::Read as _;

    let mut pem = Vec::new();
    let read = File::open(&found.value).and_then(|file| file.take(PEM_BYTES + 1).read_to_end(&mut pem));
    match read {
        Err(error) => Err(found.error(format!("a file that can be read is expected: {error}"))),
        Ok(_) if pem.len() as u64 > PEM_BYTES => Err(found.error(format!("at most {PEM_BYTES} bytes are expected"))),
        Ok(_) => Ok(pem),
    }
}
