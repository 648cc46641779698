//! A write as data: steps that happen all or not at all.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::{Column, Insert, Rows, Statement, Value};
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

/// The place of a step in its [`Unit`], under which the [`Receipt`] has its outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StepId(usize);

impl StepId {
    /// The id of the step at this position, counted from 0: for wrappers that go through the steps of a unit.
    #[must_use]
    pub const fn at(position: usize) -> Self {
        Self(position)
    }
}

/// How many rows a step must affect; otherwise the unit is rolled back and fails, with a conflict unless something else is
/// said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expect {
    rows: RangeInclusive<u64>,
    otherwise: String,
    refusal: Refusal,
}

/// What an unmet expectation is to the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    Conflict,
    NotFound,
    InvalidInput(&'static str),
}

impl Expect {
    /// Exactly one row; `otherwise` is the message of the conflict.
    pub fn one_row(otherwise: impl Into<String>) -> Self {
        Self::rows(1..=1, otherwise)
    }

    /// So many rows; `otherwise` is the message of the conflict.
    pub fn rows(rows: RangeInclusive<u64>, otherwise: impl Into<String>) -> Self {
        Self { rows, otherwise: otherwise.into(), refusal: Refusal::Conflict }
    }

    /// No row; `otherwise` is the message of the conflict. For statements that look for what must not be.
    pub fn no_row(otherwise: impl Into<String>) -> Self {
        Self::rows(0..=0, otherwise)
    }

    /// The same; what is not met is that something exists.
    #[must_use]
    pub fn or_not_found(self) -> Self {
        Self { refusal: Refusal::NotFound, ..self }
    }

    /// The same; what is not met is a condition of this argument.
    #[must_use]
    pub fn or_invalid_input(self, argument: &'static str) -> Self {
        Self { refusal: Refusal::InvalidInput(argument), ..self }
    }

    /// The error of a unit that does not meet the expectation.
    pub fn error(&self) -> Error {
        let otherwise = self.otherwise.clone();
        match self.refusal {
            Refusal::Conflict => Error::conflict(otherwise),
            Refusal::NotFound => Error::NotFound(otherwise),
            Refusal::InvalidInput(argument) => Error::invalid_input(argument, otherwise),
        }
    }

