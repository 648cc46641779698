//! A write as data: steps that happen all or not at all.

use std::ops::RangeInclusive;

use super::{Insert, Rows, Statement};
use crate::error::{Error, Result};

/// Steps that a driver runs in one transaction, in order, all or not at all.
///
/// A unit is owned data. So a caller's dropped future can't leave a transaction half open; a driver can replay the unit
/// after a deadlock, a busy file or a lost connection; and it can commit several callers' units together, each isolated
/// by a savepoint.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Unit {
    steps: Vec<Step>,
}

/// One step of a [`Unit`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// Until the unit ends, no other unit with the same guard runs. Engines with a single writer have nothing to do.
    Guard(String),
    /// A statement without rows; its number of affected rows must be as expected.
    Execute(Statement, Option<Expect>),
    /// A query inside the transaction: its rows are in the [`Receipt`].
    Query(Statement),
    /// Many rows for one table.
    Insert(Insert),
}

/// How many rows a step must affect; otherwise the unit is rolled back and fails with a conflict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expect {
    rows: RangeInclusive<u64>,
    otherwise: String,
}

impl Expect {
    /// Exactly one row; `otherwise` is the message of the conflict.
    pub fn one_row(otherwise: impl Into<String>) -> Self {
        Self { rows: 1..=1, otherwise: otherwise.into() }
    }

    /// So many rows; `otherwise` is the message of the conflict.
    pub fn rows(rows: RangeInclusive<u64>, otherwise: impl Into<String>) -> Self {
        Self { rows, otherwise: otherwise.into() }
    }

    /// Judges what a step did. Drivers call it after the step and roll back on the error.
    ///
    /// # Errors
    /// Conflict, when another number of rows was affected.
    pub fn check(&self, affected: u64) -> Result<()> {
        if self.rows.contains(&affected) { Ok(()) } else { Err(Error::conflict(self.otherwise.clone())) }
    }
}

impl Unit {
    /// No step yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The steps in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }

    /// Adds a step and returns its position, under which the [`Receipt`] has its outcome.
    pub fn push(&mut self, step: Step) -> usize {
        self.steps.push(step);
        self.steps.len() - 1
    }

    /// Adds all steps of another unit behind those that are there.
    pub fn append(&mut self, mut other: Self) {
        self.steps.append(&mut other.steps);
    }

    /// Adds a statement.
    pub fn execute(&mut self, statement: Statement) -> usize {
        self.push(Step::Execute(statement, None))
    }

    /// Adds a statement that must affect so many rows.
    pub fn expect(&mut self, statement: Statement, expect: Expect) -> usize {
        self.push(Step::Execute(statement, Some(expect)))
    }

    /// Adds a query; its rows are in the receipt.
    pub fn query(&mut self, statement: Statement) -> usize {
        self.push(Step::Query(statement))
    }

    /// Adds rows; nothing when there are none.
    pub fn insert(&mut self, insert: Insert) -> usize {
        self.push(Step::Insert(insert))
    }

    /// Keeps units with the same guard apart: for read-then-write work that no unique key protects (ruling R7). `domain`
    /// names the kind of work, `key` what it is about; both together are the guard.
    pub fn guard(&mut self, domain: &'static str, key: &str) -> usize {
        self.push(Step::Guard(format!("{domain}:{key}")))
    }
}

/// What one step did.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Outcome {
    /// The number of rows that an [`Execute`](Step::Execute) or [`Insert`](Step::Insert) affected; 0 for a guard.
    Affected(u64),
    /// The rows of a [`Query`](Step::Query).
    Rows(Rows),
}

/// What a committed [`Unit`] did, step by step.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Receipt {
    outcomes: Vec<Outcome>,
}

impl Receipt {
    /// Adds the outcome of the next step.
    pub fn push(&mut self, outcome: Outcome) {
        self.outcomes.push(outcome);
    }

    /// The number of rows that the step affected.
    pub fn affected(&self, step: usize) -> u64 {
        match self.outcomes.get(step) {
            Some(Outcome::Affected(count)) => *count,
            Some(Outcome::Rows(rows)) => rows.len() as u64,
            None => 0,
        }
    }

    /// The rows of a query step, moved out.
    pub fn rows(&mut self, step: usize) -> Rows {
        match self.outcomes.get_mut(step) {
            Some(Outcome::Rows(rows)) => std::mem::take(rows),
            _ => Rows::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unmet_expectation_is_a_conflict() {
        let expect = Expect::one_row("version 3 was replaced meanwhile");
        assert!(expect.check(1).is_ok());
        assert_eq!(expect.check(0).unwrap_err().to_string(), "version 3 was replaced meanwhile");
    }
}
