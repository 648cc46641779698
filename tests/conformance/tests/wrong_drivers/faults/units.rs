//! A unit is not all or nothing.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use decnet_db_core::sql::{Outcome, Receipt, Step, Unit};
use decnet_db_core::{Error, Result};

use crate::rewrite::{alone, each_step, outcome};
use crate::wrapper::{Fault, Right};

/// Each step as a transaction of its own.
async fn step_by_step(right: &Right, unit: &Unit) -> Result<Receipt> {
    let mut receipt = Receipt::default();
    for step in unit.steps() {
        receipt.push(outcome(&mut right.commit(alone(step.clone())).await?, 0, step));
    }
    Ok(receipt)
}

#[derive(Debug, Default)]
pub(crate) struct IgnoresRollback;

#[async_trait]
impl Fault for IgnoresRollback {
    async fn commit(&self, right: &Right, unit: Unit) -> Result<Receipt> {
        match right.commit(unit.clone()).await {
            Ok(receipt) => Ok(receipt),
            // Leaves what it had written when it met the error.
            Err(_) => step_by_step(right, &unit).await,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct CommitsEachStep;

#[async_trait]
impl Fault for CommitsEachStep {
    async fn commit(&self, right: &Right, unit: Unit) -> Result<Receipt> {
        step_by_step(right, &unit).await
    }
}

/// The rows first, then the rest, both in the caller's future.
#[derive(Debug, Default)]
pub(crate) struct StopsHalfwayWhenDropped;

#[async_trait]
impl Fault for StopsHalfwayWhenDropped {
    async fn commit(&self, right: &Right, unit: Unit) -> Result<Receipt> {
        let nothing = || Step::Guard(String::new());
        let is_insert = |step: &Step| matches!(step, Step::Insert(_));
        let rows = each_step(&unit, |step| if is_insert(step) { step.clone() } else { nothing() });
        let rest = each_step(&unit, |step| if is_insert(step) { nothing() } else { step.clone() });
        let (mut first, mut second) = (right.commit(rows).await?, right.commit(rest).await?);
        let mut receipt = Receipt::default();
        for (position, step) in unit.steps().iter().enumerate() {
            let part = if is_insert(step) { &mut first } else { &mut second };
            receipt.push(outcome(part, position, step));
        }
        Ok(receipt)
    }
}

#[derive(Debug, Default)]
pub(crate) struct IgnoresExpectations;

impl Fault for IgnoresExpectations {
    fn unit(&self, unit: Unit) -> Unit {
        each_step(&unit, |step| match step {
            Step::Execute(statement, _) => Step::Execute(statement.clone(), None),
            other => other.clone(),
        })
    }
}

#[derive(Debug, Default)]
pub(crate) struct RunsQueriesBeforeTheUnit;

#[async_trait]
impl Fault for RunsQueriesBeforeTheUnit {
    async fn commit(&self, right: &Right, unit: Unit) -> Result<Receipt> {
        let mut early = Vec::new();
        for step in unit.steps() {
            early.push(if let Step::Query(query) = step {
                Some(right.query(query.clone()).await?)
            } else {
                None
            });
        }
        let mut receipt = right.commit(unit.clone()).await?;
        let mut told = Receipt::default();
        for ((position, step), early) in unit.steps().iter().enumerate().zip(early) {
            told.push(early.map_or_else(|| outcome(&mut receipt, position, step), Outcome::Rows));
        }
        Ok(told)
    }
}

/// As an engine whose transaction was aborted, and that nobody rolled back.
#[derive(Debug, Default)]
pub(crate) struct LeavesAFailedTransactionOpen {
    aborted: AtomicBool,
}

#[async_trait]
impl Fault for LeavesAFailedTransactionOpen {
    async fn commit(&self, right: &Right, unit: Unit) -> Result<Receipt> {
        if self.aborted.swap(false, Ordering::SeqCst) {
            return Err(Error::backend("the transaction was aborted", anyhow::anyhow!("roll back first")));
        }
        let receipt = right.commit(unit).await;
        self.aborted.store(receipt.is_err(), Ordering::SeqCst);
        receipt
    }
}

#[derive(Debug, Default)]
pub(crate) struct AnswersBeforeTheCommit;

#[async_trait]
impl Fault for AnswersBeforeTheCommit {
    async fn commit(&self, right: &Right, unit: Unit) -> Result<Receipt> {
        let right = Right::clone(right);
        tokio::spawn(async move { right.commit(unit).await });
        Ok(Receipt::default())
    }
}
