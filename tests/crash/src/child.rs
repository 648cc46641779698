//! The process that is killed: writes all the time, and says on its standard output what it was told.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use decnet_db::ErrorKind;
use decnet_db::config::Config;
use decnet_db::contract::Repository;

use crate::operation::{self, Operation, wrote_nothing};
use crate::seed::Seed;

/// How many tasks write at once.
const TASKS: u64 = 8;
/// What the first line says, when the tasks begin.
pub(crate) const READY: &str = "ready";

/// Writes to the database of the URL until it is killed.
pub(crate) async fn run(url: &str, process: u64, seed: u64) -> anyhow::Result<()> {
    let mut config = Config::new(url.parse()?);
    // A server that is killed takes its time to come back; how long callers wait is not what is asked here.
    config.pool.wait_timeout = Duration::from_secs(120);
    let repository = decnet_db::connect_with(&config).await?;
    repository.initialize().await?;
    operation::prepare(&*repository).await?;
    say(READY);
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..TASKS {
        let repository = Arc::clone(&repository);
        let seed = Seed::new(seed, process * TASKS + task);
        tasks.spawn(write(repository, (process, task), seed));
    }
    while let Some(end) = tasks.join_next().await {
        end??;
    }
    Ok(())
}

async fn write(repository: Arc<dyn Repository>, task: (u64, u64), mut seed: Seed) -> anyhow::Result<()> {
    for number in 0.. {
        let operation = Operation::next(&mut seed, task, number);
        say(&format!("> {operation}"));
        match operation.run(&*repository).await {
            Ok(()) => say(&format!("+ {operation}")),
            Err(error) if wrote_nothing(&error) && error.is_retryable() => say(&format!("- {operation}")),
            Err(error) if error.kind() == ErrorKind::UnknownOutcome => {}
            Err(error) => {
                say(&format!("! {operation}: {error}"));
                return Err(error).with_context(|| operation.to_string());
            }
        }
    }
    Ok(())
}

/// One line, in one piece: whoever is killed says it whole, or its last line is cut.
fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // Nobody hears what can't be said: the parent is gone.
    let _ = out.write_all(format!("{line}\n").as_bytes());
}
