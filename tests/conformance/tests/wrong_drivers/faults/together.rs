//! Callers at the same time get into each other's way.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use decnet_db_core::contract::StateEntry;
use decnet_db_core::driver::{BatchLimits, UnitQueue};
use decnet_db_core::sql::{Expect, Outcome, Receipt, Rows, Sql, Statement, Step, Unit};
use decnet_db_core::{Error, Result};
use tokio::sync::{Barrier, Semaphore};

use crate::rewrite::{self, alone, outcome, with_values};
use crate::wrapper::{Fault, Right};

/// Now and then it takes an answer for lost, and sends again what was committed.
#[derive(Debug, Default)]
pub(crate) struct ReplaysWhatWasCommitted {
    commits: AtomicUsize,
}

#[async_trait]
impl Fault for ReplaysWhatWasCommitted {
    async fn commit(&self, right: &Right, unit: Unit) -> Result<Receipt> {
        let receipt = right.commit(unit.clone()).await?;
        if self.commits.fetch_add(1, Ordering::Relaxed) % 10 == 9 {
            let _ = right.commit(unit).await;
        }
        Ok(receipt)
    }
}

/// Group commit without savepoints.
#[derive(Debug, Default)]
pub(crate) struct FailsTheWholeGroup {
    queue: Arc<UnitQueue>,
}

#[async_trait]
impl Fault for FailsTheWholeGroup {
    fn opened(&self, right: &Right) {
        let (queue, right) = (Arc::clone(&self.queue), Right::clone(right));
        tokio::spawn(async move {
            while let Some(group) = queue.take(BatchLimits { units: 64, rows: 5_000 }).await {
                let mut together = Unit::new();
                group.iter().for_each(|pending| together.append(pending.unit.clone()));
                let mut done = right.commit(together).await;
                let mut positions = 0..;
                for pending in group {
                    let own = match &mut done {
                        Ok(receipt) => Ok(part_of(receipt, &pending.unit, &mut positions)),
                        Err(error) => Err(Error::conflict(error.to_string())),
                    };
                    pending.reply(own);
                }
            }
        });
    }

    async fn commit(&self, _: &Right, unit: Unit) -> Result<Receipt> {
        self.queue.submit(unit).await
    }

    async fn close(&self, right: &Right) {
        self.queue.close();
        right.close().await;
    }
}

/// What the steps of one unit did, which have the next positions.
fn part_of(receipt: &mut Receipt, unit: &Unit, positions: impl Iterator<Item = usize>) -> Receipt {
    let mut part = Receipt::default();
    for (step, position) in unit.steps().iter().zip(positions) {
        part.push(outcome(receipt, position, step));
    }
    part
}

/// Who comes while others are there gets the receipt of the one before.
#[derive(Debug)]
pub(crate) struct MixesUpReceipts {
    there: AtomicUsize,
    last: Mutex<Receipt>,
    place: Barrier,
}

impl Default for MixesUpReceipts {
    fn default() -> Self {
        Self { there: AtomicUsize::default(), last: Mutex::default(), place: Barrier::new(2) }
    }
}

#[async_trait]
impl Fault for MixesUpReceipts {
    async fn commit(&self, right: &Right, unit: Unit) -> Result<Receipt> {
        let alone = self.there.fetch_add(1, Ordering::SeqCst) == 0;
        if unit
            .steps()
            .iter()
            .any(|step| matches!(step, Step::Execute(delete, _) if delete.text().starts_with("DELETE")))
        {
            meet(&self.place, 5).await;
        }
        let done = right.commit(unit).await;
        self.there.fetch_sub(1, Ordering::SeqCst);
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        done.map(|own| if alone { own } else { std::mem::replace(&mut *last, own) })
    }
}

/// Waits until a second one is here too, but not for ever: an odd one may be left.
pub(crate) async fn meet(place: &Barrier, seconds: u64) {
    let _ = tokio::time::timeout(Duration::from_secs(seconds), place.wait()).await;
}

/// As an engine with many writers and without the locks that a guard asks for: who looks whether a row is there sees
/// nothing of those who look at the same time.
#[derive(Debug)]
pub(crate) struct IgnoresGuards {
    looking: Barrier,
}

impl Default for IgnoresGuards {
    fn default() -> Self {
        Self { looking: Barrier::new(2) }
    }
}

