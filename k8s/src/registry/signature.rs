//! Signatures: what is signed, and how.
//!
//! What is signed is a small JSON text that names the image's digest and repository ("simple signing"), by ECDSA with the
//! curve P-256 and SHA-256. Text, key and place are those of `cosign sign --key` before version 3 without a transparency
//! log, which `cosign verify --key … --insecure-ignore-tlog` and the `sigstoreSigned` policy of podman and CRI-O check.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use p256::ecdsa::signature::{Signer, Verifier};
use p256::ecdsa::{DerSignature, SigningKey, VerifyingKey};
use p256::pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, LineEnding};
use serde::Deserialize;
use serde_json::json;
use thiserror::Error;

use crate::image::{Digest, Reference};

/// Media type of what is signed.
pub const PAYLOAD: &str = "application/vnd.dev.cosign.simplesigning.v1+json";
/// Annotation with the signature, in base64.
pub const ANNOTATION: &str = "dev.cosignproject.cosign/signature";
const KIND: &str = "cosign container image signature";

/// Why a key is of no use.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum KeyError {
    #[error(
        "no private key: {0}; an ECDSA P-256 key in a PEM file (BEGIN PRIVATE KEY) would be one, \
         as flowctl image key makes it"
    )]
    Private(String),
    #[error("no public key: {0}; an ECDSA P-256 key in a PEM file (BEGIN PUBLIC KEY) would be one")]
    Public(String),
    #[error("the system gives no random numbers: {0}")]
    Random(String),
}

/// Why a signature is not believed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum Doubt {
    #[error("it is not signed by this key")]
    OtherKey,
    #[error("it signs another image ({0})")]
    OtherImage(String),
    #[error("it signs an image of another repository ({0})")]
    OtherRepository(String),
    #[error("it is no signature: {0}")]
    NoSignature(String),
}

/// What signs.
pub struct PrivateKey(SigningKey);

/// What tells whether the private key signed.
pub struct PublicKey(VerifyingKey);

impl PrivateKey {
    /// A new one.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub fn generate() -> Result<Self, KeyError> {
        use p256::elliptic_curve::Generate;
        SigningKey::try_generate().map(Self).map_err(|error| KeyError::Random(error.to_string()))
    }

    /// Reads a PEM file (PKCS #8, RFC 5958).
    ///
    /// # Errors
    /// Anything else.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        SigningKey::from_pkcs8_pem(text).map(Self).map_err(|error| KeyError::Private(error.to_string()))
    }

    /// As a PEM file.
    ///
    /// # Errors
    /// None that is known of.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        let pem = self.0.to_pkcs8_pem(LineEnding::LF);
        pem.map(|pem| pem.to_string()).map_err(|error| KeyError::Private(error.to_string()))
    }

    /// Its public key.
    pub fn public(&self) -> PublicKey {
        PublicKey(*self.0.verifying_key())
    }

    /// Signs `payload`; in base64.
    pub fn sign(&self, payload: &[u8]) -> String {
        let signature: DerSignature = self.0.sign(payload);
        STANDARD.encode(signature.as_bytes())
    }
}

impl PublicKey {
    /// Reads a PEM file (SubjectPublicKeyInfo, RFC 5280, 4.1).
    ///
    /// # Errors
    /// Anything else.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        VerifyingKey::from_public_key_pem(text).map(Self).map_err(|error| KeyError::Public(error.to_string()))
    }

    /// As a PEM file.
    ///
    /// # Errors
    /// None that is known of.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        self.0.to_public_key_pem(LineEnding::LF).map_err(|error| KeyError::Public(error.to_string()))
    }

    /// Believes that `signature` signs the image `digest` in the repository of `image`, or says why not.
    ///
    /// # Errors
    /// As [`Doubt`] tells.
    pub fn verify(&self, image: &Reference, digest: &Digest, payload: &[u8], signature: &str) -> Result<(), Doubt> {
        let no_signature = |error: &dyn ToString| Doubt::NoSignature(error.to_string());
        let signature = STANDARD.decode(signature).map_err(|error| no_signature(&error))?;
        let signature = DerSignature::from_bytes(&signature).map_err(|error| no_signature(&error))?;
        self.0.verify(payload, &signature).map_err(|_| Doubt::OtherKey)?;
        let signed: Payload = serde_json::from_slice(payload).map_err(|error| no_signature(&error))?;
        let critical = signed.critical;
        if critical.kind != KIND {
            return Err(Doubt::NoSignature(format!("it is of the kind {:?}", critical.kind)));
        }
        if critical.image.digest != digest.as_str() {
            return Err(Doubt::OtherImage(critical.image.digest));
        }
        if critical.identity.reference != image.name() {
            return Err(Doubt::OtherRepository(critical.identity.reference));
        }
        Ok(())
    }
}

