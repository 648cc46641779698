//! Passwords: bcrypt takes a quarter of a second of a core on purpose.

use std::thread::available_parallelism;
use std::time::Duration;

use decnet_db::password;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::error::{ApiError, ApiResult};

/// Of nobody's password: what an unknown name is compared with, so that it costs as much as a known one.
const NOBODY: &str = "$2b$12$f1a5Rx86Bhw5chZ9g5Gvh.tgioa5YlIWY/M22rHOuj3SSSuD9uRDy";
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

    /// Whether the password has that hash; with no hash it takes as long, and has it not.
    pub(super) async fn verify(&self, password: String, hash: Option<String>) -> ApiResult<bool> {
        let _turn = self.turn().await?;
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODY.to_owned());
        let fits = spawn_blocking(move || password::verify(&password, &hash)).await.map_err(broken)?;
        Ok(fits && known)
    }

    pub(super) async fn hash(&self, password: String) -> ApiResult<String> {
        let _turn = self.turn().await?;
        Ok(spawn_blocking(move || password::hash(&password)).await.map_err(broken)??)
    }
}

fn broken(error: tokio::task::JoinError) -> ApiError {
    decnet_db::Error::backend("computing with a password failed", error).into()
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[tokio::test]
    async fn an_unknown_name_costs_what_a_wrong_password_costs() {
        let passwords = Passwords::new();
        let hash = passwords.hash("correct horse".into()).await.unwrap();
        assert!(passwords.verify("correct horse".into(), Some(hash.clone())).await.unwrap());
        let mut took = [Duration::MAX; 2];
        for _ in 0..3 {
            for (place, hash) in [Some(hash.clone()), None].into_iter().enumerate() {
                let begun = Instant::now();
                assert!(!passwords.verify("wrong horse".into(), hash).await.unwrap());
                took[place] = took[place].min(begun.elapsed());
            }
        }
        // A malformed hash would be answered within microseconds; other tests run at the same time.
        assert!(took[1] > took[0] / 4 && took[1] < took[0] * 4, "{took:?}");
    }
}
