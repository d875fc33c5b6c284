//! What requests and responses mean: one folder per provider, one line per API surface.

pub mod openai;

use crate::event::Operation;

/// One API surface of a provider: how its paths, requests and responses read.
pub trait Surface: Sync + std::fmt::Debug {
    /// Its name, `provider.surface`.
    fn name(&self) -> &'static str;
    /// What its calls do.
    fn operation(&self) -> Operation;
    /// Whether a URL's path (without query) belongs to it. Runs on the caller's path: compares, never allocates.
    fn matches(&self, path: &str) -> bool;
}

/// Every API surface that is understood.
pub static SURFACES: &[&dyn Surface] = &[];

/// The surface that a request to `path` (without query) with this method belongs to.
#[must_use]
pub fn surface_of(method: &http::Method, path: &str) -> Option<&'static dyn Surface> {
    if method != http::Method::POST {
        return None;
    }
    SURFACES.iter().copied().find(|surface| surface.matches(path))
}

/// The deployment that an Azure OpenAI path names.
#[must_use]
pub fn deployment_of(path: &str) -> Option<&str> {
    path.split_once("/openai/deployments/")?.1.split('/').next()
}
