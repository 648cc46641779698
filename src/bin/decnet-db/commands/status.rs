//! `decnet-db status`.

use decnet_db::contract::tables::SCHEMA;
use decnet_db::driver::{PoolStatus, ServerInfo};
use decnet_db::{Repository, config::Config};
use serde::Serialize;

use super::drivers::DriverObject;
use crate::args::Global;
use crate::connection::{config, find_driver, with_open};
use crate::errors::{Failure, one_line};
use crate::ingest::stored;
use crate::output::{Align, Output, table};

/// Everything that is shown, as JSON shows it.
#[derive(Serialize)]
struct Status {
    database: String,
    tool: Tool,
    driver: DriverObject,
    engine: ServerInfo,
    schema: SchemaStatus,
    tables: Vec<TableStatus>,
    pool: PoolStatus,
    inputs: Vec<InputStatus>,
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

pub(crate) async fn run(global: &Global, output: &mut Output) -> Result<(), Failure> {
    let mut config = config(global)?;
    config.create_if_missing = false;
    let status = with_open(&config, async |repository| read(&config, &*repository).await).await?;
    if output.is_json() { output.json(&status) } else { output.text(&described(&status)) }
}

async fn read(config: &Config, repository: &dyn Repository) -> Result<Status, Failure> {
    let engine = repository.ping().await?;
    let revisions = repository.revisions().await?;
    let tables: Vec<TableStatus> =
        repository.row_counts().await?.into_iter().map(|(name, rows)| TableStatus { name, rows }).collect();
    let missing_tables: Vec<_> =
        tables.iter().filter(|table| table.rows.is_none()).map(|table| table.name).collect();
    let has_state = tables.iter().any(|table| table.name == "state" && table.rows.is_some());
    Ok(Status {
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

fn described(status: &Status) -> String {
    let Status { database, tool, driver, engine, schema, tables, pool, inputs } = status;
    let rows: Vec<[String; 2]> = tables
        .iter()
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
         pool      {} of at most {} connections open, {} idle, {} writes waiting\n\n{}{}",
        tool.name,
        tool.version,
        driver.name,
        driver.package,
        driver.version,
        engine.system,
        engine.version,
        schema_line(schema, tables.len()),
        pool.open,
        pool.max,
        pool.idle,
        pool.queued,
        table([("TABLE", Align::Left), ("ROWS", Align::Right)], &rows),
        inputs_table(inputs),
    )
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
