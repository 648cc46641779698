//! `decnet-db check`.

use decnet_db::driver::{Finding, Soundness};
use decnet_db::examination::examine;
use serde::Serialize;

use crate::args::Global;
use crate::connection::{existing, with_open};
use crate::errors::{Failure, one_line};
use crate::output::Output;

#[derive(clap::Args)]
#[command(after_long_help = CHECK_HELP)]
pub(crate) struct CheckArgs {
    /// Look at all of every table and index too, which takes minutes on a large database
    #[arg(long)]
    full: bool,

    /// Let warnings decide the exit code too
    #[arg(long)]
    strict: bool,
}

const CHECK_HELP: &str = "\
Looks at the engine, the schema and its stamp, tables of other programs,
settings that lose data or time, integrity, references to rows that are gone, and
room on the disk. Nothing is written.

Exit codes:
  0  all is well, or there are only warnings and --strict is not given
  7  something failed; with --strict also when something is to be warned of
  others as for every command: 3 there is no database, 4 it does not answer";

/// The report as JSON shows it.
#[derive(Serialize)]
struct Report<'a> {
    database: String,
    /// The worst of the findings.
    verdict: Soundness,
    findings: &'a [Finding],
}

pub(crate) async fn run(global: &Global, arguments: &CheckArgs, output: &mut Output) -> Result<(), Failure> {
    let config = existing(global)?;
    let findings =
        with_open(&config, async |repository| Ok(examine(&*repository, arguments.full).await?)).await?;
    let verdict = findings.iter().map(|finding| finding.verdict).max().unwrap_or(Soundness::Ok);
    if output.is_json() {
        output.json(&Report { database: config.url.to_string(), verdict, findings: &findings })?;
    } else {
        output.text(&findings.iter().map(line).collect::<String>())?;
    }
    let bound = if arguments.strict { Soundness::Warning } else { Soundness::Failed };
    let bad = findings.iter().filter(|finding| finding.verdict >= bound).count();
    if bad == 0 { Ok(()) } else { Err(Failure::Unsound(bad)) }
}

fn line(finding: &Finding) -> String {
    let verdict = match finding.verdict {
        Soundness::Ok => "ok",
        Soundness::Warning => "warning",
        _ => "failed",
    };
    let advice = if finding.advice.is_empty() { String::new() } else { format!("; {}", finding.advice) };
    format!("{verdict:8}{:14}{}\n", finding.check, one_line(&format!("{}{advice}", finding.what)))
}
