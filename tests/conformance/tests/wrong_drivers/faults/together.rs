//! Callers at the same time get into each other's way.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use decnet_db_core::driver::{BatchLimits, Pending, UnitQueue};
use decnet_db_core::sql::{Expect, Outcome, Receipt, Rows, Sql, Statement, Step, Unit};
use decnet_db_core::{Error, Result};
use tokio::sync::Semaphore;

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

/// Units of callers at the same time, committed as one.
#[derive(Debug, Default)]
struct Group {
    queue: Arc<UnitQueue>,
}

impl Group {
    fn begin(&self, right: &Right, answer: fn(&Right, Vec<Pending>, Result<Receipt>) -> Answered) {
        let (queue, right) = (Arc::clone(&self.queue), Right::clone(right));
        tokio::spawn(async move {
            while let Some(group) = queue.take(BatchLimits { units: 64, rows: 5_000 }).await {
                let mut together = Unit::new();
                group.iter().for_each(|pending| together.append(pending.unit.clone()));
                let done = right.commit(together).await;
                answer(&right, group, done).await;
            }
        });
    }
}

type Answered = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Each unit's part of the receipt.
fn apart(mut receipt: Receipt, group: &[Pending]) -> Vec<Receipt> {
    let mut positions = 0..;
    let part = |pending: &Pending| {
        let mut part = Receipt::default();
        for (step, position) in pending.unit.steps().iter().zip(&mut positions) {
            part.push(outcome(&mut receipt, position, step));
        }
        part
    };
    group.iter().map(part).collect()
}

/// Group commit without savepoints.
#[derive(Debug, Default)]
pub(crate) struct FailsTheWholeGroup(Group);

#[async_trait]
impl Fault for FailsTheWholeGroup {
    fn opened(&self, right: &Right) {
        self.0.begin(right, |_, group, done| {
            let error = done.as_ref().err().map(ToString::to_string).unwrap_or_default();
            let receipts = done.map(|receipt| apart(receipt, &group)).unwrap_or_default();
            let mut receipts = receipts.into_iter();
            for pending in group {
                pending.reply(receipts.next().ok_or_else(|| Error::conflict(error.as_str())));
            }
            Box::pin(std::future::ready(()))
        });
    }

    async fn commit(&self, _: &Right, unit: Unit) -> Result<Receipt> {
        self.0.queue.submit(unit).await
    }

    async fn close(&self, right: &Right) {
        self.0.queue.close();
        right.close().await;
    }
}

/// Group commit that hands each caller another one's receipt.
#[derive(Debug, Default)]
pub(crate) struct MixesUpReceipts(Group);

#[async_trait]
impl Fault for MixesUpReceipts {
    fn opened(&self, right: &Right) {
        self.0.begin(right, |right, group, done| {
            let right = Right::clone(right);
            Box::pin(async move {
                let receipts = done.map(|receipt| apart(receipt, &group)).unwrap_or_default();
                let mut receipts = receipts.into_iter().rev();
                for pending in group {
                    // After a failure each unit is on its own, as it should be.
                    let answer = match receipts.next() {
                        Some(receipt) => Ok(receipt),
                        None => right.commit(pending.unit.clone()).await,
                    };
                    pending.reply(answer);
                }
            })
        });
    }

    async fn commit(&self, _: &Right, unit: Unit) -> Result<Receipt> {
        self.0.queue.submit(unit).await
    }

    async fn close(&self, right: &Right) {
        self.0.queue.close();
        right.close().await;
    }
}

/// As an engine with many writers and without the locks that a guard asks for: who looks whether a row is there sees
/// nothing of those who look at the same time.
#[derive(Debug, Default)]
pub(crate) struct IgnoresGuards;

#[async_trait]
impl Fault for IgnoresGuards {
    async fn commit(&self, right: &Right, unit: Unit) -> Result<Receipt> {
        let mut decided = Unit::new();
        for step in unit.steps() {
            decided.push(match step {
                Step::Execute(insert, None) if insert.text().contains(") AS incoming WHERE NOT EXISTS (") => {
                    decide(right, insert).await?
                }
                other => other.clone(),
            });
        }
        right.commit(decided).await
    }
}

/// What the conditional insert does by what is there now.
async fn decide(right: &Right, insert: &Statement) -> Result<Step> {
    let (text, values) = (insert.text(), insert.values().to_vec());
    let (into, select) = text.split_once("SELECT * FROM (").expect("the statement's form");
    let (row, condition) = select.split_once(" WHERE NOT EXISTS").expect("the statement's form");
    let look = format!("SELECT 1 FROM ({row} WHERE NOT EXISTS{condition}");
    let missing = !right.query(rewrite::of(right.dialect(), look, values.clone())).await?.is_empty();
    // Others have the time to look, too.
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
    if !missing {
        return Ok(Step::Guard(String::new()));
    }
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
    sql.push("DELETE FROM state WHERE 1 = 0");
    let mut trial = unit.clone();
    trial.expect(sql.finish(), Expect::one_row(TRIAL));
    match right.commit(trial).await {
        Err(Error::Conflict { message, .. }) if message == TRIAL => Ok(()),
        other => other.map(drop),
    }
}

/// A hundred rows at a time.
fn pieces(step: &Step) -> Vec<Step> {
    let Step::Insert(insert) = step else { return vec![step.clone()] };
    let values = insert.values().chunks(insert.columns().len() * 100);
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