/// What is signed for the image `digest` in the repository of `image`.
pub fn payload(image: &Reference, digest: &Digest) -> Vec<u8> {
    json!({
        "critical": {
            "identity": { "docker-reference": image.name() },
            "image": { "docker-manifest-digest": digest },
            "type": KIND,
        },
        "optional": null,
    })
    .to_string()
    .into_bytes()
}

#[derive(Deserialize)]
struct Payload {
    critical: Critical,
}

#[derive(Deserialize)]
struct Critical {
    identity: Identity,
    image: Signed,
    #[serde(rename = "type")]
    kind: String,
}

#[derive(Deserialize)]
struct Identity {
    #[serde(rename = "docker-reference")]
    reference: String,
}

#[derive(Deserialize)]
struct Signed {
    #[serde(rename = "docker-manifest-digest")]
    digest: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn image() -> Reference {
        "r.example.com/flowclient:1".parse().unwrap()
    }

    #[test]
    fn a_signature_holds_for_its_image_and_its_key_only() {
        let (key, other) = (PrivateKey::generate().unwrap(), PrivateKey::generate().unwrap());
        let digest = Digest::of(b"image");
        let payload = payload(&image(), &digest);
        let signature = key.sign(&payload);
        let verify = |key: &PrivateKey, digest: &Digest, image: &Reference| {
            key.public().verify(image, digest, &payload, &signature)
        };
        assert_eq!(verify(&key, &digest, &image()), Ok(()));
        assert_eq!(verify(&other, &digest, &image()), Err(Doubt::OtherKey));
        assert_eq!(verify(&key, &Digest::of(b"x"), &image()), Err(Doubt::OtherImage(digest.to_string())));
        let elsewhere = "r.example.com/other:1".parse().unwrap();
        let doubt = Doubt::OtherRepository("r.example.com/flowclient".to_owned());
        assert_eq!(verify(&key, &digest, &elsewhere), Err(doubt));
    }

    #[test]
    fn keys_survive_being_written_and_read() {
        let key = PrivateKey::generate().unwrap();
        let again = PrivateKey::from_pem(&key.to_pem().unwrap()).unwrap();
        let public = PublicKey::from_pem(&key.public().to_pem().unwrap()).unwrap();
        let payload = payload(&image(), &Digest::of(b"image"));
        assert_eq!(public.verify(&image(), &Digest::of(b"image"), &payload, &again.sign(&payload)), Ok(()));
        assert!(PrivateKey::from_pem("nonsense").is_err_and(|error| error.to_string().contains("BEGIN PRIVATE KEY")));
        assert!(PublicKey::from_pem(&key.to_pem().unwrap()).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn an_altered_payload_is_doubted(at in 0..200usize, byte: u8) {
            let key = PrivateKey::generate().unwrap();
            let digest = Digest::of(b"image");
            let payload = payload(&image(), &digest);
            let signature = key.sign(&payload);
            let mut altered = payload.clone();
            let at = at % altered.len();
            altered[at] = byte;
            prop_assert_eq!(key.public().verify(&image(), &digest, &altered, &signature).is_ok(), altered == payload);
        }

        #[test]
        fn no_signature_brings_it_down(payload: Vec<u8>, signature in "[A-Za-z0-9+/=]{0,100}") {
            let key = PrivateKey::generate().unwrap();
            prop_assert!(key.public().verify(&image(), &Digest::of(b"image"), &payload, &signature).is_err());
        }
    }
}
