//! Whole designs: stored in one unit, and read back.

use std::collections::BTreeMap;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::contract::{DesignedDecky, Lan, Repository, Topology, TopologyDecky, TopologyEdge};
use crate::error::{Error, Result};
use crate::excerpt::excerpt;
use crate::json::Json;
use crate::sql::Changeset;

/// A design that is not stored yet: see [`persist`].
///
/// Deckies and LANs are known by their names, which are unique in the design.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Plan {
    /// The topology: `name` at least.
    pub topology: Changeset<Topology>,
    /// The LANs: `name` and `subnet` at least.
    pub lans: Vec<Changeset<Lan>>,
    /// The deckies.
    pub deckies: Vec<PlannedDecky>,
    /// The legs of deckies in LANs.
    pub edges: Vec<PlannedEdge>,
}

impl Plan {
    /// A topology without LANs and deckies.
    pub fn new(topology: Changeset<Topology>) -> Self {
        Self { topology, ..Self::default() }
    }
}

/// A decky of a [`Plan`].
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct PlannedDecky {
    /// Its name.
    pub name: String,
    /// The services that it offers.
    pub services: Vec<String>,
    /// Its address in each LAN, by the LAN's name. The first one is the decky's own.
    #[serde(serialize_with = "as_map")]
    pub ips_by_lan: Vec<(String, String)>,
    /// Whether it routes packets between its LANs.
    pub forwards_l3: bool,
    /// The settings of its services: a JSON object.
    pub service_config: Json,
}

impl PlannedDecky {
    /// A decky without services, addresses and settings.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            services: Vec::new(),
            ips_by_lan: Vec::new(),
            forwards_l3: false,
            service_config: serde_json::json!({}).into(),
        }
    }
}

/// A decky's leg in a LAN, of a [`Plan`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PlannedEdge {
    /// The decky's name.
    pub decky: String,
    /// The LAN's name.
    pub lan: String,
    /// Whether the decky joins this LAN to another.
    pub is_bridge: bool,
    /// Whether the decky routes packets between its LANs.
    pub forwards_l3: bool,
}

impl PlannedEdge {
    /// A leg that is no bridge and forwards nothing.
    pub fn new(decky: impl Into<String>, lan: impl Into<String>) -> Self {
        Self { decky: decky.into(), lan: lan.into(), is_bridge: false, forwards_l3: false }
    }
}

/// A stored design, as [`hydrate`] reads it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Design {
    /// The topology.
    pub topology: Topology,
    /// Its LANs, by name.
    pub lans: Vec<Lan>,
    /// Its deckies, by name. Each configuration has `name` and `ips_by_lan`.
    pub deckies: Vec<DesignedDecky>,
    /// Its edges, by id.
    pub edges: Vec<TopologyEdge>,
}

