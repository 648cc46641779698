//! `decnet-db prune`.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::ArgGroup;
use decnet_db::driver::Space;
use decnet_db::reports::instant;
use decnet_db::retention::{Plan, Policy, PruneOptions, PruneProgress, Pruned, plan, prune};
use decnet_db::time::Timestamp;
use decnet_db::{Error, Repository};
use indicatif::{BinaryBytes, HumanCount};
use serde::Serialize;

use crate::archive::ArchiveFile;
use crate::args::Global;
use crate::confirm::confirm_or_yes;
use crate::connection::{existing, with_open};
use crate::errors::{Failure, note};
use crate::output::Output;

#[derive(clap::Args)]
#[command(group = ArgGroup::new("policy").required(true), after_long_help = PRUNE_HELP)]
pub(crate) struct PruneArgs {
    /// Delete events from before this time: how long ago (90d, "2 weeks", 24h), or a time such as 2026-01-02
    #[arg(long, value_name = "TIME", group = "policy", allow_hyphen_values = true)]
    older_than: Option<String>,

    /// Delete the oldest events until no more than this is in use: bytes, or with a unit (500MB, 5GB, 2GiB)
    #[arg(long, value_name = "SIZE", group = "policy", value_parser = size)]
    max_size: Option<u64>,

    /// Delete all events but this many, the newest
    #[arg(long, value_name = "NUMBER", group = "policy", value_parser = clap::value_parser!(u64).range(1..))]
    keep: Option<u64>,

    /// Append the events to this file, as JSON lines, before they are deleted; .gz and .zst are compressed
    #[arg(long, value_name = "FILE")]
    archive: Option<PathBuf>,

    /// Say what would be deleted, and change nothing
    #[arg(long)]
    dry_run: bool,

    /// Do it, and don't ask
    #[arg(long)]
    yes: bool,
}

const PRUNE_HELP: &str = "\
With the last event of a source goes what hangs on the source: its bounties, its
credentials and findings about those alone, and its attacker with everything
that refers to that. What is known of a source that still has events stays,
however old it is; so do users, identities, campaigns and the deployment. The
event that was stored last always stays.

DECNET and other programs may read and write meanwhile. Events go a few hundred
at a time, each time whole or not at all: after a kill or a failure the same
command goes on. What others store meanwhile with times long past is left for the
next run.

--archive FILE: events are on the disk before they are deleted. A run that was
cut short leaves FILE.unfinished, which says how far the file is good; the same
command again writes each event once. `decnet-db ingest FILE` reads it.

--max-size counts what is in use (1 kB is 1000 bytes, 1 KiB is 1024), not what
earlier deletions left free in the files, which is filled before they grow. A
SQLite file whose auto_vacuum is incremental is made shorter by this command; for
others it says what gives the room back, and what that needs. Servers only
estimate their size, and follow late: there, events go once, by the share of the
table that is too much.";

/// How often the operator hears how far it is.
const OFTEN: Duration = Duration::from_secs(5);
/// Free room that nobody needs to hear of, in bytes.
const LITTLE: u64 = 1 << 20;
/// Deleted events that leave room which somebody may want to hear of.
const MANY: u64 = 10_000;

/// The report as JSON shows it.
#[derive(Serialize)]
struct Report<'a> {
    database: String,
    /// What was asked for.
    policy: String,
    /// Whether nothing was changed.
    dry_run: bool,
    /// What was found before anything was deleted.
    plan: &'a Plan,
    /// What was deleted; null of a dry run.
    pruned: Option<&'a Pruned>,
    archive: Option<String>,
}

pub(crate) async fn run(global: &Global, arguments: &PruneArgs, output: &mut Output) -> Result<(), Failure> {
    let now = Timestamp::now();
    let (policy, described) = policy(arguments, now)?;
    let config = existing(global)?;
    with_open(&config, async |repository| {
        let plan = plan(&*repository, &policy).await?;
        let mut report = Report {
            database: config.url.to_string(),
            policy: described,
            dry_run: arguments.dry_run,
            plan: &plan,
            pruned: None,
            archive: arguments.archive.as_ref().map(|path| path.display().to_string()),
        };
        if arguments.dry_run {
            return finish(&report, output);
        }
        // Before anybody is asked: what can't be archived is not deleted.
        let mut archive = arguments.archive.as_deref().map(ArchiveFile::open).transpose()?;
        if plan.events > 0 && !arguments.yes {
            let what = format!("{} {} will be deleted", HumanCount(plan.events), events(plan.events));
            let times = times(plan.oldest, plan.newest);
            confirm_or_yes(&config.url, &what, &format!("{what} from {}{times}.", config.url))?;
        }
        let pruned = work(&*repository, &policy, archive.as_mut()).await.map_err(|error| {
            Failure::from(error).or_hint("what is deleted is whole; the same command goes on")
        })?;
        report.pruned = Some(&pruned);
        finish(&report, output)
    })
    .await
}

async fn work(
    repository: &dyn Repository,
    policy: &Policy,
    archive: Option<&mut ArchiveFile>,
) -> decnet_db::Result<Pruned> {
    let mut told = Instant::now();
    let mut tell = |progress: PruneProgress| {
        if told.elapsed() >= OFTEN {
            told = Instant::now();
            let what = if progress.giving_back { ", giving back room" } else { "" };
            note(&format!(
                "{} of {} events deleted{what}",
                HumanCount(progress.done),
                HumanCount(progress.of)
            ));
        }
    };
    let mut options = PruneOptions::default().progress(&mut tell);
    if let Some(archive) = archive {
        options = options.archive(archive);
    }
    prune(repository, policy, options).await
}

