//! Single writes do something else, or say so.

use async_trait::async_trait;
use decnet_db_core::sql::{Column, Dialect, OnDuplicate, Outcome, Receipt, Sql, Unit};
use decnet_db_core::{Error, Result};

use crate::rewrite::{each_insert, outcome, with_values};
use crate::wrapper::{Fault, Right};

#[derive(Debug, Default)]
pub(crate) struct LosesTheLastRow;

impl Fault for LosesTheLastRow {
    fn unit(&self, unit: Unit) -> Unit {
        each_insert(&unit, |insert| {
            let rows = if insert.len() > 1 { insert.len() - 1 } else { 1 };
            with_values(insert, insert.iter().take(rows).flatten().cloned().collect())
        })
    }
}

#[derive(Debug, Default)]
pub(crate) struct UpsertsOnlyNewRows;

impl Fault for UpsertsOnlyNewRows {
    fn upsert(&self, right: &dyn Dialect, sql: &mut Sql<'_>, key: &[&'static Column], _: &[&'static Column]) {
        right.upsert(sql, key, &[]);
    }
}

#[derive(Debug, Default)]
pub(crate) struct UpsertsWholeRows;

impl Fault for UpsertsWholeRows {
    fn text(&self, text: String) -> String {
        match text.split_once(" ON CONFLICT") {
            Some((insert, _)) => insert.replacen("INSERT INTO", "REPLACE INTO", 1),
            None => text,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct NeverLeavesDuplicatesOut;

impl Fault for NeverLeavesDuplicatesOut {
    fn unit(&self, unit: Unit) -> Unit {
        each_insert(&unit, |insert| insert.clone().on_duplicate(OnDuplicate::Fail))
    }
}

#[derive(Debug, Default)]
pub(crate) struct AlwaysLeavesDuplicatesOut;

impl Fault for AlwaysLeavesDuplicatesOut {
    fn unit(&self, unit: Unit) -> Unit {
        each_insert(&unit, |insert| insert.clone().on_duplicate(OnDuplicate::Ignore))
    }
}

#[derive(Debug, Default)]
pub(crate) struct CountsOneRowAlways;

#[async_trait]
impl Fault for CountsOneRowAlways {
    async fn commit(&self, right: &Right, unit: Unit) -> Result<Receipt> {
        let mut receipt = right.commit(unit.clone()).await?;
        let mut told = Receipt::default();
        for (position, step) in unit.steps().iter().enumerate() {
            told.push(match outcome(&mut receipt, position, step) {
                Outcome::Affected(_) => Outcome::Affected(1),
                rows => rows,
            });
        }
        Ok(told)
    }
}

#[derive(Debug, Default)]
pub(crate) struct SaysBackendForConflicts;

impl Fault for SaysBackendForConflicts {
    fn error(&self, error: Error) -> Error {
        match error {
            Error::Conflict { message, .. } => Error::backend(message.clone(), anyhow::Error::msg(message)),
            other => other,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct SaysBackendForAMissingSchema;

impl Fault for SaysBackendForAMissingSchema {
    fn error(&self, error: Error) -> Error {
        match error {
            Error::Configuration(message) => Error::backend(message.clone(), anyhow::Error::msg(message)),
            other => other,
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct ShowsWhatItCouldNotStore;

#[async_trait]
impl Fault for ShowsWhatItCouldNotStore {
    async fn commit(&self, right: &Right, unit: Unit) -> Result<Receipt> {
        right.commit(unit.clone()).await.map_err(|error| match error {
            Error::Conflict { message, source } => {
                Error::Conflict { message: format!("{message} ({unit:?})"), source }
            }
            other => other,
        })
    }
}
