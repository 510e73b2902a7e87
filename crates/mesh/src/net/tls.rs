//! Mutual TLS 1.3 by pinned certificates: who may show which certificate stands in the signed
//! directory (or, for the own office, in the node's own set-up), so there is no authority whose
//! mistake lets a stranger in, and who is struck from the directory is out at its next request.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs as provider, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, DistinguishedName, Error, ServerConfig,
    SignatureScheme,
};

use crate::MeshError;

/// What the names of members end with inside TLS.
const DOMAIN: &str = "mesh.kumoi.internal";
/// The one protocol that is spoken.
const PROTOCOL: &[u8] = b"h2";

/// The name under which a member's node is asked for it.
pub fn server_name(member: &str) -> String {
    format!("{member}.{DOMAIN}")
}

/// The member in such a name.
fn member_of(name: &str) -> Option<&str> {
    name.strip_suffix(DOMAIN)?.strip_suffix('.')
}

/// SHA-256 of a certificate.
pub fn fingerprint(certificate: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, certificate).as_ref());
    out
}

/// A certificate and its key.
pub struct Identity {
    /// DER.
    pub certificate: Vec<u8>,
    /// PKCS #8.
    pub key: Vec<u8>,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity(…)")
    }
}

impl Identity {
    /// A new key with a certificate in the name of `member`, until `expires`.
    ///
    /// # Errors
    /// [`MeshError::Key`].
    pub fn generate(member: &str, expires: Timestamp) -> Result<Identity, MeshError> {
        let failed = |_| MeshError::Key("証明書");
        let mut params = CertificateParams::new(vec![server_name(member)]).map_err(failed)?;
        let day = expires.to_zoned(jiff::tz::TimeZone::UTC).date();
        let month = u8::try_from(day.month()).unwrap_or(12);
        let of_month = u8::try_from(day.day()).unwrap_or(28);
        params.not_after = rcgen::date_time_ymd(i32::from(day.year()), month, of_month);
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(failed)?;
        let certificate = params.self_signed(&key).map_err(failed)?;
        Ok(Identity { certificate: certificate.der().to_vec(), key: key.serialize_der() })
    }

    fn certified(&self) -> Result<CertifiedKey, MeshError> {
        let chain = vec![CertificateDer::from(self.certificate.clone())];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.clone()));
        CertifiedKey::from_der(chain, key, &provider::default_provider())
            .map_err(|_| MeshError::Key("証明書と鍵"))
    }
}

/// Who a certificate belongs to.
pub(super) trait Peers: Send + Sync + 'static {
    /// Whether anybody known may show it to a node.
    fn is_known(&self, fingerprint: &[u8; 32]) -> bool;
    /// Whether it is the member's.
    fn is_of(&self, member: &str, fingerprint: &[u8; 32]) -> bool;
}

/// What a node shows and believes as a server. `own` are its members by name.
pub(super) fn server(
    own: Vec<(String, &Identity)>,
    peers: Arc<dyn Peers>,
) -> Result<ServerConfig, MeshError> {
    let certified = own.into_iter().map(|(name, it)| Ok((name, Arc::new(it.certified()?))));
    let names = Names(certified.collect::<Result<_, MeshError>>()?);
    let pinned = Arc::new(Pinned {
        peers,
        expected: None,
        provider: Arc::new(provider::default_provider()),
    });
    let mut config = ServerConfig::builder_with_provider(Arc::clone(&pinned.provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|_| MeshError::Key("TLS 1.3"))?
        .with_client_cert_verifier(pinned)
        .with_cert_resolver(Arc::new(names));
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    // A resumed session would show no certificate of its own: every connection is a full one.
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// What a member shows and believes as a client of `to`.
pub(super) fn client(
    own: &Identity,
    to: &str,
    peers: Arc<dyn Peers>,
) -> Result<ClientConfig, MeshError> {
    let expected = Some(to.to_owned());
    let pinned =
        Arc::new(Pinned { peers, expected, provider: Arc::new(provider::default_provider()) });
    let shown = own.certified()?;
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&pinned.provider))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(|_| MeshError::Key("TLS 1.3"))?
        .dangerous()
        .with_custom_certificate_verifier(pinned)
        .with_client_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(shown)));
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}

/// The certificates of a node's members, by the name that is asked for.
#[derive(Debug)]
struct Names(Vec<(String, Arc<CertifiedKey>)>);

impl ResolvesServerCert for Names {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let member = member_of(hello.server_name()?)?;
        self.0.iter().find(|(name, _)| name == member).map(|(_, key)| Arc::clone(key))
    }
}

/// Believes a certificate that is pinned, whatever stands in it, when its key signed the handshake.
struct Pinned {
    peers: Arc<dyn Peers>,
    /// As a client: the member that is asked for.
    expected: Option<String>,
    provider: Arc<CryptoProvider>,
}

impl std::fmt::Debug for Pinned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pinned(…)")
    }
}

fn stranger() -> Error {
    Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)
}

impl ClientCertVerifier for Pinned {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        match self.peers.is_known(&fingerprint(shown)) {
            true => Ok(ClientCertVerified::assertion()),
            false => Err(stranger()),
        }
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(stranger())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, shown, signed, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        shown: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let expected = self.expected.as_deref().unwrap_or_default();
        match self.peers.is_of(expected, &fingerprint(shown)) {
            true => Ok(ServerCertVerified::assertion()),
            false => Err(stranger()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        ClientCertVerifier::verify_tls12_signature(self, message, shown, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        shown: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        ClientCertVerifier::verify_tls13_signature(self, message, shown, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ClientCertVerifier::supported_verify_schemes(self)
    }
}