    /// Judges what a step did. Drivers call it after the step and roll back on the error.
    ///
    /// # Errors
    /// [`error`](Self::error), when another number of rows was affected.
    pub fn check(&self, affected: u64) -> Result<()> {
        if self.rows.contains(&affected) { Ok(()) } else { Err(self.error()) }
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

    /// Adds a step; the [`Receipt`] has its outcome under the id.
    pub fn push(&mut self, step: Step) -> StepId {
        self.steps.push(step);
        StepId(self.steps.len() - 1)
    }

    /// Adds all steps of another unit behind those that are there.
    pub fn append(&mut self, mut other: Self) {
        self.steps.append(&mut other.steps);
    }

    /// Adds a statement.
    pub fn execute(&mut self, statement: Statement) -> StepId {
        self.push(Step::Execute(statement, None))
    }

    /// Adds a statement that must affect so many rows.
    pub fn expect(&mut self, statement: Statement, expect: Expect) -> StepId {
        self.push(Step::Execute(statement, Some(expect)))
    }

    /// Adds a query; its rows are in the receipt.
    pub fn query(&mut self, statement: Statement) -> StepId {
        self.push(Step::Query(statement))
    }

    /// Adds rows; nothing when there are none.
    pub fn insert(&mut self, insert: Insert) -> StepId {
        self.push(Step::Insert(insert))
    }

    /// Keeps units with the same guard apart: for read-then-write work that no unique key protects (ruling R7). `domain`
    /// names the kind of work, `key` what it is about; both together are the guard.
    pub fn guard(&mut self, domain: &'static str, key: &str) -> StepId {
        self.push(Step::Guard(format!("{domain}:{key}")))
    }

    /// The unit's guards as numbers, for engines whose named locks are numbers or have short names. A driver takes them in
    /// this order before it runs the first step, so that no two units wait for each other.
    ///
    /// Each is a hash of `scope` (the database, where the engine's locks are not of one database) and the guard, the same
    /// in every process and every version. Two guards with one number only keep each other waiting.
    pub fn guards(&self, scope: &str) -> BTreeSet<u64> {
        let guards = self
            .steps
            .iter()
            .filter_map(|step| if let Step::Guard(guard) = step { Some(guard) } else { None });
        guards.map(|guard| fnv1a(&[scope, guard])).collect()
    }

    /// Hands out every value that the unit writes into a column: for engines that change some before they go in.
    pub fn written_mut(&mut self, mut change: impl FnMut(&'static Column, &mut Value)) {
        for step in &mut self.steps {
            match step {
                Step::Execute(statement, _) => statement.written_mut(&mut change),
                Step::Insert(insert) => insert.written_mut(&mut change),
                Step::Guard(_) | Step::Query(_) => {}
            }
        }
    }

    /// Refuses the unit when `reason` has something to say against one of its values: for engines that can't store every
    /// value of a kind, such as text with a NUL character. Drivers call it before they send anything.
    ///
    /// # Errors
    /// Invalid input that names the column, after the row (`[3].msg`) when several are inserted. No column is named for a
    /// value that is only compared.
    pub fn check(&self, reason: impl Fn(&Value) -> Option<&'static str>) -> Result<()> {
        for step in &self.steps {
            match step {
                Step::Execute(statement, _) => {
                    for (position, value) in statement.values().iter().enumerate() {
                        if let Some(reason) = reason(value) {
                            let column = statement.column(position).map_or("", |column| column.name);
                            return Err(Error::invalid_input(column, reason));
                        }
                    }
                }
                Step::Insert(insert) => {
                    for (position, row) in insert.iter().enumerate() {
                        for (column, value) in insert.columns().iter().zip(row) {
                            if let Some(reason) = reason(value) {
                                let error = Error::invalid_input(*column, reason);
                                let several = insert.len() > 1;
                                return Err(if several {
                                    error.within(&format!("[{position}]"))
                                } else {
                                    error
                                });
                            }
                        }
                    }
                }
                Step::Guard(_) | Step::Query(_) => {}
            }
        }
        Ok(())
    }
}

/// The 64-bit FNV-1a hash of the texts with a zero byte after each: the same in every process and version.
fn fnv1a(texts: &[&str]) -> u64 {
    texts
        .iter()
        .flat_map(|text| text.bytes().chain([0]))
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
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
    pub fn affected(&self, step: StepId) -> u64 {
        match self.outcomes.get(step.0) {
            Some(Outcome::Affected(count)) => *count,
            Some(Outcome::Rows(rows)) => rows.len() as u64,
            None => 0,
        }
    }

    /// The rows of a query step, moved out.
    pub fn rows(&mut self, step: StepId) -> Rows {
        match self.outcomes.get_mut(step.0) {
            Some(Outcome::Rows(rows)) => std::mem::take(rows),
            _ => Rows::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn an_unmet_expectation_is_a_conflict() {
        let expect = Expect::one_row("version 3 was replaced meanwhile");
        assert!(expect.check(1).is_ok());
        assert_eq!(expect.check(0).unwrap_err().to_string(), "version 3 was replaced meanwhile");
    }

    #[test]
    fn an_unmet_expectation_is_what_it_says_it_is() {
        let kind = |expect: Expect| expect.check(2).unwrap_err().kind();
        assert_eq!(kind(Expect::no_row("x")), ErrorKind::Conflict);
        assert_eq!(kind(Expect::one_row("x").or_not_found()), ErrorKind::NotFound);
        let error = Expect::one_row("must not change").or_invalid_input("id").check(0).unwrap_err();
        assert_eq!((error.kind(), &*error.to_string()), (ErrorKind::InvalidInput, "id: must not change"));
    }

    #[test]
    fn guards_are_sorted_numbers_that_are_the_same_everywhere() {
        let mut unit = Unit::new();
        unit.guard("bounty", &"x".repeat(10_000));
        unit.guard("bounty", "203.0.113.7");
        unit.guard("bounty", "203.0.113.7");
        assert_eq!(unit.guards("decnet").len(), 2);
        assert_ne!(unit.guards("decnet"), unit.guards("other"));
        // Part of the protocol between processes of different versions.
        assert_eq!(fnv1a(&["a"]), 0x089b_e207_b544_f1e4);
    }

    #[test]
    fn a_value_that_the_engine_lacks_is_refused_with_its_column_and_row() {
        use crate::contract::StateEntry;
        use crate::sql::Record as _;

        let rows = |values: &[&str]| {
            let values = values.iter().map(|text| (*text).into()).collect();
            let mut unit = Unit::new();
            unit.insert(Insert::raw(StateEntry::TABLE, vec!["key", "value"], values).unwrap());
            unit
        };
        let nul =
            |value: &Value| matches!(value, Value::Text(text) if text.contains('\0')).then_some("has a NUL");
        assert!(rows(&["a", "b"]).check(nul).is_ok());
        assert_eq!(rows(&["a", "\0"]).check(nul).unwrap_err().to_string(), "value: has a NUL");
        let several = rows(&["a", "b", "c\0", "d"]).check(nul).unwrap_err();
        assert_eq!(several.to_string(), "[1].key: has a NUL");
    }
}
