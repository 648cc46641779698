//! `decnet-db status`.

use std::time::Duration;

use decnet_db::config::DatabaseUrl;
use decnet_db::contract::LogFilter;
use decnet_db::contract::tables::SCHEMA;
use decnet_db::driver::{PoolStatus, ServerInfo};
use decnet_db::reports::timeline;
use decnet_db::time::Timestamp;
use decnet_db::{Repository, config::Config};
use indicatif::HumanBytes;
use serde::Serialize;

use super::drivers::DriverObject;
use crate::args::Global;
use crate::connection::{existing, find_driver, with_open};
use crate::errors::{Failure, one_line};
use crate::ingest::stored;
use crate::output::{Align, Output, table};

#[derive(clap::Args)]
pub(crate) struct StatusArgs {
    /// List tables without rows too
    #[arg(long)]
    all: bool,
}

/// Everything that is shown, as JSON shows it.
#[derive(Serialize)]
struct Status {
    database: String,
    tool: Tool,
    driver: DriverObject,
    engine: ServerInfo,
    schema: SchemaStatus,
    /// Bytes of the file and what belongs to it; null for a server, and in memory.
    size_bytes: Option<u64>,
    /// Null without the table of events.
    events: Option<EventsStatus>,
    tables: Vec<TableStatus>,
    pool: PoolStatus,
    inputs: Vec<InputStatus>,
}

/// The events, and how lively it is.
#[derive(Serialize)]
struct EventsStatus {
    total: u64,
    oldest: Option<Timestamp>,
    newest: Option<Timestamp>,
    /// Those that happened within the last hour, and the last day.
    last_hour: u64,
    last_day: u64,
}

