//! `decnet-db copy`.

use std::future::Future;
use std::path::Path;

use clap::value_parser;
use decnet_db::config::{Config, DatabaseUrl};
use decnet_db::transfer::{
    CopyOptions, CopyReport, Finding, Findings, LiveReport, PageLimits, Verification, copy, copy_live, verify,
};
use decnet_db::{Error, Repository};
use indicatif::HumanCount;
use serde::Serialize;

use crate::args::Global;
use crate::bar::Bar;
use crate::confirm::{confirm, database_name};
use crate::connection::{config, config_of, with_open};
use crate::errors::Failure;
use crate::output::{Align, Output, table};
use crate::stop::signal;

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

    /// Copy while DECNET goes on writing to the source: the target is equal to it at a moment that the summary names
    #[arg(long, conflicts_with = "verify_only")]
    live: bool,
}

const COPY_HELP: &str = "\
Copies all tables, ids included, from any kind of database to any other, then compares the two: the number of rows and a \
checksum of each table, computed the same way on both sides. The target gets the tables that it lacks, and no administrator \
of its own. It must have no rows: a database that `init` has prepared has its administrator, and needs --overwrite.

A copy that was cut short, by Ctrl-C, kill -9 or a power failure, is continued by running the same command again. How far it \
is stands in the target, in the table state under the key decnet_db_copy, until the comparison has found no difference. \
With --overwrite, a copy that is continued deletes nothing again; an unfinished copy from another source is replaced.

A value that the target can't hold is shown with its table, row and column; then the copy ends, and can be continued when \
the source was put right. SQLite holds anything. References to rows that are not there, which DECNET leaves behind, are \
refused before anything is written, unless --mend-references says what to do with them.

Without --live, stop DECNET while a copy runs: rows that are written to the source meanwhile may be missing in the target, \
which the comparison then shows. With --live it goes on writing. The copy works in rounds, each of which brings over what \
differs: rows that came, changed or went. The last round and the comparison read the source at one moment, the cut: what was \
committed before is in the target, what came after is not. To move a running DECNET: copy --live, stop it, the same command \
with --overwrite, which brings over what came since and deletes only what the source does not have.

Other users of this machine can see a command's arguments: URLs with passwords are better kept in DECNET_COPY_FROM and \
DECNET_COPY_TO.

Exit code 5: the target is not empty, can't hold everything, or differs.";

/// The report as JSON shows it.
#[derive(Serialize)]
struct Report<'a> {
    from: String,
    to: String,
    complete: bool,
    #[serde(flatten)]
    done: Done<'a>,
}

/// What was done.
#[derive(Serialize)]
#[serde(untagged)]
enum Done<'a> {
    Copied(&'a CopyReport),
    Live(&'a LiveReport),
    Verified { verification: &'a Verification },
}

impl Done<'_> {
    fn is_complete(&self) -> bool {
        match self {
            Self::Copied(report) => report.is_complete(),
            Self::Live(report) => report.is_complete(),
            Self::Verified { verification } => verification.is_equal(),
        }
    }

    fn refused(&self) -> Option<&Findings> {
        match self {
            Self::Copied(report) => Some(&report.refused),
            Self::Live(report) => Some(&report.refused),
            Self::Verified { .. } => None,
        }
    }

    fn verification(&self) -> Option<&Verification> {
        match self {
            Self::Copied(report) => report.verification.as_ref(),
            Self::Live(report) => report.verification.as_ref(),
            Self::Verified { verification } => Some(verification),
        }
    }

    /// What was written, in one line; none when nothing was to be.
    fn written(&self) -> Option<String> {
        let (rows, resumed) = match self {
            Self::Copied(report) => (report.rows, report.resumed),
            Self::Live(report) => (report.rows(), report.resumed),
            Self::Verified { .. } => return None,
        };
        let how = if resumed { " (an earlier copy was continued)" } else { "" };
        let verb = if matches!(self, Self::Live(_)) { "written" } else { "copied" };
        let rounds = match self {
            Self::Live(report) => format!(" in {} rounds", report.rounds.len()),
            _ => String::new(),
        };
        Some(format!("{} rows were {verb}{rounds}{how}\n", HumanCount(rows)))
    }
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
    if !arguments.verify_only && is_same_file(&from.url, &to.url) {
        let reason = "is the same file as the source, by another name or by this one; nothing was changed";
        return Err(Error::invalid_input("--to", reason).into());
    }
    if arguments.overwrite {
        let rows = format!("All rows of {} will be replaced by those of {}.", to.url, from.url);
        confirm(&to.url, arguments.confirm.as_deref(), &rows)?;
    }
    let new_file = to.url.scheme() == "sqlite" && !Path::new(to.url.database()).exists();
    let mut untouched = false;
    let done = with_open(&from, async |source| {
        with_open(&to, async |target| {
            let done = work((&from, &to), arguments, &*source, &*target, output).await;
            // A copy that was refused leaves nothing behind.
            untouched = new_file && done.is_err() && has_no_table(&*target).await;
            done
        })
        .await
    })
    .await;
    if untouched {
        for suffix in ["", "-wal", "-shm"] {
            // Those beside the file are mostly gone already.
            let _ = std::fs::remove_file(format!("{}{suffix}", to.url.database()));
        }
    }
    done
}

async fn has_no_table(target: &dyn Repository) -> bool {
    target.row_counts().await.is_ok_and(|counts| counts.iter().all(|(_, rows)| rows.is_none()))
}

/// Whether both are one SQLite file, by whatever names.
fn is_same_file(from: &DatabaseUrl, to: &DatabaseUrl) -> bool {
    if from.scheme() != "sqlite" || to.scheme() != "sqlite" {
        return false;
    }
    let path = |url: &DatabaseUrl| Path::new(url.database()).canonicalize().ok();
    let (Some(from), Some(to)) = (path(from), path(to)) else { return false };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let identity = |path: &Path| std::fs::metadata(path).ok().map(|it| (it.dev(), it.ino()));
        if identity(&from).is_some() && identity(&from) == identity(&to) {
            return true;
        }
    }
    from == to
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
    let report = |done: Done<'_>, output: &mut Output| {
        bar.finish();
        let complete = done.is_complete();
        finish(&Report { from: from.url.to_string(), to: to.url.to_string(), complete, done }, output)
    };
    if arguments.verify_only {
        let mend = arguments.mend_references;
        let verification = verify(source, target, limits, mend, &mut |event| bar.show(event)).await?;
        return report(Done::Verified { verification: &verification }, output);
    }
    let mut options = CopyOptions::new(source_name(&from.url));
    options.overwrite = arguments.overwrite;
    options.mend_references = arguments.mend_references;
    options.limits = limits;
    if arguments.live {
        let mut on = |event| bar.show(event);
        let copying = copy_live(source, target, &options, &mut on);
        let copied = unless_stopped(copying, &bar).await.map_err(|failure| hinted(failure, to))?;
        return report(Done::Live(&copied), output);
    }
    let mut on = |event| bar.show(event);
    let copying = copy(source, target, &options, &mut on);
    let copied = unless_stopped(copying, &bar).await.map_err(|failure| hinted(failure, to))?;
    report(Done::Copied(&copied), output)
}

