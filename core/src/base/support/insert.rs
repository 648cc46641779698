//! Inserts that answer with the row's key.

use uuid::Uuid;

use crate::contract::unit::Steps;
use crate::error::Result;
use crate::sql::{Changeset, Col, Insert, Receipt, Record};

/// A new row and its key: the given one, or a fresh uuid where it is absent or null.
///
/// # Errors
/// Invalid input that names the column.
pub(in crate::base) fn new_row<R: Record>(
    data: Changeset<R>,
    key: Col<R, String>,
) -> Result<(Insert, String)> {
    let data = data.or_set(key, Uuid::new_v4().to_string());
    let id = data.text(key).unwrap_or_default().to_owned();
    Ok((data.insert()?, id))
}

impl Steps<'_> {
    /// Adds the row, and answers with its uuid: the given one, or a fresh one where it is absent or null.
    ///
    /// # Errors
    /// Invalid input that names the column.
    pub(in crate::base) fn insert_with_uuid<R: Record>(
        &mut self,
        key: Col<R, String>,
        data: Changeset<R>,
    ) -> Result<impl FnOnce(&mut Receipt) -> Result<String> + Send + 'static + use<R>> {
        let (row, uuid) = new_row(data, key)?;
        self.insert(row);
        Ok(move |_: &mut Receipt| Ok(uuid))
    }
}
