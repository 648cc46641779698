//! `decnet-db copy`.

use std::path::Path;

use clap::value_parser;
use decnet_db::config::{Config, DatabaseUrl};
use decnet_db::transfer::{
    CopyEvent, CopyOptions, CopyReport, Finding, Findings, PageLimits, Verification, copy, verify,
};
use decnet_db::{Error, Repository};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;

use crate::args::Global;
use crate::confirm::{confirm, database_name};
use crate::connection::{config, config_of, with_open};
use crate::errors::Failure;
use crate::output::{Align, Output, table};

#[derive(clap::Args)]
#[command(after_long_help = COPY_HELP)]
pub(crate) struct CopyArgs {
    /// The database to copy from [default: that of --url or the environment]
    #[arg(
        long,
        value_name = "URL",
        env = "DECNET_COPY_FROM",
        hide_env_values = true,
        conflicts_with = "url"
    )]
    from: Option<String>,

    /// The database to copy to; a SQLite file is created, a server's database must exist
    #[arg(long, value_name = "URL", env = "DECNET_COPY_TO", hide_env_values = true)]
    to: String,

    /// Empty the target first: all rows of all 39 tables are deleted, once its name has been typed or given with --confirm
    #[arg(long, conflicts_with = "verify_only")]
    overwrite: bool,

    /// With --overwrite: don't ask, this is the name of the target (for SQLite the file's, such as decnet.db)
    #[arg(long, value_name = "NAME", requires = "overwrite")]
    confirm: Option<String>,

    /// Mend references to rows that are not there: clear them where that is allowed, leave the row out where not
    #[arg(long)]
    mend_references: bool,

    /// The most rows that are read and committed at once
    #[arg(long, value_name = "ROWS", default_value_t = 1_000, value_parser = value_parser!(u32).range(1..=100_000))]
    batch: u32,

    /// Only compare the two databases; nothing is written
    #[arg(long)]
    verify_only: bool,
}

const COPY_HELP: &str = "\
Copies all tables, ids included, from any kind of database to any other, then compares the two: the number of rows and a
checksum of each table, computed the same way on both sides. The target gets the tables that it lacks, and no administrator
of its own. It must have no rows: a database that `init` has prepared has its administrator, and needs --overwrite.

A copy that was cut short, even by kill -9 or a power failure, is continued by running the same command again. How far it
is stands in the target, in the table state under the key decnet_db_copy, until the comparison has found no difference.
With --overwrite, a copy that is continued deletes nothing again; an unfinished copy from another source is replaced.

A value that the target can't hold is shown with its table, row and column; then the copy ends, and can be continued when
the source was put right. SQLite holds anything. References to rows that are not there, which DECNET leaves behind, are
refused before anything is written, unless --mend-references says what to do with them.

Stop DECNET while a copy runs: rows that are written to the source meanwhile may be missing in the target, which the
comparison then shows. Other users of this machine can see a command's arguments: URLs with passwords are better kept in
DECNET_COPY_FROM and DECNET_COPY_TO.

Exit code 5: the target is not empty, can't hold everything, or differs.";

/// The report as JSON shows it.
#[derive(Serialize)]
struct Report<'a> {
    from: String,
    to: String,
    complete: bool,
    #[serde(flatten)]
    copied: Option<&'a CopyReport>,
    #[serde(flatten)]
    verified: Option<Verified<'a>>,
}

#[derive(Serialize)]
struct Verified<'a> {
    verification: &'a Verification,
}

pub(crate) async fn run(global: &Global, arguments: &CopyArgs, output: &mut Output) -> Result<(), Failure> {
    let mut from = match &arguments.from {
        Some(url) => config_of("--from", url)?,
        None => config(global)?,
    };
    from.create_if_missing = false;
    let mut to = config_of("--to", &arguments.to)?;
    to.create_if_missing = !arguments.verify_only;
    for config in [&from, &to] {
        decnet_db::registry().find(config.url.scheme())?;
    }
    if arguments.overwrite {
        let rows = format!("All rows of {} will be replaced by those of {}.", to.url, from.url);
        confirm(&to.url, arguments.confirm.as_deref(), &rows)?;
    }
    with_open(&from, async |source| {
        with_open(&to, async |target| work((&from, &to), arguments, &*source, &*target, output).await).await
    })
    .await
}

async fn work(
    (from, to): (&Config, &Config),
    arguments: &CopyArgs,
    source: &dyn Repository,
    target: &dyn Repository,
    output: &mut Output,
) -> Result<(), Failure> {
    let bar = Bar::new();
    let limits = PageLimits { rows: arguments.batch as usize, ..PageLimits::default() };
    let mut report = Report {
        from: from.url.to_string(),
        to: to.url.to_string(),
        complete: false,
        copied: None,
        verified: None,
    };
    if arguments.verify_only {
        let verification =
            verify(source, target, limits, arguments.mend_references, &mut |event| bar.show(event)).await?;
        bar.finish();
        report.complete = verification.is_equal();
        report.verified = Some(Verified { verification: &verification });
        return finish(&report, &Findings::default(), Some(&verification), output);
    }
    let mut options = CopyOptions::new(source_name(&from.url));
    options.overwrite = arguments.overwrite;
    options.mend_references = arguments.mend_references;
    options.limits = limits;
    let copied = copy(source, target, &options, &mut |event| bar.show(event)).await.map_err(|error| {
        let hint = match &error {
            Error::Conflict { message, .. } if message.contains("not empty") => {
                format!("to delete what is in it: --overwrite --confirm {}", database_name(&to.url))
            }
            Error::Unavailable { .. } | Error::UnknownOutcome { .. } => {
                "running the same command again continues".to_owned()
            }
            _ => return Failure::from(error),
        };
        Failure::from(error).or_hint(hint)
    })?;
    bar.finish();
    report.complete = copied.is_complete();
    report.copied = Some(&copied);
    finish(&report, &copied.refused, copied.verification.as_ref(), output)
}