/// Waits for the copy, or until a signal asks for the end: what was committed stays, and the rest is for the next run.
async fn unless_stopped<T>(
    work: impl Future<Output = decnet_db::Result<T>>,
    bar: &Bar,
) -> Result<T, Failure> {
    tokio::select! {
        result = work => Ok(result?),
        Ok(()) = signal() => {
            bar.finish();
            let message = "stopped before the copy was complete; what was copied stays".to_owned();
            let failure = Failure::from(Error::Unavailable { message, source: None });
            Err(failure.or_hint("running the same command again continues"))
        }
    }
}

fn hinted(failure: Failure, to: &Config) -> Failure {
    let Failure::Library { error, .. } = &failure else { return failure };
    let hint = match error {
        Error::Conflict { message, .. } if message.contains("not empty") => {
            format!("to delete what is in it: --overwrite --confirm {}", database_name(&to.url))
        }
        Error::Conflict { message, .. } if message.contains("unfinished live copy") => {
            "the same command with --live continues".to_owned()
        }
        Error::Unavailable { .. } | Error::UnknownOutcome { .. } => {
            "running the same command again continues".to_owned()
        }
        _ => return failure,
    };
    failure.or_hint(hint)
}

/// The name under which the target remembers the source: the same file has one name, wherever the tool is run.
fn source_name(url: &DatabaseUrl) -> String {
    let canonical = (url.scheme() == "sqlite")
        .then(|| Path::new(url.database()).canonicalize().ok())
        .flatten()
        .and_then(|path| DatabaseUrl::sqlite(path).ok());
    canonical.as_ref().unwrap_or(url).to_string()
}

fn finish(report: &Report<'_>, output: &mut Output) -> Result<(), Failure> {
    if output.is_json() {
        output.json(report)?;
    } else {
        output.text(&described(report))?;
    }
    if report.complete {
        return Ok(());
    }
    if let Some(refused) = report.done.refused().filter(|refused| !refused.is_empty()) {
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
    }
    let Some(verification) = report.done.verification() else {
        let message = "rows were in each other's way in every round; the copy is not complete";
        return Err(
            Failure::from(Error::conflict(message)).or_hint("running the same command again continues")
        );
    };
    let different: Vec<&str> =
        verification.tables.iter().filter(|it| !it.is_equal()).map(|table| table.table).collect();
    Err(Error::conflict(format!("the target differs from the source in {}", different.join(", "))).into())
}

fn described(report: &Report<'_>) -> String {
    let mut text = format!("from  {}\nto    {}\n", report.from, report.to);
    text.extend(report.done.written());
    if let Some(refused) = report.done.refused() {
        text.push_str(&listed("can't be stored in the target", refused));
    }
    let Some(verification) = report.done.verification() else { return text };
    text.push('\n');
    text.push_str(&compared(verification));
    if report.complete {
        let cut = match &report.done {
            Done::Live(LiveReport { cut: Some(cut), .. }) => format!(" at the cut, {cut}"),
            _ => String::new(),
        };
        text.push_str(&format!("\nequal{cut}: {}\n", sum(verification)));
    }
    text
}

/// `165,126 rows in 39 tables`.
pub(super) fn sum(verification: &Verification) -> String {
    let rows = verification.tables.iter().map(|table| table.target.rows).sum();
    format!("{} rows in {} tables", HumanCount(rows), verification.tables.len())
}

/// The comparison of each table that has rows, and what there is to look at.
pub(super) fn compared(verification: &Verification) -> String {
    let (empty, filled): (Vec<_>, Vec<_>) =
        verification.tables.iter().partition(|table| table.is_equal() && table.source.rows == 0);
    let cells: Vec<[String; 5]> = filled
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
    let titles = [
        ("TABLE", Align::Left),
        ("SOURCE", Align::Right),
        ("TARGET", Align::Right),
        ("CHECKSUM", Align::Left),
        ("RESULT", Align::Left),
    ];
    let mut text = if cells.is_empty() { String::new() } else { table(titles, &cells) };
    if !empty.is_empty() {
        text.push_str(&format!("{} tables have no rows on either side\n", empty.len()));
    }
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
