//! Whole designs: stored in one unit, and read back.

use std::collections::BTreeMap;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use uuid::Uuid;

use super::addresses::Addresses;
use crate::contract::{DesignedDecky, Lan, Repository, Topology, TopologyDecky, TopologyEdge};
use crate::error::{Error, Result};
use crate::json::Json;
use crate::sql::{Changeset, Record};
use crate::text::excerpt;

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
    /// Where the editor draws it, horizontally.
    #[serde(skip)]
    pub x: Option<f64>,
    /// Where the editor draws it, vertically.
    #[serde(skip)]
    pub y: Option<f64>,
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
            x: None,
            y: None,
        }
    }
}

/// A decky's leg in a LAN, of a [`Plan`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct PlannedEdge {
    /// The decky's name.
    pub decky_name: String,
    /// The LAN's name.
    pub lan_name: String,
    /// Whether the decky joins this LAN to another.
    pub is_bridge: bool,
    /// Whether the decky routes packets between its LANs.
    pub forwards_l3: bool,
}

impl PlannedEdge {
    /// A leg that is no bridge and forwards nothing.
    pub fn new(decky_name: impl Into<String>, lan_name: impl Into<String>) -> Self {
        Self {
            decky_name: decky_name.into(),
            lan_name: lan_name.into(),
            is_bridge: false,
            forwards_l3: false,
        }
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
    /// Its deckies, by name; what their configurations lacked is filled in.
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
    checked(&topology, || "plan.topology".to_owned())?;
    let mut unit = repository.unit().create_topology(topology);
    let (mut lans, mut deckies) = (Vec::new(), Vec::new());
    for (position, lan) in plan.lans.into_iter().enumerate() {
        let lan = lan.or_set(Lan::ID, fresh()).set(Lan::TOPOLOGY_ID, &*id);
        checked(&lan, || format!("plan.lans[{position}]"))?;
        let text = |column| lan.text(column).unwrap_or_default().to_owned();
        lans.push((text(Lan::NAME), text(Lan::ID)));
        unit = unit.add_lan(lan, None);
    }
    for (position, decky) in plan.deckies.into_iter().enumerate() {
        let (uuid, path) = (fresh(), || format!("plan.deckies[{position}]"));
        let row = row_of(&decky, &id, &uuid).map_err(|error| error.within(&path()))?;
        checked(&row, path)?;
        unit = unit.add_topology_decky(row, None);
        deckies.push((decky.name, uuid));
    }
    for (position, edge) in plan.edges.into_iter().enumerate() {
        let key = |member: &str, names: &[(String, String)], name: &str| {
            let found = names.iter().find(|(known, _)| known == name).map(|(_, key)| key.clone());
            found.ok_or_else(|| {
                let reason = format!("the plan has nothing that is called {}", excerpt(name));
                Error::invalid_input(format!("plan.edges[{position}].{member}"), reason)
            })
        };
        let row = Changeset::new()
            .set(TopologyEdge::TOPOLOGY_ID, &*id)
            .set(TopologyEdge::DECKY_UUID, key("decky_name", &deckies, &edge.decky_name)?)
            .set(TopologyEdge::LAN_ID, key("lan_name", &lans, &edge.lan_name)?)
            .set(TopologyEdge::IS_BRIDGE, edge.is_bridge)
            .set(TopologyEdge::FORWARDS_L3, edge.forwards_l3);
        unit = unit.add_topology_edge(row, None);
    }
    unit.commit().await?;
    Ok(id)
}

/// Refuses a row that can't be stored, with its place in the plan.
fn checked<R: Record>(row: &Changeset<R>, path: impl Fn() -> String) -> Result<()> {
    row.clone().insert().map(drop).map_err(|error| error.within(&path()))
}

/// Reads a design; `None` where there is no such topology.
///
/// What a decky's configuration lacks is filled in, in what is returned alone, so that it says how to deploy the decky: `name`,
/// and in `ips_by_lan` an address for each LAN that the decky has an edge to. That is the decky's own `ip` where it is of the
/// LAN and free, otherwise the first that is free behind the gateway's; none where the LAN has none left or its `subnet` is no
/// IPv4 prefix. A configuration that is no JSON object stays as it is.
pub async fn hydrate(repository: &dyn Repository, topology_id: &str) -> Result<Option<Design>> {
    let Some(topology) = repository.get_topology(topology_id).await? else { return Ok(None) };
    let lans = repository.list_lans_for_topology(topology_id).await?;
    let mut deckies = repository.list_topology_deckies(topology_id).await?;
    let edges = repository.list_topology_edges(topology_id).await?;
    fill_in(&lans, &mut deckies, &edges)?;
    Ok(Some(Design { topology, lans, deckies, edges }))
}

fn fresh() -> String {
    Uuid::new_v4().to_string()
}

fn row_of(decky: &PlannedDecky, topology_id: &str, uuid: &str) -> Result<Changeset<TopologyDecky>> {
    if !decky.service_config.is_object() {
        return Err(Error::invalid_input("service_config", "must be a JSON object"));
    }
    Ok(Changeset::new()
        .set(TopologyDecky::UUID, uuid)
        .set(TopologyDecky::TOPOLOGY_ID, topology_id)
        .set(TopologyDecky::NAME, &*decky.name)
        .set(TopologyDecky::SERVICES, Json::of(&decky.services)?.compact()?)
        .set(TopologyDecky::DECKY_CONFIG, Json::of(decky)?.compact()?)
        .set(TopologyDecky::IP, decky.ips_by_lan.first().map(|(_, ip)| &**ip))
        .set(TopologyDecky::X, decky.x)
        .set(TopologyDecky::Y, decky.y))
}

/// Shows pairs as an object, in their order.
fn as_map<S: Serializer>(pairs: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(pairs.len()))?;
    for (key, value) in pairs {
        map.serialize_entry(key, value)?;
    }
    map.end()
}

