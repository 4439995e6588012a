//! Private certificate authorities and what they sign. Keys are ECDSA P-256.

use std::net::Ipv4Addr;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};

/// Signs certificates; whoever trusts it trusts them.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// Its own certificate, in PEM.
    pub(super) certificate: String,
    /// Its private key, in PEM.
    pub(super) key: String,
}

/// A certificate and its private key, both in PEM.
#[derive(Clone, Debug)]
pub(super) struct Identity {
    pub(super) certificate: String,
    pub(super) key: String,
}

impl Authority {
    /// A new one, named `name`.
    pub(super) fn new(name: &str) -> Self {
        let mut params = params(name, None);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key pair");
        let certificate = params.self_signed(&key).expect("a certificate").pem();
        let text = key.serialize_pem();
        Self { issuer: Issuer::new(params, key), certificate, key: text }
    }

    /// An identity for a client, which Kubernetes takes as the user `user` in `group`.
    pub(super) fn client(&self, user: &str, group: Option<&str>) -> Identity {
        self.sign(params(user, group))
    }

    /// An identity for a server that is reached by these names and addresses, and for a client as [`Self::client`].
    pub(super) fn server(&self, user: &str, group: Option<&str>, names: &[&str], addresses: &[Ipv4Addr]) -> Identity {
        self.sign(server_params(user, group, names, addresses))
    }

    /// The same, which ended long ago.
    pub(super) fn expired_server(&self, user: &str, names: &[&str], addresses: &[Ipv4Addr]) -> Identity {
        let mut params = server_params(user, None, names, addresses);
        params.not_after = date_time_ymd(2001, 1, 1);
        self.sign(params)
    }

    fn sign(&self, mut params: CertificateParams) -> Identity {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate().expect("a key pair");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate").pem();
        Identity { certificate, key: key.serialize_pem() }
    }
}

/// A private key and its public key, both in PEM.
pub(super) fn key_pair() -> (String, String) {
    let key = KeyPair::generate().expect("a key pair");
    (key.serialize_pem(), key.public_key_pem())
}

fn server_params(user: &str, group: Option<&str>, names: &[&str], addresses: &[Ipv4Addr]) -> CertificateParams {
    let addresses = addresses.iter().map(ToString::to_string);
    let names = names.iter().map(ToString::to_string).chain(addresses).collect::<Vec<_>>();
    let mut params = params(user, group);
    params.subject_alt_names = CertificateParams::new(names).expect("names of a server").subject_alt_names;
    params
}

fn params(name: &str, group: Option<&str>) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    if let Some(group) = group {
        params.distinguished_name.push(DnType::OrganizationName, group);
    }
    params
}
