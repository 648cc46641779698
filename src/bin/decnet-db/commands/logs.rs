//! `decnet-db logs`.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use decnet_db::Repository;
use decnet_db::contract::{Log, LogFilter};
use decnet_db::reports::latest;
use decnet_db::watch::{Token, Watch, Watcher, watch};

use crate::args::Global;
use crate::connection::{existing, open, with_open};
use crate::errors::{Failure, note};
use crate::event_lines::EventLines;
use crate::output::Output;
use crate::selection::Selection;
use crate::stop::{Stop, when_available};

/// Events that are printed at once while they come fast.
const AT_ONCE: usize = 1_000;

#[derive(clap::Args)]
pub(crate) struct LogsArgs {
    #[command(flatten)]
    selection: Selection,

    /// At most so many events, the latest ones
    #[arg(short = 'n', long, value_name = "N", default_value_t = 50)]
    limit: u32,

    /// Go on with the events that come from now on, until Ctrl-C or SIGTERM
    ///
    /// Each event comes once, in the order in which the database shows them. A database that is away is waited for, and nothing is
    /// lost by it. At its end it says on standard error with which --after another run goes on. With --json, one object a line.
    #[arg(short = 'f', long, conflicts_with = "until")]
    follow: bool,

    /// With --follow: the events behind this place, which an earlier run told when it ended, in place of the latest ones
    #[arg(long, value_name = "TOKEN", requires = "follow", conflicts_with = "limit")]
    after: Option<Token>,

    /// With --follow: how often the events of other programs are looked for, in milliseconds; SQLite tells of them at once
    #[arg(long, value_name = "MS", default_value_t = 500, value_parser = clap::value_parser!(u32).range(10..=60_000), requires = "follow")]
    poll: u32,
}

pub(crate) async fn run(global: &Global, arguments: &LogsArgs, output: &mut Output) -> Result<(), Failure> {
    let filter = arguments.selection.filter()?;
    let config = existing(global)?;
    if arguments.follow {
        let stop = Stop::default();
        let signalled = stop.on_signal();
        let opened = when_available(&stop, true, || open(&config), note).await;
        let result = match opened {
            // Nobody waits any more.
            Err(_) if stop.is_set() => Ok(()),
            Err(failure) => Err(failure),
            Ok(repository) => {
                let result = follow(&repository, arguments, filter, &stop, output).await;
                tokio::select! {
                    () = repository.close() => {}
                    () = stop.passed() => {}
                }
                result
            }
        };
        signalled.abort();
        return result;
    }
    let events =
        with_open(
            &config,
            async |repository| Ok(latest(&*repository, filter, arguments.limit.into()).await?),
        )
        .await?;
    if events.is_empty() && arguments.limit > 0 {
        arguments.selection.explain();
    }
    print(events.iter(), output)
}

fn print<'e>(events: impl Iterator<Item = &'e Log>, output: &mut Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.json_lines(&events.collect::<Vec<_>>());
    }
    let lines = EventLines::new();
    output.text(&events.map(|event| lines.line(event)).collect::<String>())
}

/// Prints the latest events, and those that come.
async fn follow(
    repository: &Arc<dyn Repository>,
    arguments: &LogsArgs,
    filter: LogFilter,
    stop: &Stop,
    output: &mut Output,
) -> Result<(), Failure> {
    let limit = u64::from(arguments.limit);
    // First the watch, so that nothing is missed between the two.
    let begin = || async {
        let what = Watch::new().filter(filter.clone()).poll(Duration::from_millis(arguments.poll.into()));
        if let Some(token) = &arguments.after {
            return Ok((watch(repository, what.after(token.clone())).await?, Vec::new()));
        }
        let watcher = watch(repository, what).await?;
        Ok((watcher, latest(&**repository, filter.clone(), limit).await?))
    };
    let (mut watcher, shown) = match when_available(stop, true, begin, note).await {
        Err(_) if stop.is_set() => return Ok(()),
        begun => begun?,
    };
    print(shown.iter(), output)?;
    let mut shown: HashSet<i64> = shown.iter().map(|event| event.id).collect();
    let mut away = false;
    loop {
        let events = tokio::select! {
            events = next(&mut watcher) => events,
            () = stop.set() => {
                note(&format!("--after {} goes on from here", watcher.token()));
                return Ok(());
            }
        };
        match events {
            Some(Ok(events)) => {
                if std::mem::take(&mut away) {
                    note("the database is there again");
                }
                print(events.iter().map(|event| &**event).filter(|event| !shown.remove(&event.id)), output)?;
            }
            Some(Err(error)) if error.is_retryable() => {
                note(&format!("{error}; waiting for the database"));
                away = true;
            }
            Some(Err(error)) => return Err(error.into()),
            None => return Ok(()),
        }
    }
}

async fn next(watcher: &mut Watcher) -> Option<decnet_db::Result<Vec<Arc<Log>>>> {
    watcher.next_batch(AT_ONCE).await
}
