//! Copying a database while others write to it.

use serde::Serialize;

use super::copier::different;
use super::copy::{CopyOptions, find_target, finished};
use super::level::{Changes, Leveller};
use super::moment::Moment;
use super::progress::{Phase, Record};
use super::references::broken;
use super::reset::resync_serials;
use super::verify::{Verification, compare};
use super::{CopyEvent, Findings, present, present_in};
use crate::contract::tables::SCHEMA;
use crate::contract::{Repository, StateEntry};
use crate::driver::Bootstrap;
use crate::error::Result;
use crate::sql::{Record as _, Unit};
use crate::time::Timestamp;

/// The most rounds. Each takes what was written during the one before it.
const ROUNDS: u32 = 10;
/// A round that changed no more than that was short: the next one may be of one moment.
const SHORT: u64 = 20_000;

/// What a live copy did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LiveReport {
    /// Whether it continued an earlier copy.
    pub resumed: bool,
    /// What each round changed.
    pub rounds: Vec<Changes>,
    /// The cut: the moment of the source that the target is equal to. What had been committed before is in the target.
    pub cut: Option<Timestamp>,
    /// What the target can't hold. When there is any, the copy is not complete and was not verified.
    pub refused: Findings,
    /// The comparison of the target with the source at the cut.
    pub verification: Option<Verification>,
}

impl LiveReport {
    /// Whether the target holds what the source held at the cut.
    pub fn is_complete(&self) -> bool {
        self.refused.is_empty() && self.verification.as_ref().is_some_and(Verification::is_equal)
    }

    /// How many rows were inserted, updated or deleted.
    pub fn rows(&self) -> u64 {
        self.rounds.iter().map(|round| round.total() - round.left).sum()
    }
}

/// Copies everything from one database into another one while others write to the source, and compares the two at a cut:
/// a moment of the source, which the report names.
///
/// It works in rounds: each reads both databases and writes what differs, whether rows came, changed or went. The last
/// round reads the source in one snapshot, and so does the comparison after it: the target then is what the source was at
/// that moment, exactly. What is written after the cut is not in the target; running it again with
/// [`overwrite`](CopyOptions::overwrite) brings over what came since, and nothing else. Nobody else may write to the target.
///
/// The snapshot is held for one round and one comparison, as long as it takes to read both databases twice. Until then the
/// source's engine keeps what others overwrite: a log that grows.
///
/// A copy that was cut short is continued by calling this again: rows that are there are compared, not written again. With
/// `overwrite`, a target that has rows is not emptied, but made equal.
///
/// # Errors
/// As [`copy`](super::copy); `Unsupported` when the source's driver has no snapshots.
pub async fn copy_live(
    source: &dyn Repository,
    target: &dyn Repository,
    options: &CopyOptions,
    on: &mut (dyn FnMut(CopyEvent) + Send),
) -> Result<LiveReport> {
    // Whether there are snapshots is known before anything is written.
    Moment::of(source).await?.end().await;
    let (mut total, has) = present(source).await?;
    finished(source.engine(), &has).await?;
    let found = find_target(target, options).await?;
    let is_new = found.as_ref().is_none_or(|record| matches!(record.phase(), Phase::Starting));
    let mut report = LiveReport {
        resumed: !is_new,
        rounds: Vec::new(),
        cut: None,
        refused: Findings::default(),
        verification: None,
    };
    if is_new && !options.mend_references {
        report.refused = broken(source.engine(), &SCHEMA, &has).await?;
        if !report.refused.is_empty() {
            return Ok(report);
        }
    }
    let engine = target.engine();
    engine.bootstrap(Bootstrap::new(SCHEMA, Unit::new(), engine.dialect())).await?;
    let mut record = match found {
        Some(record) => record,
        None => Record::begin(engine, &options.source).await?,
    };
    if is_new {
        different(source.engine(), engine, has(StateEntry::TABLE.name)).await?;
    }
    if !matches!(record.phase(), Phase::Levelling { .. }) {
        record.advance(Unit::new(), Phase::Levelling { step: 0 }).await?;
    }
    for number in 1..=ROUNDS {
        let moment = if is_short(&report.rounds) { Some(Moment::of(source).await?) } else { None };
        on(CopyEvent::Round { number, at_once: moment.is_some() });
        on(CopyEvent::Copying { rows: total, done: 0 });
        let reader = moment.as_ref().map_or(source.engine(), Moment::engine);
        let mut leveller = Leveller::new(reader, engine, options, &mut record, on);
        leveller.round(&has).await?;
        let (changes, refused) = (leveller.changes, leveller.refused);
        report.rounds.push(changes);
        report.refused = refused;
        if !report.refused.is_empty() {
            return Ok(report);
        }
        let Some(moment) = moment else { continue };
        if changes.left == 0 || number == ROUNDS {
            resync_serials(engine, SCHEMA.tables).await?;
            let (rows, has) = present_in(moment.engine()).await?;
            total = rows;
            let all = (moment.engine(), rows, &has);
            let verification = compare(all, engine, options.limits, options.mend_references, on).await?;
            let is_equal = verification.is_equal();
            report.cut = Some(moment.taken());
            report.verification = Some(verification);
            moment.end().await;
            if is_equal {
                record.finish().await?;
                return Ok(report);
            }
        }
    }
    Ok(report)
}

/// Whether the next round may be of one moment: the last one was short, or rounds get no shorter.
fn is_short(rounds: &[Changes]) -> bool {
    match rounds {
        [] => false,
        [only] => only.total() <= SHORT,
        [.., before, last] => last.total() <= SHORT || last.total() > before.total() / 2 || rounds.len() > 4,
    }
}
