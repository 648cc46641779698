//! The store of the rules that recognise techniques.

mod reader;
mod writer;

use async_trait::async_trait;

use super::SqlRepository;
use super::support::in_rounds;
use crate::contract::unit::UnitOfWork;
use crate::contract::{
    CompiledRule, Engine, Rule, RuleState, RuleStatus, Rules, TtpRule, TtpRuleState, UpdatedRule,
};
use crate::error::{Error, Result};
use crate::sql::{Changeset, Record, RowReader, Unit};
use crate::time::Timestamp;

#[async_trait]
impl Rules for SqlRepository {
    async fn load_compiled(&self) -> Result<Vec<CompiledRule>> {
        Ok(self.rules(None).await?.into_iter().map(|rule| rule.compiled).collect())
    }

    async fn get_rule_state(&self, rule_id: &str) -> Result<RuleState> {
        in_rounds("the state of this rule", || async move {
            let Some(row) = self.by::<TtpRuleState, _>(TtpRuleState::RULE_ID, rule_id).await? else {
                return Ok(Some(RuleState::default()));
            };
            let Some(expires_at) = row.expires_at.filter(|expires_at| *expires_at < Timestamp::now()) else {
                return state_of(row).map(Some);
            };
            // A state that says nothing readable is reported even when it has expired.
            state_of(row.clone())?;
            let mut sql = self.sql();
            sql.delete::<TtpRuleState>().only(TtpRuleState::RULE_ID, rule_id);
            sql.only(TtpRuleState::EXPIRES_AT, expires_at).only(TtpRuleState::SET_AT, row.set_at);
            let mut unit = Unit::new();
            let deleted = unit.execute(sql.finish()?);
            let gone = self.commit(unit).await?.affected(deleted) > 0;
            Ok(gone.then(RuleState::default))
        })
        .await
    }

    async fn get_rules_updated_since(&self, watermark: Timestamp) -> Result<Vec<UpdatedRule>> {
        self.rules(Some(watermark)).await
    }
}

/// The store of rules: see [`Rules`].
impl<'r, T> UnitOfWork<'r, T> {
    /// See [`Rules::upsert_rule`].
    pub fn upsert_rule(self, mut rule: Rule, source_path: &str, updated_by: &str) -> UnitOfWork<'r> {
        self.steps(|steps| {
            rule.applies_to.sort();
            rule.applies_to.dedup();
            let row = Changeset::<TtpRule>::new()
                .set(TtpRule::RULE_ID, rule.rule_id.as_str())
                .set(TtpRule::RULE_VERSION, rule.rule_version)
                .set(TtpRule::SOURCE_PATH, source_path)
                .set(TtpRule::YAML_CONTENT, writer::write(&rule)?)
                .set(TtpRule::UPDATED_AT, Timestamp::now())
                .set(TtpRule::UPDATED_BY, updated_by);
            steps.upsert(row)
        })
    }

    /// See [`Rules::delete_rule`].
    pub fn delete_rule(self, rule_id: &str) -> UnitOfWork<'r> {
        self.execute(|sql| sql.delete::<TtpRule>().only(TtpRule::RULE_ID, rule_id))
    }

    /// See [`Rules::set_rule_state`].
    pub fn set_rule_state(self, rule_id: &str, state: RuleState, set_by: Option<&str>) -> UnitOfWork<'r> {
        self.steps(|steps| {
            let row = Changeset::<TtpRuleState>::new()
                .set(TtpRuleState::RULE_ID, rule_id)
                .set(TtpRuleState::STATE, state.state.as_str())
                .set(TtpRuleState::CONFIDENCE_MAX, state.confidence_max)
                .set(TtpRuleState::EXPIRES_AT, state.expires_at)
                .set(TtpRuleState::REASON, state.reason)
                .set(TtpRuleState::SET_BY, set_by)
                .set(TtpRuleState::SET_AT, Timestamp::now());
            steps.upsert(row)
        })
    }
}

impl SqlRepository {
    /// The rules that can be read, all or those written since, with their states.
    async fn rules(&self, since: Option<Timestamp>) -> Result<Vec<UpdatedRule>> {
        let mut sql = self.sql();
        sql.push("SELECT ").columns_of("r", TtpRule::TABLE).push(", ").columns_of("s", TtpRuleState::TABLE);
        sql.push(" FROM ttp_rule r LEFT JOIN ttp_rule_state s ON s.rule_id = r.rule_id");
        if let Some(since) = since {
            sql.push(" WHERE r.updated_at >= ").bind(since).push(" ORDER BY r.updated_at, r.rule_id");
        } else {
            sql.push(" ORDER BY r.rule_id");
        }
        let now = Timestamp::now();
        let rows = self.read(sql).await?.decode(|row| Ok((TtpRule::decode(row)?, stored_state(row)?)))?;
        let compiled = |(row, state): (TtpRule, Option<TtpRuleState>)| {
            let state = match state {
                Some(state) if state.expires_at.is_none_or(|expires_at| expires_at >= now) => state_of(state),
                // Expired, but the golden rule holds: what can't be read is left out.
                Some(state) => state_of(state).map(|_| RuleState::default()),
                None => Ok(RuleState::default()),
            };
            let rule = reader::read(&row.yaml_content).map_err(|error| error.within("yaml_content"));
            match (rule, state) {
                (Ok(rule), Ok(state)) => {
                    Some(UpdatedRule { compiled: CompiledRule { rule, state }, updated_at: row.updated_at })
                }
                (Err(error), _) | (_, Err(error)) => {
                    tracing::warn!(target: "decnet_db::rules", rule_id = ?row.rule_id, %error, "a rule is left out");
                    None
                }
            }
        };
        Ok(rows.into_iter().filter_map(compiled).collect())
    }
}

/// The state that a left join has, if there is one.
fn stored_state(row: &mut RowReader) -> Result<Option<TtpRuleState>> {
    let rule_id: Option<String> = row.value("rule_id")?;
    let state: Option<String> = row.value("state")?;
    let confidence_max = row.read(TtpRuleState::CONFIDENCE_MAX)?;
    let expires_at = row.read(TtpRuleState::EXPIRES_AT)?;
    let (reason, set_by) = (row.read(TtpRuleState::REASON)?, row.read(TtpRuleState::SET_BY)?);
    let set_at: Option<Timestamp> = row.value("set_at")?;
    let (Some(rule_id), Some(state), Some(set_at)) = (rule_id, state, set_at) else { return Ok(None) };
    Ok(Some(TtpRuleState { rule_id, state, confidence_max, expires_at, reason, set_by, set_at }))
}

fn state_of(row: TtpRuleState) -> Result<RuleState> {
    let state = [RuleStatus::Enabled, RuleStatus::Disabled, RuleStatus::Clipped];
    let Some(state) = state.into_iter().find(|state| state.as_str() == row.state) else {
        return Err(Error::invalid_input(
            "state",
            format!(
                "{} is stored for the rule {}, which is neither enabled, disabled nor clipped: set it anew",
                crate::text::excerpt(&row.state),
                crate::text::excerpt(&row.rule_id)
            ),
        ));
    };
    Ok(RuleState {
        state,
        confidence_max: row.confidence_max,
        expires_at: row.expires_at,
        reason: row.reason,
        set_by: row.set_by,
        set_at: Some(row.set_at),
    })
}