type Members = BTreeMap<String, Json>;

/// Adds what the configurations of deckies lack.
fn fill_in(lans: &[Lan], deckies: &mut [DesignedDecky], edges: &[TopologyEdge]) -> Result<()> {
    let mut configs: Vec<_> = deckies.iter().map(configured).collect();
    let mut addresses: BTreeMap<&str, Addresses> =
        lans.iter().filter_map(|lan| Some((&*lan.name, Addresses::of(&lan.subnet)?))).collect();
    for (lan, ip) in configs.iter().flatten().flat_map(|(_, ips)| ips) {
        if let (Some(lan), Ok(ip)) = (addresses.get_mut(&**lan), ip.decode::<String>()) {
            lan.keep(&ip);
        }
    }
    let names: BTreeMap<_, _> = lans.iter().map(|lan| (&lan.id, &lan.name)).collect();
    for (decky, config) in deckies.iter_mut().zip(&mut configs) {
        let Some((members, ips)) = config else { continue };
        for name in edges
            .iter()
            .filter(|edge| edge.decky_uuid == decky.uuid)
            .filter_map(|edge| names.get(&edge.lan_id))
        {
            if !ips.contains_key(*name)
                && let Some(ip) = addresses.get_mut(&***name).and_then(|lan| lan.take(decky.ip.as_deref()))
            {
                ips.insert((*name).clone(), Json::of(&ip)?);
            }
        }
        members.insert("ips_by_lan".to_owned(), Json::of(ips)?);
        if !members.contains_key("name") {
            members.insert("name".to_owned(), Json::of(&decky.name)?);
        }
        decky.decky_config = Some(Json::of(members)?.as_str().into());
    }
    Ok(())
}

/// The members of a decky's configuration, and its `ips_by_lan`. A null is one that has nothing.
fn configured(decky: &DesignedDecky) -> Option<(Members, Members)> {
    let empty = |json: &Json| json.is_null();
    let members = match &decky.decky_config {
        None => Members::new(),
        Some(config) => match config.json()? {
            null if empty(&null) => Members::new(),
            config => config.decode().ok()?,
        },
    };
    let ips = match members.get("ips_by_lan").filter(|ips| !empty(ips)) {
        None => Members::new(),
        Some(ips) => ips.decode().ok()?,
    };
    Some((members, ips))
}
