//! Doing the same again, when what went wrong lies outside of it.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// How often work is tried that other transactions are in the way of.
const TRIES: u32 = 12;

/// What a failure says about doing the same again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The connection is gone, or there is no server at the moment: the same may work on another connection.
    Lost,
    /// Another transaction was in the way, as the reason says (`deadlock`): the same may work in a moment.
    Again(&'static str),
    /// The same would fail in the same way.
    Final,
}

/// What went wrong, as the caller should read it, and whether the same may work when it is done again. Whatever of it was
/// done must be undone before that.
#[derive(Debug)]
pub struct Failed {
    /// The error for the caller.
    pub error: Error,
    /// What it says about doing the same again.
    pub verdict: Verdict,
}

/// What the library itself found would be found again.
impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self { error, verdict: Verdict::Final }
    }
}

impl Failed {
    /// The same failure as the answer to COMMIT: when the connection was lost, nobody knows whether the write happened, and
    /// it must not be done again.
    #[must_use]
    pub fn at_commit(self) -> Self {
        match self.error {
            Error::Unavailable { source, .. } if self.verdict == Verdict::Lost => {
                let message = "the connection to the database server was lost while it committed: the write may or may \
                               not have happened";
                Error::UnknownOutcome { message: message.to_owned(), source }.into()
            }
            error => Self { error, ..self },
        }
    }
}

/// Counts the tries of one piece of work, and waits between them.
///
/// ```
/// # use std::time::Duration;
/// # use decnet_db_core::driver::{Failed, Replays};
/// # async fn attempt() -> Result<u64, Failed> { Ok(7) }
/// # async fn f() -> decnet_db_core::Result<u64> {
/// let mut replays = Replays::new("postgresql", Duration::from_secs(30));
/// loop {
///     match attempt().await {
///         Ok(done) => return Ok(done),
///         Err(failed) => replays.wait_or_give_up(failed).await?,
///     }
/// }
/// # }
/// ```
#[derive(Debug)]
pub struct Replays {
    system: &'static str,
    patience: Duration,
    started: Instant,
    tries: u32,
}

impl Replays {
    /// For work that begins now. `system` is the engine's name, for the metric; `patience` is how long the caller is kept
    /// waiting for a server that is away.
    pub fn new(system: &'static str, patience: Duration) -> Self {
        Self { system, patience, started: Instant::now(), tries: 0 }
    }

    /// Waits for a moment before the next try, which the counter `decnet_db.replays` counts by reason.
    ///
    /// # Errors
    /// The failure's error, when the same would fail again, was tried twelve times, or the patience is over.
    pub async fn wait_or_give_up(&mut self, failed: Failed) -> Result<()> {
        self.tries += 1;
        let reason = match failed.verdict {
            Verdict::Again(reason) if self.tries < TRIES => reason,
            Verdict::Lost if self.started.elapsed() < self.patience => "connection_lost",
            _ => return Err(failed.error),
        };
        tracing::debug!(reason, tries = self.tries, "replaying");
        metrics::counter!("decnet_db.replays", "db.system.name" => self.system, "reason" => reason)
            .increment(1);
        tokio::time::sleep(backoff(self.tries - 1)).await;
        Ok(())
    }
}

/// The pause before the `attempt`th new try, counted from 0: doubling from 5 ms, at most 500 ms, of which a random half is
/// left out so that those who met do not meet again.
pub fn backoff(attempt: u32) -> Duration {
    let full = Duration::from_millis(5 << attempt.min(7)).min(Duration::from_millis(500));
    // Every `RandomState` has other keys: the only source of chance that needs no dependency.
    let chance = RandomState::new().build_hasher().finish() % 1_000;
    full / 2 + full.mul_f64(f64::from(u32::try_from(chance).unwrap_or_default()) / 2_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost() -> Failed {
        let error = Error::Unavailable { message: "gone".into(), source: None };
        Failed { error, verdict: Verdict::Lost }
    }

    #[tokio::test]
    async fn what_would_fail_again_is_not_tried_again() {
        let mut replays = Replays::new("plain", Duration::from_secs(60));
        assert!(replays.wait_or_give_up(Error::conflict("there").into()).await.is_err());
        assert!(replays.wait_or_give_up(lost()).await.is_ok());
        assert!(Replays::new("plain", Duration::ZERO).wait_or_give_up(lost()).await.is_err());
        assert!(replays.wait_or_give_up(lost().at_commit()).await.is_err());
    }

    #[tokio::test]
    async fn others_may_be_in_the_way_eleven_times() {
        let failed = || Failed { verdict: Verdict::Again("deadlock"), ..lost() };
        let mut replays = Replays { tries: TRIES - 2, ..Replays::new("plain", Duration::ZERO) };
        assert!(replays.wait_or_give_up(failed()).await.is_ok());
        assert!(replays.wait_or_give_up(failed()).await.is_err());
    }

    #[test]
    fn pauses_grow_up_to_half_a_second() {
        for attempt in [0, 1, 5, 7, 100] {
            let full = Duration::from_millis(5 << attempt.min(7)).min(Duration::from_millis(500));
            let pause = backoff(attempt);
            assert!(pause >= full / 2 && pause <= full, "{attempt}: {pause:?}");
        }
    }

    #[test]
    fn a_connection_that_is_lost_at_commit_leaves_the_outcome_unknown() {
        let failed = lost().at_commit();
        assert_eq!((failed.error.kind(), failed.verdict), (crate::ErrorKind::UnknownOutcome, Verdict::Final));
        let refused: Failed = Error::conflict("there").into();
        assert_eq!(refused.at_commit().error.kind(), crate::ErrorKind::Conflict);
    }
}
