//! Figures that many watch, computed once for all who watch the same.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use decnet_db::Repository;
use decnet_db::contract::{Bucket, LogFilter, Stats};
use decnet_db::time::Timestamp;
use decnet_db::watch::{Watch, watch as watch_events};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::params::log_filter;

/// The least time from one computation to the next.
const SPACING: Duration = Duration::from_secs(1);
/// When they are computed without an event: deckies come and go too.
const IDLE: Duration = Duration::from_secs(15);
/// Pause after a failure.
const PAUSE: Duration = Duration::from_secs(2);

/// What is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Scope {
    pub(crate) search: Option<String>,
    pub(crate) start_time: Option<Timestamp>,
    pub(crate) end_time: Option<Timestamp>,
    pub(crate) interval_minutes: i64,
}

impl Scope {
    pub(crate) fn filter(&self) -> LogFilter {
        log_filter(self.search.clone(), self.start_time, self.end_time)
    }
}

/// The figures of one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Figures {
    pub(crate) stats: Stats,
    pub(crate) histogram: Arc<Vec<Bucket>>,
}

type Shared = watch::Sender<Option<Figures>>;

/// The scopes that somebody watches.
pub(crate) struct Live {
    repository: Arc<dyn Repository>,
    shutdown: CancellationToken,
    scopes: Mutex<HashMap<Scope, Arc<Shared>>>,
}

impl Live {
    pub(crate) fn new(repository: Arc<dyn Repository>, shutdown: CancellationToken) -> Self {
        Self { repository, shutdown, scopes: Mutex::default() }
    }

    /// The figures of a scope; none before they were computed. The first who asks starts the task that computes, and
    /// it ends with the last.
    pub(crate) fn figures(self: &Arc<Self>, scope: Scope) -> watch::Receiver<Option<Figures>> {
        let mut scopes = self.scopes();
        if let Some(shared) = scopes.get(&scope) {
            return shared.subscribe();
        }
        let (sender, receiver) = watch::channel(None);
        let shared = Arc::new(sender);
        scopes.insert(scope.clone(), Arc::clone(&shared));
        tokio::spawn(Arc::clone(self).compute(scope, shared));
        receiver
    }

    fn scopes(&self) -> MutexGuard<'_, HashMap<Scope, Arc<Shared>>> {
        // Nothing is left half done in there.
        self.scopes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn compute(self: Arc<Self>, scope: Scope, shared: Arc<Shared>) {
        loop {
            tokio::select! {
                () = self.shutdown.cancelled() => return,
                () = shared.closed() => {
                    let mut scopes = self.scopes();
                    // Somebody may have come in between.
                    if shared.receiver_count() == 0 {
                        scopes.remove(&scope);
                        return;
                    }
                }
                result = self.follow(&scope, &shared) => match result {
                    Ok(()) => return,
                    Err(error) => {
                        tracing::warn!(%error, "figures can't be computed; trying again");
                        sleep(PAUSE).await;
                    }
                }
            }
        }
    }

    /// Computes now, and again whenever something was stored; ends when the repository is closed.
    async fn follow(&self, scope: &Scope, shared: &Shared) -> decnet_db::Result<()> {
        let mut events = watch_events(&self.repository, Watch::new()).await?;
        loop {
            let figures = Figures {
                stats: self.repository.get_stats_summary().await?,
                histogram: Arc::new(
                    self.repository.get_log_histogram(scope.filter(), scope.interval_minutes).await?,
                ),
            };
            shared.send_if_modified(|known| {
                let news = known.as_ref() != Some(&figures);
                *known = Some(figures);
                news
            });
            sleep(SPACING).await;
            tokio::select! {
                () = sleep(IDLE) => {}
                batch = events.next_batch(10_000) => match batch {
                    None => return Ok(()),
                    Some(result) => { result?; }
                }
            }
        }
    }
}
