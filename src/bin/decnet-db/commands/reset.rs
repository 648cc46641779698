//! `decnet-db reset`.

use clap::ValueEnum;
use decnet_db::config::Config;
use decnet_db::transfer::{ResetMode, reset};
use serde::Serialize;

use crate::args::Global;
use crate::confirm::{confirm, database_name};
use crate::connection::{existing, with_open};
use crate::errors::Failure;
use crate::output::{Align, Output, table};

#[derive(clap::Args)]
#[command(after_long_help = RESET_HELP)]
pub(crate) struct ResetArgs {
    /// What to do with the tables
    #[arg(long, value_enum, default_value_t = Mode::Truncate)]
    mode: Mode,

    /// Do it, and don't ask: this is the database's name (for SQLite the file's, such as decnet.db)
    #[arg(long, value_name = "NAME")]
    confirm: Option<String>,

    /// Do it, once the database's name has been typed on the terminal or given with --confirm
    #[arg(long, visible_alias = "i-know-what-im-doing")]
    yes_really: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// Delete all rows; the tables stay
    Truncate,
    /// Drop the tables and the schema's stamp; `init` or DECNET creates them again
    DropTables,
}

const RESET_HELP: &str = "\
Without --confirm or --yes-really nothing is changed: the tables and their rows are only shown, children first, as they
would go. A table that the database lacks is shown as missing.

All rows go in one step: either all of them are deleted or none. Dropping is one step too on SQLite; on MySQL, which
can't take a DROP back, a reset that was cut short is finished by running it again. Stop DECNET and all other programs that
write to the database first. The administrator is deleted with all users; `init` creates one again.";

/// The report as JSON shows it.
#[derive(Serialize)]
struct Report {
    database: String,
    name: String,
    mode: ResetMode,
    /// Whether anything was changed.
    done: bool,
    tables: Vec<TableRows>,
    /// Stamps of another revision, left alone.
    foreign_stamps: Vec<String>,
}

#[derive(Serialize)]
struct TableRows {
    name: &'static str,
    /// Null for a table that is missing.
    rows: Option<u64>,
}

pub(crate) async fn run(global: &Global, arguments: &ResetArgs, output: &mut Output) -> Result<(), Failure> {
    let config = existing(global)?;
    with_open(&config, async |repository| {
        let mut counts = repository.row_counts().await?;
        counts.reverse();
        let really = arguments.yes_really || arguments.confirm.is_some();
        let mode = match arguments.mode {
            Mode::Truncate => ResetMode::Truncate,
            Mode::DropTables => ResetMode::DropTables,
        };
        let mut report = Report {
            database: config.url.to_string(),
            name: database_name(&config.url).to_owned(),
            mode,
            done: false,
            tables: rows(counts),
            foreign_stamps: Vec::new(),
        };
        if !really {
            return finish(&report, output);
        }
        if arguments.confirm.is_none() && !output.is_json() {
            output.text(&listing(&report))?;
        }
        confirm(&config.url, arguments.confirm.as_deref(), &consequence(&report, &config))?;
        let done = reset(&*repository, mode).await?;
        report.done = true;
        report.tables = rows(done.tables);
        report.foreign_stamps = done.foreign_stamps;
        finish(&report, output)
    })
    .await
}

fn rows(counts: Vec<(&'static str, Option<u64>)>) -> Vec<TableRows> {
    counts.into_iter().map(|(name, rows)| TableRows { name, rows }).collect()
}

fn finish(report: &Report, output: &mut Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.json(report);
    }
    let mut text = listing(report);
    text.push_str(&summary(report));
    output.text(&text)
}

fn listing(report: &Report) -> String {
    let cells: Vec<[String; 2]> = report
        .tables
        .iter()
        .map(|it| [it.name.to_owned(), it.rows.map_or_else(|| "missing".to_owned(), |rows| rows.to_string())])
        .collect();
    let mode = mode_name(report.mode);
    format!(
        "{} ({mode})\n\n{}\n",
        report.name,
        table([("TABLE", Align::Left), ("ROWS", Align::Right)], &cells)
    )
}

fn mode_name(mode: ResetMode) -> &'static str {
    match mode {
        ResetMode::Truncate => "truncate",
        ResetMode::DropTables => "drop-tables",
    }
}

fn totals(report: &Report) -> (usize, u64) {
    let there: Vec<u64> = report.tables.iter().filter_map(|table| table.rows).collect();
    (there.len(), there.iter().sum())
}

fn consequence(report: &Report, config: &Config) -> String {
    let (tables, rows) = totals(report);
    match report.mode {
        ResetMode::Truncate => format!("All {rows} rows of {} will be deleted.", config.url),
        ResetMode::DropTables => {
            format!("All {tables} tables of DECNET in {} will be dropped, with {rows} rows.", config.url)
        }
    }
}

fn summary(report: &Report) -> String {
    let (tables, rows) = totals(report);
    let mut text = match (report.done, report.mode) {
        (false, mode) => {
            let mode = if mode == ResetMode::DropTables { " --mode drop-tables" } else { "" };
            format!("nothing was changed; to do it: decnet-db reset{mode} --confirm {}\n", report.name)
        }
        (true, ResetMode::Truncate) => format!("{rows} rows were deleted\n"),
        (true, ResetMode::DropTables) => format!("{tables} tables were dropped, with {rows} rows\n"),
    };
    if !report.foreign_stamps.is_empty() {
        let stamps = report.foreign_stamps.join(", ");
        text.push_str(&format!(
            "alembic_version was left: it has the stamp of another revision ({stamps})\n"
        ));
    }
    text
}