#[async_trait]
impl Fault for IgnoresGuards {
    async fn commit(&self, right: &Right, unit: Unit) -> Result<Receipt> {
        let mut decided = Unit::new();
        for step in unit.steps() {
            decided.push(match step {
                Step::Execute(insert, None) if insert.text().contains(") AS incoming WHERE NOT EXISTS (") => {
                    decide(right, insert, &self.looking).await?
                }
                other => other.clone(),
            });
        }
        right.commit(decided).await
    }
}

/// What the conditional insert does by what is there now.
async fn decide(right: &Right, insert: &Statement, looking: &Barrier) -> Result<Step> {
    let (text, values) = (insert.text(), insert.values().to_vec());
    let (into, select) = text.split_once("SELECT * FROM (").expect("the statement's form");
    let (row, condition) = select.split_once(" WHERE NOT EXISTS").expect("the statement's form");
    let look = format!("SELECT 1 FROM ({row} WHERE NOT EXISTS{condition}");
    let missing = !right.query(rewrite::of(right.dialect(), look, values.clone())).await?.is_empty();
    if !missing {
        return Ok(Step::Guard(String::new()));
    }
    meet(looking, 5).await;
    let count = row.matches('?').count();
    let text = format!("{into}SELECT * FROM ({row}");
    Ok(Step::Execute(rewrite::of(right.dialect(), text, values.into_iter().take(count)), None))
}

/// Whatever succeeds is written in many small transactions: all or nothing in the end, and seen on the way there.
#[derive(Debug, Default)]
pub(crate) struct ShowsHalfAUnit;

#[async_trait]
impl Fault for ShowsHalfAUnit {
    async fn commit(&self, right: &Right, unit: Unit) -> Result<Receipt> {
        let right = Right::clone(right);
        // A task of its own, so that a caller who goes away changes nothing.
        let written = tokio::spawn(async move {
            would_succeed(&right, &unit).await?;
            let mut receipt = Receipt::default();
            for step in unit.steps() {
                let mut done = Outcome::Affected(0);
                for piece in pieces(step) {
                    let piece = outcome(&mut right.commit(alone(piece)).await?, 0, step);
                    done = match (done, piece) {
                        (Outcome::Affected(before), Outcome::Affected(more)) => {
                            Outcome::Affected(before + more)
                        }
                        (_, rows) => rows,
                    };
                }
                receipt.push(done);
            }
            Ok(receipt)
        });
        written.await.expect("the task ends")
    }
}

/// Fails as the unit would, and writes nothing.
async fn would_succeed(right: &Right, unit: &Unit) -> Result<()> {
    const TRIAL: &str = "only a trial";
    let mut sql = Sql::new(right.dialect());
    sql.delete::<StateEntry>().push(" WHERE 1 = 0");
    let mut trial = unit.clone();
    trial.expect(sql.finish()?, Expect::one_row(TRIAL));
    match right.commit(trial).await {
        Err(Error::Conflict { message, .. }) if message == TRIAL => Ok(()),
        other => other.map(drop),
    }
}

/// Fifty rows at a time.
fn pieces(step: &Step) -> Vec<Step> {
    let Step::Insert(insert) = step else { return vec![step.clone()] };
    let values = insert.values().chunks(insert.columns().len() * 50);
    values.map(|values| Step::Insert(with_values(insert, values.to_vec()))).collect()
}

/// A read that is dropped keeps its connection for ever.
#[derive(Debug)]
pub(crate) struct LosesConnectionsOfDroppedReads {
    connections: Semaphore,
}

impl Default for LosesConnectionsOfDroppedReads {
    fn default() -> Self {
        Self { connections: Semaphore::new(4) }
    }
}

#[async_trait]
impl Fault for LosesConnectionsOfDroppedReads {
    async fn query(&self, right: &Right, statement: Statement) -> Result<Rows> {
        let connection = tokio::time::timeout(Duration::from_secs(1), self.connections.acquire()).await;
        match connection {
            Ok(Ok(connection)) => connection.forget(),
            _ => {
                return Err(Error::unavailable("all connections are taken", anyhow::anyhow!("for too long")));
            }
        }
        let rows = right.query(statement).await;
        self.connections.add_permits(1);
        rows
    }
}
