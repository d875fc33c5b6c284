//! A certificate for names of the test's choice, by an authority that is made on the spot.

use std::io;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// TLS 1.2 and 1.3 for a [`MockServer`](crate::server::MockServer), with an authority of its own that clients must be told to trust.
///
/// ```
/// use sidetone_testkit::server::{MockServer, Tls};
///
/// # fn main() -> std::io::Result<()> {
/// let tls = Tls::for_names(&["api.openai.com"])?;
/// // The file's name goes into SSL_CERT_FILE, NODE_EXTRA_CA_CERTS and the like.
/// let authority = tls.authority().to_owned();
/// let server = MockServer::builder().tls(tls.protocols(&["http/1.1"])).start();
/// assert!(server.url().starts_with("https://127.0.0.1:"));
/// assert!(authority.starts_with("-----BEGIN CERTIFICATE-----"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Tls {
    authority: Arc<str>,
    config: Arc<ServerConfig>,
}

impl Tls {
    /// A certificate for these names, `localhost` and 127.0.0.1; `h2` and `http/1.1` are offered.
    ///
    /// # Errors
    /// When a name is none.
    pub fn for_names(names: &[&str]) -> io::Result<Self> {
        let made = || -> Result<_, rcgen::Error> {
            let mut params = CertificateParams::new([])?;
            params.distinguished_name.push(DnType::CommonName, "sidetone test authority");
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
            let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
            let names: Vec<String> =
                names.iter().chain(&["localhost", "127.0.0.1"]).map(|&name| name.to_owned()).collect();
            let mut params = CertificateParams::new(names)?;
            params.use_authority_key_identifier_extension = true;
            let key = KeyPair::generate()?;
            let certificate = params.signed_by(&key, &issuer)?;
            Ok((issuer.pem(), certificate, key))
        };
        let (authority, certificate, key) = made().map_err(io::Error::other)?;
        let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(io::Error::other)?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .map_err(io::Error::other)?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { authority: authority.into(), config: Arc::new(config) })
    }

    /// The protocols that are offered, such as `h2` and `http/1.1`, best first.
    #[must_use]
    pub fn protocols(mut self, protocols: &[&str]) -> Self {
        Arc::make_mut(&mut self.config).alpn_protocols =
            protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        self
    }

    /// The authority's certificate in PEM.
    #[must_use]
    pub fn authority(&self) -> &str {
        &self.authority
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}
