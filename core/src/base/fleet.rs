//! The master's own deckies, and what runs anywhere.

use async_trait::async_trait;
use serde_json::Value as Tree;

use super::SqlRepository;
use crate::contract::unit::UnitOfWork;
use crate::contract::{DeckyShard, DeckySource, Fleet, FleetDecky, RunningDecky, TopologyDecky};
use crate::error::Result;
use crate::json::JsonOrText;
use crate::sql::{Changeset, Col, Record, RowReader, Sql, Value};
use crate::time::Timestamp;

const RUNNING: &str = "running";

#[async_trait]
impl Fleet for SqlRepository {
    async fn get_fleet_decky_by_name(&self, name: &str) -> Result<Option<FleetDecky>> {
        self.first(|sql| sql.only(FleetDecky::NAME, name).asc(FleetDecky::HOST_UUID)).await
    }

    async fn list_fleet_deckies(&self, host_uuid: Option<&str>) -> Result<Vec<FleetDecky>> {
        self.list(|sql| {
            sql.only_if(FleetDecky::HOST_UUID, host_uuid).asc(FleetDecky::NAME).asc(FleetDecky::HOST_UUID)
        })
        .await
    }

    async fn list_running_fleet_deckies(&self) -> Result<Vec<FleetDecky>> {
        self.list(|sql| sql.only(FleetDecky::STATE, RUNNING).asc(FleetDecky::HOST_UUID).asc(FleetDecky::NAME))
            .await
    }

    async fn get_deckies(&self) -> Result<Vec<JsonOrText>> {
        let mut sql = self.sql();
        sql.push("SELECT ").column(FleetDecky::DECKY_CONFIG).from::<FleetDecky>();
        sql.and().column(FleetDecky::DECKY_CONFIG).push(" IS NOT NULL");
        sql.asc(FleetDecky::NAME).asc(FleetDecky::HOST_UUID);
        let mut configs: Vec<JsonOrText> = self.read(sql).await?.decode(|row| row.value("decky_config"))?;
        configs.retain(|config| !is_empty(config));
        Ok(configs)
    }

    async fn list_running_deckies(&self) -> Result<Vec<RunningDecky>> {
        let mut sql = self.sql();
        sql.push("SELECT 0 AS origin, uuid AS first_key, name AS second_key, ip, services, topology_id");
        sql.from::<TopologyDecky>().only(TopologyDecky::STATE, RUNNING);
        sql.union_all().push("SELECT 1, host_uuid, name, decky_ip, services, NULL");
        sql.from::<FleetDecky>().only(FleetDecky::STATE, RUNNING);
        sql.union_all().push("SELECT 2, decky_name, host_uuid, decky_ip, services, NULL");
        sql.from::<DeckyShard>().only(DeckyShard::STATE, RUNNING);
        sql.push(" ORDER BY origin, first_key, second_key");
        self.read(sql).await?.decode(running_decky)
    }
}

/// One row of [`list_running_deckies`](Fleet::list_running_deckies).
fn running_decky(row: &mut RowReader) -> Result<RunningDecky> {
    let origin: i64 = row.value("origin")?;
    let first: String = row.value("first_key")?;
    let second: String = row.value("second_key")?;
    let (uuid, name, source) = match origin {
        0 => (first, second, DeckySource::Topology),
        1 => (format!("{first}:{second}"), second, DeckySource::Fleet),
        _ => (format!("{second}:{first}"), first, DeckySource::Shard),
    };
    let ip = row.value("ip")?;
    let services: JsonOrText = row.value("services")?;
    let keep = match services.json() {
        Some(json) => json.is_array(),
        None => !services.text().is_empty(),
    };
    let services = if keep { services } else { JsonOrText::from("[]") };
    Ok(RunningDecky { uuid, name, ip, services, topology_id: row.value("topology_id")?, source })
}

/// Whether Python takes the configuration for false, as `get_deckies` of the original does (ruling R16).
fn is_empty(config: &JsonOrText) -> bool {
    match serde_json::from_str(config.text()) {
        Ok(Tree::Null) => true,
        Ok(Tree::Bool(flag)) => !flag,
        Ok(Tree::Number(number)) => number.as_f64() == Some(0.0),
        Ok(Tree::String(text)) => text.is_empty(),
        Ok(Tree::Array(list)) => list.is_empty(),
        Ok(Tree::Object(map)) => map.is_empty(),
        Err(_) => config.text().is_empty(),
    }
}

/// What a write of state `running` means: the error of the past is over, unless one is given (ruling R16).
pub(super) fn running_has_no_error<R: Record, S, E>(
    data: Changeset<R>,
    state: Col<R, S>,
    last_error: Col<R, E>,
) -> Changeset<R> {
    let over = data.text(state) == Some(RUNNING) && data.get(last_error).is_none();
    if over { data.set(last_error, Value::Null) } else { data }
}

/// The master's own deckies: see [`Fleet`].
impl<'r, T> UnitOfWork<'r, T> {
    /// See [`Fleet::upsert_fleet_decky`].
    pub fn upsert_fleet_decky(self, data: Changeset<FleetDecky>) -> UnitOfWork<'r> {
        let data = running_has_no_error(data, FleetDecky::STATE, FleetDecky::LAST_ERROR);
        self.steps(|steps| steps.upsert(data.set(FleetDecky::UPDATED_AT, Timestamp::now())))
    }

    /// See [`Fleet::delete_fleet_decky`].
    pub fn delete_fleet_decky(self, host_uuid: &str, name: &str) -> UnitOfWork<'r> {
        self.execute(|sql| of_decky(sql.delete::<FleetDecky>(), host_uuid, name))
    }

    /// See [`Fleet::update_fleet_decky_state`].
    pub fn update_fleet_decky_state(
        self,
        host_uuid: &str,
        name: &str,
        state: &str,
        last_error: Option<&str>,
    ) -> UnitOfWork<'r> {
        let now = Timestamp::now();
        let mut changes = Changeset::new()
            .set(FleetDecky::STATE, state)
            .set(FleetDecky::UPDATED_AT, now)
            .set(FleetDecky::LAST_SEEN, now);
        if let Some(last_error) = last_error {
            changes = changes.set(FleetDecky::LAST_ERROR, last_error);
        }
        let changes = running_has_no_error(changes, FleetDecky::STATE, FleetDecky::LAST_ERROR);
        self.execute(|sql| of_decky(sql.update::<FleetDecky>().set_all(changes), host_uuid, name))
    }
}

fn of_decky<'s, 'd>(sql: &'s mut Sql<'d>, host_uuid: &str, name: &str) -> &'s mut Sql<'d> {
    sql.only(FleetDecky::HOST_UUID, host_uuid).only(FleetDecky::NAME, name)
}
