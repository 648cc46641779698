//! Rows are lost, doubled, mixed up or old.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use decnet_db_core::Result;
use decnet_db_core::sql::{Receipt, Rows, Statement, Unit};

use crate::rewrite::only;
use crate::wrapper::{Fault, Right};

#[derive(Debug, Default)]
pub(crate) struct ReversesTies;

impl Fault for ReversesTies {
    fn text(&self, text: String) -> String {
        text.replace("DESC, id DESC", "DESC, id")
    }
}

#[derive(Debug, Default)]
pub(crate) struct OrdersByIdAlone;

impl Fault for OrdersByIdAlone {
    fn text(&self, text: String) -> String {
        text.replace("ORDER BY timestamp DESC, id DESC", "ORDER BY id DESC")
    }
}

#[derive(Debug, Default)]
pub(crate) struct StopsAtAThousandRows;

impl Fault for StopsAtAThousandRows {
    fn rows(&self, rows: Rows) -> Rows {
        only(&rows, |position, _| position < 1_000)
    }
}

#[derive(Debug, Default)]
pub(crate) struct SwapsTwoColumns;

impl Fault for SwapsTwoColumns {
    fn text(&self, text: String) -> String {
        text.replace(", decky, service, ", ", service, decky, ")
    }
}

/// What was read once is answered again until this opening writes something itself.
#[derive(Debug, Default)]
pub(crate) struct AnswersFromACache {
    known: Mutex<HashMap<String, Rows>>,
}

#[async_trait]
impl Fault for AnswersFromACache {
    async fn query(&self, right: &Right, statement: Statement) -> Result<Rows> {
        let asked = format!("{statement:?}");
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner).get(&asked).cloned();
        if let Some(rows) = known {
            return Ok(rows);
        }
        let rows = right.query(statement).await?;
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(asked, rows.clone());
        Ok(rows)
    }

    async fn commit(&self, right: &Right, unit: Unit) -> Result<Receipt> {
        let receipt = right.commit(unit).await;
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clear();
        receipt
    }
}
