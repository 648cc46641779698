//! The repository as an extractor.

use std::convert::Infallible;
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use decnet_db::Repository;

/// The repository, for any handler: `async fn handler(repo: Repo, …)`, and then `repo.get_logs(…)`.
#[derive(Clone)]
pub(crate) struct Repo(pub(crate) Arc<dyn Repository>);

impl Deref for Repo {
    type Target = dyn Repository;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl<S> FromRequestParts<S> for Repo
where
    Self: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Ok(Self::from_ref(state))
    }
}
