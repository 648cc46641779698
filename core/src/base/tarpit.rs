//! Tarpit rules.

use async_trait::async_trait;

use super::SqlRepository;
use crate::contract::unit::{UnitOfWork, any};
use crate::contract::{TarpitRule, Tarpits};
use crate::error::Result;
use crate::sql::Changeset;

#[async_trait]
impl Tarpits for SqlRepository {
    async fn get_tarpit_rule(&self, decky_name: &str) -> Result<Option<TarpitRule>> {
        self.by(TarpitRule::DECKY_NAME, decky_name).await
    }

    async fn list_tarpit_rules(&self) -> Result<Vec<TarpitRule>> {
        self.list(|sql| sql.asc(TarpitRule::ID)).await
    }
}

/// Tarpit rules: see [`Tarpits`].
impl<'r, T> UnitOfWork<'r, T> {
    /// See [`Tarpits::set_tarpit_rule`].
    pub fn set_tarpit_rule(self, data: Changeset<TarpitRule>) -> UnitOfWork<'r> {
        self.steps(|steps| steps.upsert_by(&[TarpitRule::DECKY_NAME.column()], &[], data))
    }

    /// See [`Tarpits::delete_tarpit_rule`].
    pub fn delete_tarpit_rule(self, decky_name: &str) -> UnitOfWork<'r, bool> {
        self.returning(|steps| {
            Ok(any(steps.execute(|sql| sql.delete::<TarpitRule>().only(TarpitRule::DECKY_NAME, decky_name))?))
        })
    }
}