/// Stores a design in one unit, all of it or nothing, and returns the topology's id. Its version is 1.
///
/// With a host the topology is that host's. A decky's `ip` is the first of `ips_by_lan`; its `decky_config` has `name`,
/// `services`, `ips_by_lan`, `forwards_l3` and `service_config`.
///
/// # Errors
/// `InvalidInput` for an edge of a decky or LAN that the plan does not have, and for what
/// [`create_topology`](crate::contract::Topologies::create_topology) and the methods that add its parts refuse; `Conflict` for a
/// name that is there twice and for an unknown host.
pub async fn persist(
    repository: &dyn Repository,
    plan: Plan,
    target_host_uuid: Option<&str>,
) -> Result<String> {
    let mut topology = plan.topology.or_set(Topology::ID, fresh());
    if let Some(host) = target_host_uuid {
        topology = topology.set(Topology::TARGET_HOST_UUID, host);
    }
    let id = topology.text(Topology::ID).unwrap_or_default().to_owned();
    let mut unit = repository.unit().create_topology(topology);
    let (mut lans, mut deckies) = (Vec::new(), Vec::new());
    for lan in plan.lans {
        let lan = lan.or_set(Lan::ID, fresh()).set(Lan::TOPOLOGY_ID, &*id);
        let text = |column| lan.text(column).unwrap_or_default().to_owned();
        lans.push((text(Lan::NAME), text(Lan::ID)));
        unit = unit.add_lan(lan, None);
    }
    for decky in plan.deckies {
        let uuid = fresh();
        unit = unit.add_topology_decky(row_of(&decky, &id, &uuid)?, None);
        deckies.push((decky.name, uuid));
    }
    for (position, edge) in plan.edges.into_iter().enumerate() {
        let key = |member: &str, names: &[(String, String)], name: &str| {
            let found = names.iter().find(|(known, _)| known == name).map(|(_, key)| key.clone());
            found.ok_or_else(|| {
                let reason = format!("the plan has no {member} {}", excerpt(name));
                Error::invalid_input(format!("plan.edges[{position}].{member}"), reason)
            })
        };
        let row = Changeset::new()
            .set(TopologyEdge::TOPOLOGY_ID, &*id)
            .set(TopologyEdge::DECKY_UUID, key("decky", &deckies, &edge.decky)?)
            .set(TopologyEdge::LAN_ID, key("lan", &lans, &edge.lan)?)
            .set(TopologyEdge::IS_BRIDGE, edge.is_bridge)
            .set(TopologyEdge::FORWARDS_L3, edge.forwards_l3);
        unit = unit.add_topology_edge(row, None);
    }
    unit.commit().await.map_err(|error| error.within("plan"))?;
    Ok(id)
}

/// Reads a design, or null where there is no such topology.
///
/// What a decky's configuration lacks of `name` and `ips_by_lan` is filled in, in what is returned alone: the decky's name, and
/// no addresses.
///
/// # Errors
/// Only what any call may return.
pub async fn hydrate(repository: &dyn Repository, topology_id: &str) -> Result<Option<Design>> {
    let Some(topology) = repository.get_topology(topology_id).await? else { return Ok(None) };
    let mut deckies = repository.list_topology_deckies(topology_id).await?;
    deckies.iter_mut().try_for_each(fill_in)?;
    Ok(Some(Design {
        topology,
        lans: repository.list_lans_for_topology(topology_id).await?,
        deckies,
        edges: repository.list_topology_edges(topology_id).await?,
    }))
}

fn fresh() -> String {
    Uuid::new_v4().to_string()
}

fn row_of(decky: &PlannedDecky, topology_id: &str, uuid: &str) -> Result<Changeset<TopologyDecky>> {
    if !decky.service_config.is_object() {
        return Err(Error::invalid_input("plan.deckies.service_config", "must be a JSON object"));
    }
    Ok(Changeset::new()
        .set(TopologyDecky::UUID, uuid)
        .set(TopologyDecky::TOPOLOGY_ID, topology_id)
        .set(TopologyDecky::NAME, &*decky.name)
        .set(TopologyDecky::SERVICES, Json::of(&decky.services)?.compact()?)
        .set(TopologyDecky::DECKY_CONFIG, Json::of(decky)?.compact()?)
        .set(TopologyDecky::IP, decky.ips_by_lan.first().map(|(_, ip)| &**ip)))
}

/// Shows pairs as an object, in their order.
fn as_map<S: Serializer>(pairs: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(pairs.len()))?;
    for (key, value) in pairs {
        map.serialize_entry(key, value)?;
    }
    map.end()
}

/// Adds what the decky's configuration lacks. One that is no JSON object stays as it is.
fn fill_in(decky: &mut DesignedDecky) -> Result<()> {
    let mut config = match &decky.decky_config {
        None => BTreeMap::new(),
        Some(config) => match config.json().filter(Json::is_object) {
            Some(config) => config.decode::<BTreeMap<String, Json>>()?,
            None => return Ok(()),
        },
    };
    if !config.contains_key("name") {
        config.insert("name".to_owned(), Json::of(&decky.name)?);
    }
    if !config.contains_key("ips_by_lan") {
        config.insert("ips_by_lan".to_owned(), serde_json::json!({}).into());
    }
    decky.decky_config = Some(Json::of(&config)?.as_str().into());
    Ok(())
}
