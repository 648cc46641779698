//! `decnet-db export`.

use std::borrow::Cow;
use std::io;

use clap::ValueEnum;
use decnet_db::contract::Log;
use decnet_db::reports::Events;

use crate::args::Global;
use crate::connection::{existing, with_open};
use crate::errors::{Failure, note};
use crate::output::Output;
use crate::selection::Selection;

#[derive(clap::Args)]
#[command(after_long_help = EXPORT_HELP)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    selection: Selection,

    /// What is written
    #[arg(long, value_enum, default_value_t = Format::Jsonl)]
    format: Format,
}

/// What events are written as.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// JSON, one event a line, as the contract has it: `ingest` reads it
    Jsonl,
    /// Comma-separated values (RFC 4180) with a line of names
    Csv,
}

const EXPORT_HELP: &str = "\
Events come in the order in which they were stored, page by page: any number of
them needs the same little memory. Redirect the output into a file.

Attackers choose what stands in a cell, and spreadsheets run a cell that begins
with = + - @, a tab or a carriage return. In CSV such a cell gets a ' before it;
how many there were is said on standard error. JSON has every value as it is.";

/// The columns of the CSV form.
const COLUMNS: [&str; 11] = [
    "id",
    "timestamp",
    "decky",
    "service",
    "event_type",
    "attacker_ip",
    "raw_line",
    "fields",
    "msg",
    "trace_id",
    "span_id",
];

pub(crate) async fn run(global: &Global, arguments: &ExportArgs, output: &mut Output) -> Result<(), Failure> {
    let filter = arguments.selection.filter()?;
    let config = existing(global)?;
    let (events, guarded) = with_open(&config, async |repository| {
        let events = Events::by_id(&*repository, filter);
        write(events, arguments.format, output).await
    })
    .await?;
    if events == 0 {
        arguments.selection.explain();
    }
    if guarded > 0 {
        note(&format!("{guarded} cells that a spreadsheet would run got a ' before them"));
    }
    Ok(())
}

/// How many events were written, and how many cells were guarded.
async fn write(mut events: Events<'_>, format: Format, output: &mut Output) -> Result<(u64, u64), Failure> {
    let (mut count, mut guarded) = (0, 0);
    if format == Format::Csv {
        output.text(&csv_of([COLUMNS.map(Cow::Borrowed)])?)?;
    }
    while let Some(page) = events.next().await? {
        count += page.len() as u64;
        match format {
            Format::Jsonl => output.json_lines(&page)?,
            Format::Csv => output.text(&csv_of(page.iter().map(|event| cells(event, &mut guarded)))?)?,
        }
    }
    Ok((count, guarded))
}

/// Lines of CSV.
fn csv_of<'e>(rows: impl IntoIterator<Item = [Cow<'e, str>; 11]>) -> Result<String, Failure> {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    for row in rows {
        writer
            .write_record(row.iter().map(|cell| cell.as_bytes()))
            .map_err(|error| Failure::output(error.into()))?;
    }
    let bytes = writer.into_inner().map_err(|error| Failure::output(error.into_error()))?;
    String::from_utf8(bytes).map_err(|error| Failure::output(io::Error::other(error)))
}

/// The cells of an event, those that a spreadsheet would run guarded.
fn cells<'e>(event: &'e Log, guarded: &mut u64) -> [Cow<'e, str>; 11] {
    let mut text = |text: &'e str| {
        if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
            *guarded += 1;
            Cow::Owned(format!("'{text}"))
        } else {
            Cow::Borrowed(text)
        }
    };
    [
        event.id.to_string().into(),
        event.timestamp.to_string().into(),
        text(&event.decky),
        text(&event.service),
        text(&event.event_type),
        text(&event.attacker_ip),
        text(&event.raw_line),
        text(&event.fields),
        text(event.msg.as_deref().unwrap_or_default()),
        text(event.trace_id.as_deref().unwrap_or_default()),
        text(event.span_id.as_deref().unwrap_or_default()),
    ]
}
