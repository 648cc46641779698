//! Passwords: bcrypt takes a quarter of a second of a core on purpose.

use std::thread::available_parallelism;
use std::time::Duration;

use decnet_db::contract::PublicUser;
use decnet_db::password;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::error::{ApiError, ApiResult};
use crate::repo::Repo;

/// How long somebody waits for a turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// Computes with passwords off the async threads, on as many threads as there are cores and no more: a flood of logins
/// waits there, and everything else goes on.
pub(super) struct Passwords {
    turns: Semaphore,
}

impl Passwords {
    pub(super) fn new() -> Self {
        Self { turns: Semaphore::new(available_parallelism().map_or(1, usize::from)) }
    }

    async fn turn(&self) -> ApiResult<SemaphorePermit<'_>> {
        match timeout(PATIENCE, self.turns.acquire()).await {
            Ok(Ok(turn)) => Ok(turn),
            _ => Err(ApiError::busy("too many want to sign in at once")),
        }
    }

    /// The user of that name, if the password is theirs.
    pub(super) async fn login(
        &self,
        repo: &Repo,
        username: &str,
        password: &str,
    ) -> ApiResult<Option<PublicUser>> {
        let _turn = self.turn().await?;
        Ok(password::verify_login(&**repo, username, password).await?)
    }

    /// Whether the password has that hash.
    pub(super) async fn verify(&self, password: String, hash: String) -> ApiResult<bool> {
        let _turn = self.turn().await?;
        spawn_blocking(move || password::verify(&password, &hash)).await.map_err(broken)
    }

    pub(super) async fn hash(&self, password: String) -> ApiResult<String> {
        let _turn = self.turn().await?;
        Ok(spawn_blocking(move || password::hash(&password)).await.map_err(broken)??)
    }
}

fn broken(error: tokio::task::JoinError) -> ApiError {
    decnet_db::Error::backend("computing with a password failed", error).into()
}
