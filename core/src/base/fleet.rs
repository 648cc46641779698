//! The master's own deckies, and what runs anywhere.

use async_trait::async_trait;
use serde_json::Value as Tree;

use super::upsert::upsert;
use super::{SqlRepository, UnitOfWork};
use crate::contract::{DeckySource, Fleet, FleetDecky, RunningDecky};
use crate::error::Result;
use crate::json::JsonOrText;
use crate::sql::{Fields, Record, RowReader, Sql, Value};
use crate::time::Timestamp;

const RUNNING: &str = "running";

#[async_trait]
impl Fleet for SqlRepository {
    async fn upsert_fleet_decky(&self, data: Fields<FleetDecky>) -> Result<()> {
        UnitOfWork::new(self).upsert_fleet_decky(data).commit().await.map_err(|error| error.within("data"))
    }

    async fn delete_fleet_decky(&self, host_uuid: &str, name: &str) -> Result<()> {
        UnitOfWork::new(self).delete_fleet_decky(host_uuid, name).commit().await
    }

    async fn get_fleet_decky_by_name(&self, name: &str) -> Result<Option<FleetDecky>> {
        let mut sql = self.select::<FleetDecky>();
        sql.push(" WHERE ").identifier("name").push(" = ").bind(name);
        sql.push(" ORDER BY host_uuid").page(1, 0);
        self.read(sql).await?.first()
    }

    async fn list_fleet_deckies(&self, host_uuid: Option<&str>) -> Result<Vec<FleetDecky>> {
        let mut sql = self.select::<FleetDecky>();
        if let Some(host_uuid) = host_uuid.filter(|host| !host.is_empty()) {
            sql.push(" WHERE host_uuid = ").bind(host_uuid);
        }
        sql.push(" ORDER BY ").identifiers(["name", "host_uuid"]);
        self.read(sql).await?.records()
    }

    async fn list_running_fleet_deckies(&self) -> Result<Vec<FleetDecky>> {
        let mut sql = self.select::<FleetDecky>();
        sql.push(" WHERE ").identifier("state").push(" = ").bind(RUNNING);
        sql.push(" ORDER BY ").identifiers(["host_uuid", "name"]);
        self.read(sql).await?.records()
    }

    async fn update_fleet_decky_state(
        &self,
        host_uuid: &str,
        name: &str,
        state: &str,
        last_error: Option<&str>,
    ) -> Result<()> {
        UnitOfWork::new(self).update_fleet_decky_state(host_uuid, name, state, last_error).commit().await
    }

    async fn get_deckies(&self) -> Result<Vec<JsonOrText>> {
        let mut sql = self.sql();
        sql.push("SELECT decky_config FROM fleet_deckies WHERE decky_config IS NOT NULL ORDER BY ");
        sql.identifiers(["name", "host_uuid"]);
        let rows = self.read(sql).await?;
        let mut configs: Vec<JsonOrText> =
            rows.decode(|row| row.read(FleetDecky::TABLE.name, "decky_config"))?;
        configs.retain(|config| !is_empty(config));
        Ok(configs)
    }

    async fn list_running_deckies(&self) -> Result<Vec<RunningDecky>> {
        let mut sql = self.sql();
        sql.push("SELECT 0 AS origin, uuid AS first_key, name AS second_key, ip, services, topology_id ");
        running(&mut sql, "topology_deckies");
        sql.push(" UNION ALL SELECT 1, host_uuid, name, decky_ip, services, NULL ");
        running(&mut sql, "fleet_deckies");
        sql.push(" UNION ALL SELECT 2, decky_name, host_uuid, decky_ip, services, NULL ");
        running(&mut sql, "decky_shards");
        sql.push(" ORDER BY origin, first_key, second_key");
        self.read(sql).await?.decode(running_decky)
    }
}

fn running(sql: &mut Sql<'_>, table: &'static str) {
    sql.push("FROM ").identifier(table).push(" WHERE ").identifier("state").push(" = ").bind(RUNNING);
}

/// One row of [`list_running_deckies`](Fleet::list_running_deckies).
fn running_decky(row: &mut RowReader) -> Result<RunningDecky> {
    const TABLE: &str = "running deckies";
    let origin: i64 = row.read(TABLE, "origin")?;
    let first: String = row.read(TABLE, "first_key")?;
    let second: String = row.read(TABLE, "second_key")?;
    let (uuid, name, source) = match origin {
        0 => (first, second, DeckySource::Topology),
        1 => (format!("{first}:{second}"), second, DeckySource::Fleet),
        _ => (format!("{second}:{first}"), first, DeckySource::Shard),
    };
    let ip = row.read(TABLE, "ip")?;
    let services: JsonOrText = row.read(TABLE, "services")?;
    let keep = match services.json() {
        Some(json) => json.is_array(),
        None => !services.text().is_empty(),
    };
    let services = if keep { services } else { JsonOrText::from("[]") };
    Ok(RunningDecky { uuid, name, ip, services, topology_id: row.read(TABLE, "topology_id")?, source })
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
pub(super) fn running_has_no_error<R: Record>(data: Fields<R>) -> Fields<R> {
    let runs = matches!(data.get("state"), Some(Value::Text(state)) if state == RUNNING);
    if runs && data.get("last_error").is_none() { data.set("last_error", Value::Null) } else { data }
}

/// The master's own deckies: see [`Fleet`].
impl UnitOfWork<'_> {
    /// See [`Fleet::upsert_fleet_decky`].
    pub fn upsert_fleet_decky(self, data: Fields<FleetDecky>) -> Self {
        let data = running_has_no_error(data).set("updated_at", Timestamp::now());
        self.add(|unit, dialect| upsert(unit, dialect, data))
    }

    /// See [`Fleet::delete_fleet_decky`].
    pub fn delete_fleet_decky(self, host_uuid: &str, name: &str) -> Self {
        self.execute(|sql| {
            sql.push("DELETE FROM fleet_deckies");
            of_decky(sql, host_uuid, name);
            Ok(())
        })
    }

    /// See [`Fleet::update_fleet_decky_state`].
    pub fn update_fleet_decky_state(
        self,
        host_uuid: &str,
        name: &str,
        state: &str,
        last_error: Option<&str>,
    ) -> Self {
        self.execute(|sql| {
            let now = Timestamp::now();
            let mut fields =
                Fields::<FleetDecky>::new().set("state", state).set("updated_at", now).set("last_seen", now);
            if let Some(last_error) = last_error {
                fields = fields.set("last_error", last_error);
            }
            sql.push("UPDATE fleet_deckies SET ");
            running_has_no_error(fields).assignments(sql)?;
            of_decky(sql, host_uuid, name);
            Ok(())
        })
    }
}

fn of_decky(sql: &mut Sql<'_>, host_uuid: &str, name: &str) {
    sql.push(" WHERE host_uuid = ").bind(host_uuid).push(" AND ").identifier("name").push(" = ").bind(name);
}
