//! Whole designs.

use decnet_db_core::ErrorKind;
use decnet_db_core::contract::{Lan, Topology};
use decnet_db_core::sql::Changeset;
use decnet_db_core::topology::{Plan, PlannedDecky, PlannedEdge, hydrate, persist};
use serde_json::{Value, json};

use crate::cases::calls::Calls;
use crate::database::Database;

fn plan() -> Plan {
    let mut plan = Plan::new(
        Changeset::new().set(Topology::NAME, "maze").set(Topology::CONFIG_SNAPSHOT, "{\"seed\":1}"),
    );
    for (name, subnet) in [("DMZ", "10.0.0.0/24"), ("office", "10.0.1.0/24")] {
        plan.lans.push(Changeset::new().set(Lan::NAME, name).set(Lan::SUBNET, subnet));
    }
    let mut gate = PlannedDecky::new("gate");
    gate.services = vec!["ssh".to_owned()];
    gate.ips_by_lan = vec![("office".into(), "10.0.1.2".into()), ("DMZ".into(), "10.0.0.2".into())];
    gate.forwards_l3 = true;
    gate.service_config = json!({"ssh": {"password": "é"}}).into();
    plan.deckies = vec![gate, PlannedDecky::new("desk")];
    let mut bridge = PlannedEdge::new("gate", "office");
    (bridge.is_bridge, bridge.forwards_l3) = (true, true);
    plan.edges = vec![PlannedEdge::new("gate", "DMZ"), bridge, PlannedEdge::new("desk", "office")];
    plan
}

/// Ruling R18.
pub(crate) async fn a_design_is_stored_and_read_back(db: Database) {
    let calls = Calls::of(&db);
    let host = json!({"uuid": "h", "name": "h", "address": "a", "client_cert_fingerprint": "ab", "cert_bundle_path": "/c"});
    calls.called("add_swarm_host", json!({"data": host})).await;
    let id = persist(&*db, plan(), Some("h")).await.unwrap();
    let design = hydrate(&*db, &id).await.unwrap().unwrap();
    assert_eq!((design.topology.version, design.topology.target_host_uuid.as_deref()), (1, Some("h")));
    let lans: Vec<_> = design.lans.iter().map(|lan| (lan.name.as_str(), lan.subnet.as_str())).collect();
    assert_eq!(lans, [("DMZ", "10.0.0.0/24"), ("office", "10.0.1.0/24")]);
    let shown: Value = serde_json::to_value(&design).unwrap();
    let config: String = calls.stored("SELECT decky_config FROM topology_deckies WHERE name = 'gate'").await;
    assert_eq!(
        config,
        "{\"name\":\"gate\",\"services\":[\"ssh\"],\"ips_by_lan\":{\"office\":\"10.0.1.2\",\"DMZ\":\"10.0.0.2\"},\
         \"forwards_l3\":true,\"service_config\":{\"ssh\":{\"password\":\"é\"}}}"
    );
    assert_eq!(
        (&shown["deckies"][1]["ip"], &shown["deckies"][1]["services"]),
        (&json!("10.0.1.2"), &json!(["ssh"]))
    );
    assert_eq!(shown["deckies"][0]["ip"], json!(null));
    let mut edges: Vec<_> = design.edges.iter().map(|edge| (edge.is_bridge, edge.forwards_l3)).collect();
    edges.sort_unstable();
    assert_eq!(edges, [(false, false), (false, false), (true, true)]);
    assert!(hydrate(&*db, "nobody").await.unwrap().is_none());
}

/// As the original does.
pub(crate) async fn what_configurations_lack_is_filled_in(db: Database) {
    let calls = Calls::of(&db);
    let id = persist(&*db, plan(), None).await.unwrap();
    let lans = calls.called("list_lans_for_topology", json!({"topology_id": id})).await;
    for (name, ip, config) in [
        ("1", json!("10.0.1.9"), json!({"z": 1})),
        ("2", json!("10.0.1.9"), json!(null)),
        ("3", json!(null), json!({"name": null, "ips_by_lan": {"office": "10.0.1.3"}})),
        ("4", json!(null), json!("{not json")),
    ] {
        let data = json!({"topology_id": id, "uuid": name, "name": name, "ip": ip, "decky_config": config});
        calls.called("add_topology_decky", json!({"data": data})).await;
        for lan in lans.as_array().unwrap() {
            let data = json!({"topology_id": id, "decky_uuid": name, "lan_id": lan["id"]});
            calls.called("add_topology_edge", json!({"data": data})).await;
        }
    }
    let stored = calls.called("list_topology_deckies", json!({"topology_id": id})).await;
    let design = serde_json::to_value(hydrate(&*db, &id).await.unwrap().unwrap()).unwrap();
    let configs: Vec<_> = (0..4).map(|number| &design["deckies"][number]["decky_config"]).collect();
    assert_eq!(
        configs,
        [
            &json!({"z": 1, "name": "1", "ips_by_lan": {"DMZ": "10.0.0.3", "office": "10.0.1.9"}}),
            &json!({"name": "2", "ips_by_lan": {"DMZ": "10.0.0.4", "office": "10.0.1.4"}}),
            &json!({"name": null, "ips_by_lan": {"DMZ": "10.0.0.5", "office": "10.0.1.3"}}),
            &json!("{not json"),
        ]
    );
    assert_eq!(calls.called("list_topology_deckies", json!({"topology_id": id})).await, stored);
}

pub(crate) async fn a_design_that_is_refused_leaves_nothing(db: Database) {
    let calls = Calls::of(&db);
    let mut of_no_lan = plan();
    of_no_lan.edges.push(PlannedEdge::new("gate", "nowhere"));
    let mut twice = plan();
    twice.deckies.push(PlannedDecky::new("desk"));
    let mut nameless = plan();
    nameless.lans.push(Changeset::new().set(Lan::SUBNET, "10.0.2.0/24"));
    for (plan, host, kind, message) in [
        (
            of_no_lan,
            None,
            ErrorKind::InvalidInput,
            "plan.edges[3].lan_name: the plan has nothing that is called \"nowhere\"",
        ),
        (twice, None, ErrorKind::Conflict, ""),
        (nameless, None, ErrorKind::InvalidInput, "plan.lans[2].name: is needed"),
        (plan(), Some("nobody"), ErrorKind::Conflict, ""),
    ] {
        let error = persist(&*db, plan, host).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(message), "{error}");
    }
    assert_eq!(calls.called("count_topologies", json!({})).await, json!(0));
    assert!(db.row_counts().await.unwrap().iter().all(|(_, count)| *count == Some(0)));
}
