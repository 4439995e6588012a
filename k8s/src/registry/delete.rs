//! Takes manifests away. The registry's own garbage collection frees the space afterwards.

use oci_client::RegistryOperation;

use super::client::{CONNECT_TIMEOUT, READ_TIMEOUT, Registry, wire};
use super::error::RegistryError;
use crate::image::{Digest, Reference};

impl Registry {
    /// Deletes a manifest, and with it all tags that it has (OCI distribution specification 1.1, "Deleting Manifests").
    ///
    /// # Errors
    /// As [`RegistryError`] tells.
    pub async fn delete(&self, repository: &Reference, digest: &Digest) -> Result<(), RegistryError> {
        let image = repository.with_digest(digest.clone());
        let other = |error: reqwest::Error| self.asked(&image).explain(error.into());
        let certificates = self.authorities.iter().map(|pem| reqwest::Certificate::from_pem(pem));
        let certificates = certificates.collect::<Result<Vec<_>, _>>().map_err(other)?;
        let http = reqwest::Client::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT);
        let http = http.tls_certs_merge(certificates).build().map_err(other)?;
        let url = format!("https://{}/v2/{}/manifests/{digest}", repository.registry, repository.repository);
        let request = http.delete(url);
        let request = match (self.token(&image).await?, self.login()) {
            (Some(token), _) => request.bearer_auth(token),
            (None, Some(login)) => request.basic_auth(&login.username, Some(&login.password)),
            (None, None) => request,
        };
        let answer = request.send().await.map_err(other)?;
        let status = answer.status();
        if status.is_success() {
            return Ok(());
        }
        let body = answer.text().await.unwrap_or_default();
        Err(self.asked(&image).status(status.as_u16(), &body))
    }

    /// A token, if the registry wants one rather than the login itself.
    async fn token(&self, image: &Reference) -> Result<Option<String>, RegistryError> {
        let (client, auth) = self.client();
        let answer = client.auth(&wire(image), auth, RegistryOperation::Push).await;
        answer.map_err(|error| self.asked(image).explain(error))
    }
}