/// The policy, and how it reads.
fn policy(arguments: &PruneArgs, now: Timestamp) -> Result<(Policy, String), Failure> {
    if let Some(text) = &arguments.older_than {
        let time = instant(text, now).map_err(|error| error.within("--older-than"))?;
        if time > now {
            return Err(Error::invalid_input("--older-than", format!("{time} is still to come")).into());
        }
        return Ok((Policy::Since(time), format!("events from {time} on stay")));
    }
    Ok(match (arguments.max_size, arguments.keep) {
        (Some(bytes), _) => {
            (Policy::Size(bytes), format!("events stay that fit into {}", BinaryBytes(bytes)))
        }
        (None, keep) => {
            let keep = keep.unwrap_or_default();
            (Policy::newest(keep)?, format!("the newest {} {} stay", HumanCount(keep), events(keep)))
        }
    })
}

/// Reads a size: bytes, or a number with a unit.
fn size(text: &str) -> Result<u64, String> {
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "t" | "tb" => 1_000_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "tib" => 1 << 40,
        _ => return Err("write bytes, or a number with kB, MB, GB, TB, KiB, MiB, GiB or TiB".to_owned()),
    };
    let number: f64 = number.parse().map_err(|_| "write a number, such as 500MB or 2.5GiB".to_owned())?;
    let bytes = number * factor as f64;
    if (1.0..9e18).contains(&bytes) {
        Ok(bytes as u64)
    } else {
        Err("must be at least a byte, and below 9 EB".to_owned())
    }
}

fn finish(report: &Report<'_>, output: &mut Output) -> Result<(), Failure> {
    if output.is_json() { output.json(report) } else { output.text(&described(report)) }
}

fn events(count: u64) -> &'static str {
    if count == 1 { "event" } else { "events" }
}

fn times(oldest: Option<Timestamp>, newest: Option<Timestamp>) -> String {
    oldest.zip(newest).map(|(oldest, newest)| format!(", from {oldest} to {newest}")).unwrap_or_default()
}

fn described(report: &Report<'_>) -> String {
    let Report { database, policy, plan, pruned, archive, .. } = report;
    let mut text = format!("database  {database}\npolicy    {policy}\n");
    let Some(pruned) = pruned else {
        let Plan { events: count, oldest, newest, left, space, .. } = plan;
        text.push_str(&format!(
            "to go     {} {}{}; {} stay\n",
            HumanCount(*count),
            events(*count),
            times(*oldest, *newest),
            HumanCount(*left)
        ));
        text.push_str(&space.as_ref().map(space_line).unwrap_or_default());
        text.push_str("nothing was changed\n");
        return text;
    };
    text.push_str(&format!(
        "deleted   {} {}{}\n",
        HumanCount(pruned.events),
        events(pruned.events),
        times(pruned.oldest, pruned.newest)
    ));
    if pruned.bounties + pruned.credentials + pruned.attackers > 0 {
        text.push_str(&format!(
            "          and of sources without events {} attackers, {} bounties, {} credentials\n",
            HumanCount(pruned.attackers),
            HumanCount(pruned.bounties),
            HumanCount(pruned.credentials)
        ));
    }
    if let Some(archive) = archive {
        text.push_str(&format!(
            "archived  {} {} in {archive}",
            HumanCount(pruned.archived),
            events(pruned.archived)
        ));
        if pruned.taken_up > 0 {
            text.push_str(&format!(
                "; {} had been stored there by an earlier run",
                HumanCount(pruned.taken_up)
            ));
        }
        text.push('\n');
    }
    if let Some(space) = &pruned.space {
        text.push_str(&space_line(space));
        text.push_str(&advice(space, pruned.events));
    }
    text
}

fn space_line(space: &Space) -> String {
    let about = if space.current { "" } else { "about " };
    format!(
        "space     {about}{} in use, {about}{} free in the files\n",
        BinaryBytes(space.used),
        BinaryBytes(space.free)
    )
}

/// What gives the free room back, where there is some.
fn advice(space: &Space, deleted: u64) -> String {
    let Some(rebuild) = &space.rebuild else { return String::new() };
    // What is only estimated says little of what was deleted just now.
    if space.free < LITTLE && (space.current || deleted < MANY) {
        return String::new();
    }
    let later = if rebuild.statement == "VACUUM" {
        "\n          (PRAGMA auto_vacuum = INCREMENTAL before it lets this command do that from then on)"
    } else {
        ""
    };
    format!(
        "          new events fill what is free; {} gives it back to the disk, needs {} of free disk,\n          \
         and writers wait meanwhile{later}\n",
        rebuild.statement,
        BinaryBytes(rebuild.needs)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        for (text, bytes) in [
            ("5GB", 5_000_000_000),
            ("5 gb", 5_000_000_000),
            ("2GiB", 2 << 30),
            ("1.5MiB", 3 << 19),
            ("4096", 4_096),
            ("10k", 10_000),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for text in ["", "GB", "-1", "0", "5 parsecs", "1..2MB", "99999999TB"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
