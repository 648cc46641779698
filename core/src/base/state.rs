//! Named JSON values.

use async_trait::async_trait;

use super::repository::checked;
use super::{SqlRepository, UnitOfWork};
use crate::contract::{State, StateEntry};
use crate::error::{Error, Result};
use crate::json::Json;
use crate::sql::{Insert, Record};

#[async_trait]
impl State for SqlRepository {
    async fn get_state(&self, key: &str) -> Result<Option<Json>> {
        let mut sql = self.sql();
        sql.push("SELECT value FROM state WHERE ").exactly("key", key);
        let Some(text) = self.read(sql).await?.scalar::<String>()? else { return Ok(None) };
        Json::parse(text)
            .map(Some)
            .map_err(|error| Error::backend(format!("the state {key:?} holds text that is not JSON"), error))
    }

    async fn set_state(&self, key: &str, value: Json) -> Result<()> {
        UnitOfWork::new(self).set_state(key, value).commit().await
    }
}

/// Named values: see [`State`].
impl UnitOfWork<'_> {
    /// See [`State::set_state`].
    pub fn set_state(self, key: &str, value: impl Into<Json>) -> Self {
        self.execute(|sql| {
            let key = checked(StateEntry::TABLE, "key", key)?;
            let value = value.into().compact().map_err(|error| error.within("value"))?;
            let row = Insert::raw(StateEntry::TABLE, vec!["key", "value"], vec![key, value.into()])?;
            sql.insert_values(&row);
            sql.dialect().upsert(sql, &["key"], &["value"]);
            Ok(())
        })
    }
}
