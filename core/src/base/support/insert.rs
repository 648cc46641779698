//! Inserts that answer with the row's key.

use crate::contract::unit::Steps;
use crate::error::Result;
use crate::sql::{Changeset, Col, Receipt, Record};

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
        let data = data.or_set(key, uuid::Uuid::new_v4().to_string());
        let uuid = data.text(key).unwrap_or_default().to_owned();
        self.insert(data.insert()?);
        Ok(move |_: &mut Receipt| Ok(uuid))
    }
}
