//! Named JSON values.

use async_trait::async_trait;

use super::SqlRepository;
use crate::contract::unit::UnitOfWork;
use crate::contract::{State, StateEntry};
use crate::error::{Error, Result};
use crate::json::Json;
use crate::sql::Changeset;

#[async_trait]
impl State for SqlRepository {
    async fn get_state(&self, key: &str) -> Result<Option<Json>> {
        let text = self.value_of(StateEntry::VALUE, |sql| sql.only(StateEntry::KEY, key)).await?;
        let broken = |error| Error::backend(format!("the state {key:?} holds text that is not JSON"), error);
        text.map(|text| Json::parse(text).map_err(broken)).transpose()
    }
}

/// Named values: see [`State`].
impl<'r, T> UnitOfWork<'r, T> {
    /// See [`State::set_state`].
    pub fn set_state(self, key: &str, value: impl Into<Json>) -> UnitOfWork<'r> {
        self.steps(|steps| {
            let value = value.into().compact().map_err(|error| error.within("value"))?;
            steps.upsert(Changeset::new().set(StateEntry::KEY, key).set(StateEntry::VALUE, value))
        })
    }
}
