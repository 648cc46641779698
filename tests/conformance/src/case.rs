//! One case: how it is run, and how it ends.

use std::any::Any;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use decnet_db_core::driver::Capability;

use crate::database::Database;
use crate::harness::Harness;
use crate::panics::Panics;
use crate::report::Outcome;
use crate::second_process::Again;

/// One promise and the test of it.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    /// Its path: `units::atomicity::a_conflict_leaves_nothing`.
    pub(crate) name: &'static str,
    /// Its doc comment, lines and all.
    pub(crate) documentation: &'static str,
    /// The file that lists it, `cases/<group>/mod.rs`.
    pub(crate) group_file: &'static str,
    /// Gets an empty database with the schema; panics when the promise is not kept.
    pub(crate) body: fn(Database) -> Pin<Box<dyn Future<Output = ()>>>,
}

impl Case {
    /// What it tests, in one sentence.
    pub(crate) fn promise(&self) -> String {
        self.documentation.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Runs it in databases of its own. `keep` leaves those of a case that fails where they are, for a look.
    pub(crate) fn execute(
        &self,
        harness: &Arc<dyn Harness>,
        again: &Again,
        limit: Duration,
        keep: bool,
    ) -> Outcome {
        let panics = Panics::new();
        panics.watch_this_thread();
        let watch = panics.clone();
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        runtime.worker_threads(2).enable_all().on_thread_start(move || watch.watch_this_thread());
        let runtime = match runtime.build() {
            Ok(runtime) => runtime,
            Err(error) => return Outcome::Failed { message: format!("no runtime starts: {error}") },
        };
        let outcome = runtime.block_on(self.in_its_databases(harness, again, limit, keep, &panics));
        // A case that hangs must not hang the rest: what it left running is abandoned.
        runtime.shutdown_background();
        outcome
    }

    async fn in_its_databases(
        &self,
        harness: &Arc<dyn Harness>,
        again: &Again,
        limit: Duration,
        keep: bool,
        panics: &Panics,
    ) -> Outcome {
        let database = match Database::create(Arc::clone(harness), again.clone()).await {
            Ok(database) => database,
            Err(error) => return Outcome::Failed { message: format!("no database: {error:#}") },
        };
        let used = database.used();
        let body = async {
            database.initialize().await.expect("the schema is created");
            (self.body)(database).await;
        };
        let mut outcome = match tokio::time::timeout(limit, caught(body)).await {
            Ok(Ok(())) => Outcome::Passed,
            Ok(Err(panic)) => outcome_of(panic, panics),
            Err(_) => {
                let Self { group_file, .. } = self;
                Outcome::Failed {
                    message: format!("it has not ended within {limit:?} (it is listed in {group_file})"),
                }
            }
        };
        let failed = matches!(outcome, Outcome::Failed { .. });
        let left = if failed && keep { used.urls() } else { Vec::new() };
        let end = async { if left.is_empty() { used.remove().await } else { Ok(()) } };
        let ended = match tokio::time::timeout(limit, end).await {
            Ok(ended) => ended,
            Err(_) => Err(anyhow::anyhow!("closing has not ended within {limit:?}")),
        };
        match (&mut outcome, ended) {
            (Outcome::Failed { message }, _) if !left.is_empty() => {
                message.push_str(&format!("\nleft for a look: {}", left.join(", ")));
            }
            (Outcome::Failed { .. }, _) | (_, Ok(())) => {}
            (outcome, Err(error)) => *outcome = Outcome::Failed { message: format!("afterwards: {error:#}") },
        }
        outcome
    }
}

/// How a case ends early without failing: thrown, so that any helper can say it.
struct Early(Outcome);

/// Ends the case as excused: the declared lack is real, and its alternative holds.
pub(crate) fn excused(capability: Capability, reason: &str) -> ! {
    resume_unwind(Box::new(Early(Outcome::Excused { capability, reason: reason.to_owned() })))
}

/// Ends the case as not run.
pub(crate) fn not_run(needs: &str) -> ! {
    resume_unwind(Box::new(Early(Outcome::NotRun { needs: needs.to_owned() })))
}

fn outcome_of(panic: Box<dyn Any + Send>, panics: &Panics) -> Outcome {
    match panic.downcast::<Early>() {
        Ok(early) => early.0,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()));
            let text = text.unwrap_or_else(|| "it panicked without a text".to_owned());
            let place = panics.last().map(|place| format!("{place}: ")).unwrap_or_default();
            Outcome::Failed { message: format!("{place}{text}") }
        }
    }
}

/// The future's end, or what it panicked with.
async fn caught(future: impl Future<Output = ()>) -> Result<(), Box<dyn Any + Send>> {
    let mut future = std::pin::pin!(future);
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
        Ok(Poll::Pending) => Poll::Pending,
        Ok(Poll::Ready(())) => Poll::Ready(Ok(())),
        Err(panic) => Poll::Ready(Err(panic)),
    })
    .await
}
