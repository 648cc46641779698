//! Named JSON values.

use async_trait::async_trait;

use super::SqlRepository;
use crate::contract::unit::UnitOfWork;
use crate::contract::{State, StateEntry};
use crate::error::{Error, Result};
use crate::json::Json;
use crate::sql::{Changeset, Expect};

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

    /// Replaces a value only while it is the expected one, and creates it only while there is none; `expected` is what
    /// [`State::get_state`] returned. Otherwise nothing of the unit is written, and it fails with a conflict: that says
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
    ) -> UnitOfWork<'r> {
        self.steps(|steps| {
            let value = value.into().compact().map_err(|error| error.within("value"))?;
            if let Some(expected) = expected {
                steps.expect(Expect::one_row(otherwise), |sql| {
                    sql.update::<StateEntry>().set(StateEntry::VALUE, value);
                    sql.only(StateEntry::KEY, key).only(StateEntry::VALUE, expected.as_str())
                })?;
            } else {
                let row = Changeset::new().set(StateEntry::KEY, key).set(StateEntry::VALUE, value);
                steps.insert(row.insert()?);
            }
            Ok(())
        })
    }
}