/// How far `ingest` has read an input.
#[derive(Serialize)]
struct InputStatus {
    /// Where it was seen last.
    path: String,
    /// Bytes, uncompressed.
    read_bytes: u64,
    read_lines: u64,
    stored: u64,
    rejected: u64,
    /// When it was read last, in UTC.
    read_at: String,
    /// Whether its end is known.
    complete: bool,
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
struct SchemaStatus {
    /// The stamps that the database has.
    revisions: Vec<String>,
    /// The stamp that it should have.
    expected: &'static str,
    complete: bool,
    missing_tables: Vec<&'static str>,
}

#[derive(Serialize)]
struct TableStatus {
    name: &'static str,
    /// Null for a table that is missing.
    rows: Option<u64>,
}

pub(crate) async fn run(global: &Global, arguments: &StatusArgs, output: &mut Output) -> Result<(), Failure> {
    let config = existing(global)?;
    let status = with_open(&config, async |repository| read(&config, &*repository).await).await?;
    if output.is_json() { output.json(&status) } else { output.text(&described(&status, arguments.all)) }
}

async fn read(config: &Config, repository: &dyn Repository) -> Result<Status, Failure> {
    let engine = repository.ping().await?;
    let revisions = repository.revisions().await?;
    let tables: Vec<TableStatus> =
        repository.row_counts().await?.into_iter().map(|(name, rows)| TableStatus { name, rows }).collect();
    let missing_tables: Vec<_> =
        tables.iter().filter(|table| table.rows.is_none()).map(|table| table.name).collect();
    let has_state = tables.iter().any(|table| table.name == "state" && table.rows.is_some());
    let has_logs = tables.iter().any(|table| table.name == "logs" && table.rows.is_some());
    Ok(Status {
        size_bytes: size_on_disk(&config.url),
        events: if has_logs { Some(events(repository).await?) } else { None },
        inputs: if has_state { inputs(repository).await? } else { Vec::new() },
        database: config.url.to_string(),
        tool: Tool { name: "decnet-db", version: env!("CARGO_PKG_VERSION") },
        driver: find_driver(config)?.into(),
        engine,
        schema: SchemaStatus {
            complete: missing_tables.is_empty() && revisions == [SCHEMA.revision],
            revisions,
            expected: SCHEMA.revision,
            missing_tables,
        },
        tables,
        pool: repository.pool(),
    })
}

async fn events(repository: &dyn Repository) -> Result<EventsStatus, Failure> {
    let all = timeline(repository, LogFilter::all(), 0).await?;
    let now = Timestamp::now();
    let since = async |seconds| {
        let mut filter = LogFilter::all();
        (filter.start_time, filter.end_time) = (now.checked_sub(Duration::from_secs(seconds)), Some(now));
        repository.get_total_logs(filter).await
    };
    Ok(EventsStatus {
        total: all.total,
        oldest: all.first,
        newest: all.last,
        last_hour: since(3_600).await?,
        last_day: since(86_400).await?,
    })
}

/// The bytes of a SQLite database: the file, its write-ahead log and the log's index.
fn size_on_disk(url: &DatabaseUrl) -> Option<u64> {
    if url.scheme() != "sqlite" {
        return None;
    }
    let size = |end: &str| std::fs::metadata(format!("{}{end}", url.database())).ok().map(|file| file.len());
    Some(size("")? + size("-wal").unwrap_or(0) + size("-shm").unwrap_or(0))
}

/// The inputs, in the order of their paths.
async fn inputs(repository: &dyn Repository) -> Result<Vec<InputStatus>, Failure> {
    let mut inputs: Vec<InputStatus> = stored(repository)
        .await?
        .into_iter()
        .map(|(_, _, record)| InputStatus {
            path: record.path,
            read_bytes: record.position,
            read_lines: record.lines,
            stored: record.stored,
            rejected: record.rejected,
            read_at: record.time,
            complete: record.over,
        })
        .collect();
    inputs.sort_by(|a, b| (&a.path, &a.read_at).cmp(&(&b.path, &b.read_at)));
    Ok(inputs)
}

/// The inputs as a table.
fn inputs_table(inputs: &[InputStatus]) -> String {
    if inputs.is_empty() {
        return String::new();
    }
    let rows: Vec<[String; 6]> = inputs
        .iter()
        .map(|input| {
            [
                one_line(&input.path).into_owned(),
                input.read_bytes.to_string(),
                input.read_lines.to_string(),
                input.stored.to_string(),
                input.rejected.to_string(),
                input.read_at.clone(),
            ]
        })
        .collect();
    let columns = [
        ("INPUT", Align::Left),
        ("BYTES READ", Align::Right),
        ("LINES", Align::Right),
        ("STORED", Align::Right),
        ("REJECTED", Align::Right),
        ("AT (UTC)", Align::Left),
    ];
    format!("\n{}", table(columns, &rows))
}

fn described(status: &Status, all: bool) -> String {
    let Status { database, tool, driver, engine, schema, size_bytes, events, tables, pool, inputs } = status;
    let shown = |table: &&TableStatus| all || table.rows != Some(0);
    let hidden = tables.len() - tables.iter().filter(shown).count();
    let hidden =
        if hidden > 0 { format!("{hidden} tables have no rows; --all lists them\n") } else { String::new() };
    let rows: Vec<[String; 2]> = tables
        .iter()
        .filter(shown)
        .map(|table| {
            [table.name.to_owned(), table.rows.map_or_else(|| "missing".into(), |rows| rows.to_string())]
        })
        .collect();
    format!(
        "database  {database}\n\
         tool      {} {}\n\
         driver    {} ({} {})\n\
         engine    {} {}\n\
         schema    {}\n\
         {}{}\
         pool      {} of at most {} connections open, {} idle, {} writes waiting\n\n{}{hidden}{}",
        tool.name,
        tool.version,
        driver.name,
        driver.package,
        driver.version,
        engine.system,
        engine.version,
        schema_line(schema, tables.len()),
        size_bytes.map(|bytes| format!("size      {}\n", HumanBytes(bytes))).unwrap_or_default(),
        events.as_ref().map(events_line).unwrap_or_default(),
        pool.open,
        pool.max,
        pool.idle,
        pool.queued,
        table([("TABLE", Align::Left), ("ROWS", Align::Right)], &rows),
        inputs_table(inputs),
    )
}

fn events_line(events: &EventsStatus) -> String {
    let EventsStatus { total, oldest, newest, last_hour, last_day } = events;
    match (oldest, newest) {
        (Some(oldest), Some(newest)) => format!(
            "events    {total}, from {oldest} to {newest}; {last_hour} in the last hour, {last_day} in the last day\n"
        ),
        _ => "events    none\n".to_owned(),
    }
}

/// Revision, completeness, and what to do about them.
fn schema_line(schema: &SchemaStatus, tables: usize) -> String {
    let missing = schema.missing_tables.len();
    if missing == tables && schema.revisions.is_empty() {
        return "none; `decnet-db init` creates it".to_owned();
    }
    let revision = match schema.revisions.as_slice() {
        [] => "no revision stamp".to_owned(),
        [one] if one == schema.expected => format!("revision {one}"),
        others => format!("revision {}, which is not {}", others.join(", "), schema.expected),
    };
    if missing == 0 {
        let advice = if schema.revisions.is_empty() { "; `decnet-db init` adds the stamp" } else { "" };
        return format!("{revision}, all {tables} tables{advice}");
    }
    format!(
        "{revision}, {missing} of {tables} tables missing ({}); `decnet-db init` adds them",
        schema.missing_tables.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(revisions: &[&str], missing_tables: &[&'static str]) -> String {
        let schema = SchemaStatus {
            revisions: revisions.iter().map(|&revision| revision.to_owned()).collect(),
            expected: "4a914b1d62a0",
            complete: false,
            missing_tables: missing_tables.to_vec(),
        };
        schema_line(&schema, 2)
    }

    #[test]
    fn the_schema_line_says_what_is_there_and_what_helps() {
        assert_eq!(line(&["4a914b1d62a0"], &[]), "revision 4a914b1d62a0, all 2 tables");
        assert_eq!(line(&[], &["logs", "users"]), "none; `decnet-db init` creates it");
        assert_eq!(line(&[], &[]), "no revision stamp, all 2 tables; `decnet-db init` adds the stamp");
        assert_eq!(
            line(&["x"], &["logs"]),
            "revision x, which is not 4a914b1d62a0, 1 of 2 tables missing (logs); `decnet-db init` adds them"
        );
    }
}
