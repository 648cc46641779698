//! Named JSON values.

use async_trait::async_trait;

use super::repository::checked;
use super::{Committer, SqlRepository, UnitOfWork};
use crate::contract::{State, StateEntry};
use crate::error::{Error, Result};
use crate::json::Json;
use crate::sql::{Expect, Insert, Record, Sql};

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

    /// Replaces a value only while it is the expected one, and creates it only while there is none; `expected` is what
    /// [`State::get_state`] returned. Otherwise nothing of the unit is written, and it fails with a conflict that says
    /// `otherwise`, or for a value that was expected not to be there, that its key is taken.
    ///
    /// This is what keeps two programs apart that read, work, and store what they did together with how far they are. The
    /// new value must differ from the expected one.
    pub fn compare_and_set_state(
        self,
        key: &str,
        expected: Option<&Json>,
        value: impl Into<Json>,
        otherwise: &str,
    ) -> Self {
        self.add(|unit, dialect| {
            let name = checked(StateEntry::TABLE, "key", key)?;
            let value = value.into().compact().map_err(|error| error.within("value"))?;
            let mut sql = Sql::new(dialect);
            if let Some(expected) = expected {
                sql.push("UPDATE state SET value = ").bind(value).push(" WHERE ").exactly("key", key);
                sql.push(" AND ").exactly("value", expected.as_str());
                unit.expect(sql.finish(), Expect::one_row(otherwise));
            } else {
                let row = Insert::raw(StateEntry::TABLE, vec!["key", "value"], vec![name, value.into()])?;
                sql.insert_values(&row);
                unit.execute(sql.finish());
            }
            Ok(())
        })
    }
}

/// The values whose keys begin with a text, in the order of their keys.
///
/// # Errors
/// `Backend` when a stored text is not JSON.
pub async fn states_with_prefix(committer: &dyn Committer, prefix: &str) -> Result<Vec<(String, Json)>> {
    let mut sql = Sql::new(committer.dialect());
    sql.push("SELECT ").identifier("key").push(", value FROM state WHERE ").identifier("key");
    sql.push(" LIKE ").bind(format!("{prefix}%")).push(" ORDER BY ").identifier("key");
    let rows = committer.query(sql.finish()).await?;
    let found = rows.decode(|row| Ok((row.read("state", "key")?, row.read("state", "value")?)))?;
    // LIKE takes letters of either case, and % and _ of the prefix for any.
    found
        .into_iter()
        .filter(|(key, _): &(String, String)| key.starts_with(prefix))
        .map(|(key, text)| match Json::parse(text) {
            Ok(value) => Ok((key, value)),
            Err(error) => {
                Err(Error::backend(format!("the state {key:?} holds text that is not JSON"), error))
            }
        })
        .collect()
}
