//! What all requests share.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::FromRef;
use decnet_db::Repository;
use tokio_util::sync::CancellationToken;

use crate::auth::{Auth, TokenSettings};
use crate::coalesce::{AGE, Coalesced};
use crate::live::Live;
use crate::repo::Repo;

/// What all requests share; cheap to clone.
#[derive(Clone)]
pub struct State {
    repository: Arc<dyn Repository>,
    pub(crate) auth: Arc<Auth>,
    pub(crate) live: Arc<Live>,
    pub(crate) coalesced: Arc<Coalesced>,
    /// Cancelled when the service is to end: streams end then, and nobody is sent here any more.
    pub(crate) shutdown: CancellationToken,
    pub(crate) keep_alive: Duration,
    pub(crate) since: Instant,
}

impl State {
    /// Over an open repository with a schema; `shutdown` is cancelled when the service is to end.
    ///
    /// # Errors
    /// When the secret of the tokens can't be used.
    pub fn new(
        repository: Arc<dyn Repository>,
        tokens: &TokenSettings,
        shutdown: CancellationToken,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            auth: Arc::new(Auth::new(tokens)?),
            live: Arc::new(Live::new(Arc::clone(&repository), shutdown.clone())),
            coalesced: Arc::new(Coalesced::new(AGE)),
            repository,
            shutdown,
            keep_alive: Duration::from_secs(15),
            since: Instant::now(),
        })
    }

    /// Sets how long before somebody asked an answer may have been read that many share: 0.2 s unless given. With 0 each shows
    /// whatever was stored before it was asked for.
    #[must_use]
    pub fn answer_age(mut self, age: Duration) -> Self {
        self.coalesced = Arc::new(Coalesced::new(age));
        self
    }

    /// Sets how often a stream without news says that it is there; 15 s unless given.
    #[must_use]
    pub fn keep_alive(mut self, interval: Duration) -> Self {
        self.keep_alive = interval;
        self
    }
}

impl FromRef<State> for Repo {
    fn from_ref(state: &State) -> Self {
        Self(Arc::clone(&state.repository))
    }
}

impl FromRef<State> for Arc<Auth> {
    fn from_ref(state: &State) -> Self {
        Arc::clone(&state.auth)
    }
}