/// The name under which the target remembers the source: the same file has one name, wherever the tool is run.
fn source_name(url: &DatabaseUrl) -> String {
    let canonical = (url.scheme() == "sqlite")
        .then(|| Path::new(url.database()).canonicalize().ok())
        .flatten()
        .and_then(|path| DatabaseUrl::sqlite(path).ok());
    canonical.as_ref().unwrap_or(url).to_string()
}

fn finish(
    report: &Report<'_>,
    refused: &Findings,
    verification: Option<&Verification>,
    output: &mut Output,
) -> Result<(), Failure> {
    if output.is_json() {
        output.json(report)?;
    } else {
        output.text(&described(report, refused, verification))?;
    }
    if report.complete {
        return Ok(());
    }
    let Some(verification) = verification else {
        let failure = Failure::from(Error::conflict(format!(
            "the target can't hold {} of the source's values; the copy is not complete",
            refused.total
        )));
        let broken = refused.first.iter().any(|finding| finding.what.contains("not there"));
        return Err(if broken {
            failure.or_hint(
                "--mend-references clears such references, or leaves the row out where it must not be empty",
            )
        } else {
            failure.or_hint("put the source right, then run the same command again: it continues")
        });
    };
    let different: Vec<&str> =
        verification.tables.iter().filter(|it| !it.is_equal()).map(|table| table.table).collect();
    Err(Error::conflict(format!("the target differs from the source in {}", different.join(", "))).into())
}

fn described(report: &Report<'_>, refused: &Findings, verification: Option<&Verification>) -> String {
    let mut text = format!("from  {}\nto    {}\n", report.from, report.to);
    if let Some(copied) = report.copied {
        let how = if copied.resumed { " (an earlier copy was continued)" } else { "" };
        text.push_str(&format!("{} rows were copied{how}\n", copied.rows));
    }
    text.push_str(&listed("can't be stored in the target", refused));
    let Some(verification) = verification else { return text };
    let cells: Vec<[String; 5]> = verification
        .tables
        .iter()
        .map(|it| {
            let checksum = it.source.checksum.to_string();
            [
                it.table.to_owned(),
                it.source.rows.to_string(),
                it.target.rows.to_string(),
                checksum.get(..16).unwrap_or_default().to_owned(),
                if it.is_equal() { "equal" } else { "DIFFERENT" }.to_owned(),
            ]
        })
        .collect();
    text.push('\n');
    text.push_str(&table(
        [
            ("TABLE", Align::Left),
            ("SOURCE", Align::Right),
            ("TARGET", Align::Right),
            ("CHECKSUM", Align::Left),
            ("RESULT", Align::Left),
        ],
        &cells,
    ));
    if verification.json_by_value {
        text.push_str("\nJSON columns were compared by value: one of the two engines respells JSON\n");
    }
    let differences: Vec<&Finding> =
        verification.tables.iter().flat_map(|table| &table.differences).collect();
    if !differences.is_empty() {
        text.push_str("\nThe first differences of each table:\n");
        text.extend(differences.iter().map(|finding| format!("  {finding}\n")));
    }
    text.push_str(&listed("to look at", &verification.notes));
    text
}

fn listed(what: &str, findings: &Findings) -> String {
    if findings.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{} {what}:\n", findings.total);
    text.extend(findings.first.iter().map(|finding| format!("  {finding}\n")));
    let more = findings.total.saturating_sub(findings.first.len() as u64);
    if more > 0 {
        text.push_str(&format!("  … and {more} more\n"));
    }
    text
}

/// The progress bar, on standard error, and only if that is a terminal.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        let bar = ProgressBar::new(0);
        if let Ok(style) =
            ProgressStyle::with_template("{msg:28} {wide_bar} {human_pos}/{human_len} {eta:>5}")
        {
            bar.set_style(style);
        }
        Self(bar)
    }

    fn show(&self, event: CopyEvent) {
        match event {
            CopyEvent::Copying { rows, done } => {
                self.0.set_length(rows);
                self.0.set_position(done);
            }
            CopyEvent::Table { table } => self.0.set_message(table),
            CopyEvent::Comparing { rows } => {
                self.0.set_length(rows);
                self.0.set_position(0);
                self.0.reset_eta();
            }
            CopyEvent::Verifying { table } => self.0.set_message(format!("verify {table}")),
            CopyEvent::Rows(rows) => self.0.inc(rows as u64),
            _ => {}
        }
    }

    fn finish(&self) {
        self.0.finish_and_clear();
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.finish();
    }
}
