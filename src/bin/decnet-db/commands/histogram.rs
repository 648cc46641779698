//! `decnet-db histogram`.

use clap::ValueEnum;
use decnet_db::Repository;
use decnet_db::contract::{Bucket, LogFilter};
use decnet_db::reports::timeline;
use decnet_db::time::Timestamp;

use crate::args::Global;
use crate::connection::{existing, with_open};
use crate::errors::{Failure, note};
use crate::histogram::{draw, fill, interval, words};
use crate::output::Output;
use crate::selection::Selection;

/// Columns where standard output is no terminal.
const WIDTH: usize = 80;

#[derive(clap::Args)]
pub(crate) struct HistogramArgs {
    #[command(flatten)]
    selection: Selection,

    /// How long an interval is [default: what fits into the width]
    #[arg(long, value_enum, value_name = "LENGTH")]
    by: Option<Length>,
}

/// The length of an interval.
#[derive(Clone, Copy, ValueEnum)]
enum Length {
    Minute,
    Hour,
    Day,
    Week,
}

impl Length {
    fn minutes(self) -> i64 {
        match self {
            Self::Minute => 1,
            Self::Hour => 60,
            Self::Day => 24 * 60,
            Self::Week => 7 * 24 * 60,
        }
    }
}

/// What is drawn.
struct Drawn {
    buckets: Vec<Bucket>,
    minutes: i64,
    first: Timestamp,
    last: Timestamp,
}

pub(crate) async fn run(
    global: &Global,
    arguments: &HistogramArgs,
    output: &mut Output,
) -> Result<(), Failure> {
    let filter = arguments.selection.filter()?;
    let config = existing(global)?;
    let width = console::Term::stdout().size_checked().map_or(WIDTH, |(_, columns)| usize::from(columns));
    let room = width.saturating_sub(12).max(1);
    let drawn =
        with_open(&config, async |repository| read(&*repository, filter, arguments.by, room).await).await?;
    let Some(Drawn { buckets, minutes, first, last }) = drawn else {
        arguments.selection.explain();
        return if output.is_json() { output.json(&[(); 0]) } else { Ok(()) };
    };
    if output.is_json() {
        return output.json(&buckets);
    }
    let mut counts = fill(&buckets, first, last, minutes);
    let mut first = first;
    // What has no room is left out at its beginning, and that is said.
    if counts.len() > room {
        let cut = counts.len() - room;
        let events: u64 = counts.drain(..cut).sum();
        let seconds = minutes * 60;
        let start = (first.as_seconds_floor().div_euclid(seconds) + cut as i64) * seconds;
        first = Timestamp::from_microseconds(start * 1_000_000)?;
        note(&format!("{events} events before {first} have no room: choose a longer interval, or --since"));
    }
    let total: u64 = counts.iter().sum();
    output.text(&format!(
        "{}{total} events, each column {}\n",
        draw(&counts, first, minutes, width),
        words(minutes)
    ))
}

async fn read(
    repository: &dyn Repository,
    filter: LogFilter,
    by: Option<Length>,
    columns: usize,
) -> Result<Option<Drawn>, Failure> {
    let whole = timeline(repository, filter.clone(), 0).await?;
    let (Some(first), Some(last)) = (whole.first, whole.last) else { return Ok(None) };
    // The period that was asked for is shown whole, also where it begins or ends quietly.
    let (first, last) = (filter.start_time.unwrap_or(first), filter.end_time.unwrap_or(last).max(last));
    let minutes = by.map_or_else(|| interval(first, last, columns), Length::minutes);
    let buckets = repository.get_log_histogram(filter, minutes).await?;
    Ok(Some(Drawn { buckets, minutes, first, last }))
}
