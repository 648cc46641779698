//! Arguments for each contract method: what its SQL is recorded with.
//!
//! A method that is missing here fails the tests: add it to its domain, with each argument that changes its SQL.

use serde_json::{Value, json};

/// A domain: its name, and calls of its methods.
pub type Domain = (&'static str, Vec<(&'static str, Value)>);

const UUID: &str = "00000000-0000-4000-8000-0000000000b0";

/// The domains of the contract.
pub fn domains() -> Vec<Domain> {
    vec![
        ("lifecycle", vec![("initialize", json!({})), ("reinitialize", json!({}))]),
        ("users", users()),
        ("logs", logs()),
        ("bounties", bounties()),
        (
            "state",
            vec![
                ("get_state", json!({"key": "config_limits"})),
                ("set_state", json!({"key": "config_limits", "value": {"deployment_limit": 25}})),
            ],
        ),
        ("attackers", attackers()),
        ("activity", activity()),
        ("behavior", behavior()),
        ("swarm", swarm()),
        ("fleet", fleet()),
        ("decky_lifecycle", decky_lifecycle()),
        ("maintenance", vec![("purge_logs_and_bounties", json!({}))]),
    ]
}

/// One call of each method.
pub fn one_each() -> Vec<(&'static str, Value)> {
    let mut calls: Vec<(&'static str, Value)> = Vec::new();
    for call in domains().into_iter().flat_map(|(_, calls)| calls) {
        if calls.iter().all(|(method, _)| *method != call.0) {
            calls.push(call);
        }
    }
    calls
}

fn users() -> Vec<(&'static str, Value)> {
    let expires_at = "2026-03-01T12:00:00Z";
    vec![
        ("get_user_by_username", json!({"username": "o'brien"})),
        ("get_user_by_uuid", json!({"uuid": UUID})),
        ("create_user", json!({"user_data": {"uuid": UUID, "username": "bob", "password_hash": "x"}})),
        ("update_user_password", json!({"uuid": UUID, "password_hash": "y", "must_change_password": 1})),
        ("list_users", json!({})),
        ("delete_user", json!({"uuid": UUID})),
        ("update_user_role", json!({"uuid": UUID, "role": "admin"})),
        ("set_tokens_valid_from", json!({"user_uuid": UUID, "ts": expires_at})),
        ("set_tokens_valid_from", json!({"user_uuid": UUID})),
        ("revoke_token", json!({"jti": "j1", "user_uuid": UUID, "expires_at": "2026-03-01T12:00:00Z"})),
        ("is_token_revoked", json!({"jti": "j1"})),
    ]
}

fn logs() -> Vec<(&'static str, Value)> {
    let log = json!({
        "decky": "d1", "service": "ssh", "event_type": "login", "attacker_ip": "203.0.113.7", "raw_line": "it's",
        "fields": {"user": "root"},
    });
    let mut numbered = log.clone();
    numbered["id"] = json!(7);
    numbered["timestamp"] = json!("2026-01-01T00:00:00.000007Z");
    let day = json!({"start_time": "2026-01-01", "end_time": "2026-01-02"});
    let search = json!({"search": "decky:d1 event:login user:root 100% ''", "limit": 20, "offset": 40});
    vec![
        ("add_log", json!({"log_data": log})),
        ("add_log", json!({"log_data": numbered})),
        ("add_logs", json!({"log_entries": [log, numbered]})),
        ("add_logs", json!({"log_entries": []})),
        ("get_logs", json!({"offset": 5_000})),
        ("get_logs", json!({})),
        ("get_logs", day.clone()),
        ("get_logs", search),
        ("get_logs_page", json!({})),
        (
            "get_logs_page",
            json!({"search": "ssh", "limit": 20, "after": "logs.timestamp:1767225600000000:7"}),
        ),
        ("get_total_logs", json!({})),
        ("get_total_logs", json!({"search": "service:ssh user:root x"})),
        ("get_max_log_id", json!({})),
        ("get_logs_after_id", json!({"last_id": 9})),
        ("get_logs_after_id", json!({"last_id": 9, "limit": 500, "search": "2001:db8::1"})),
        ("get_log_histogram", json!({})),
        ("get_log_histogram", json!({"interval_minutes": 60, "search": "ssh", "start_time": "2026-01-01"})),
        ("get_stats_summary", json!({})),
    ]
}

fn bounties() -> Vec<(&'static str, Value)> {
    let bounty = json!({
        "decky": "d1", "service": "ssh", "attacker_ip": "203.0.113.7", "bounty_type": "artifact",
        "payload": {"sha256": "aa"},
    });
    let both = json!({"bounty_type": "artifact", "search": "a_b"});
    vec![
        ("add_bounty", json!({"bounty_data": bounty})),
        ("get_bounties", json!({})),
        ("get_bounties", json!({"bounty_type": "artifact", "search": "a_b", "limit": 2, "offset": 1})),
        ("get_bounties_page", json!({})),
        (
            "get_bounties_page",
            json!({"bounty_type": "artifact", "after": "bounty.timestamp:1767225600000000:7"}),
        ),
        ("get_total_bounties", json!({})),
        ("get_total_bounties", both),
        ("get_all_bounties_by_ip", json!({})),
        ("get_bounties_for_ips", json!({"ips": ["203.0.113.7", "198.51.100.9"]})),
        ("get_fingerprint_bounties_by_ip", json!({"ip": "203.0.113.7"})),
        ("get_all_fingerprint_bounties_for_export", json!({})),
        ("count_probe_relays", json!({"attacker_ip": "203.0.113.7", "decky": "d1"})),
    ]
}

fn swarm() -> Vec<(&'static str, Value)> {
    let host = json!({
        "uuid": UUID, "name": "worker", "address": "10.0.0.1", "client_cert_fingerprint": "ab",
        "cert_bundle_path": "/c", "use_ipvlan": 1,
    });
    let shard = json!({
        "decky_name": "d1", "host_uuid": UUID, "state": "running", "decky_config": {"ip": "10.9.0.5"},
        "hostname": "no column",
    });
    vec![
        ("add_swarm_host", json!({"data": host})),
        ("get_swarm_host_by_name", json!({"name": "worker"})),
        ("get_swarm_host_by_uuid", json!({"uuid": UUID})),
        ("get_swarm_host_by_fingerprint", json!({"fingerprint": "ab"})),
        ("list_swarm_hosts", json!({})),
        ("list_swarm_hosts", json!({"status": "active"})),
        ("update_swarm_host", json!({"uuid": UUID, "fields": {"agent_port": 9000, "notes": null}})),
        ("update_swarm_host", json!({"uuid": UUID, "fields": {}})),
        ("delete_swarm_host", json!({"uuid": UUID})),
        ("upsert_decky_shard", json!({"data": shard})),
        ("upsert_decky_shard", json!({"data": {"decky_name": "d1", "last_error": "boom"}})),
        ("list_decky_shards", json!({})),
        ("list_decky_shards", json!({"host_uuid": UUID})),
        ("delete_decky_shards_for_host", json!({"host_uuid": UUID})),
        ("delete_decky_shard", json!({"decky_name": "d1"})),
    ]
}

fn fleet() -> Vec<(&'static str, Value)> {
    let decky =
        json!({"name": "d1", "services": ["ssh"], "decky_config": {"ip": "10.9.0.5"}, "state": "running"});
    let state = |state: &str| json!({"host_uuid": "local", "name": "d1", "state": state});
    let mut failed = state("failed");
    failed["last_error"] = json!("boom");
    vec![
        ("upsert_fleet_decky", json!({"data": decky})),
        ("delete_fleet_decky", json!({"host_uuid": "local", "name": "d1"})),
        ("get_fleet_decky_by_name", json!({"name": "d1"})),
        ("list_fleet_deckies", json!({})),
        ("list_fleet_deckies", json!({"host_uuid": "local"})),
        ("list_running_fleet_deckies", json!({})),
        ("update_fleet_decky_state", state("running")),
        ("update_fleet_decky_state", state("degraded")),
        ("update_fleet_decky_state", failed),
        ("get_deckies", json!({})),
        ("list_running_deckies", json!({})),
    ]
}

fn decky_lifecycle() -> Vec<(&'static str, Value)> {
    let find = json!({"decky_name": "d1", "operation": "deploy", "host_uuid": UUID});
    let update = |fields: Value| json!({"lifecycle_id": UUID, "fields": fields});
    vec![
        ("create_lifecycle", json!({"data": {"decky_name": "d1", "operation": "deploy"}})),
        ("update_lifecycle", update(json!({"status": "running"}))),
        ("update_lifecycle", update(json!({"status": "failed", "error": "boom"}))),
        ("update_lifecycle", update(json!({"error": "boom"}))),
        ("get_lifecycle_by_ids", json!({"lifecycle_ids": [UUID, "x"]})),
        ("find_open_lifecycle", json!({"decky_name": "d1", "operation": "deploy"})),
        ("find_open_lifecycle", find),
        ("sweep_stale_lifecycle", json!({"older_than": "2026-01-01", "reason": "restarted"})),
    ]
}

fn attackers() -> Vec<(&'static str, Value)> {
    let ip = "203.0.113.7";
    let new = json!({"ip": ip, "first_seen": "2026-01-01", "last_seen": "2026-01-02", "services": ["ssh"]});
    let recent = "attackers.last_seen:1767225600000000:00000000-0000-4000-8000-0000000000b0";
    let active = "attackers.event_count:7:00000000-0000-4000-8000-0000000000b0";
    let both = json!({"search": "203.0", "service": "ssh", "sort_by": "traversals", "limit": 2, "offset": 1});
    vec![
        ("upsert_attacker", json!({"data": new})),
        ("get_attacker_uuid_by_ip", json!({"ip": ip})),
        ("get_attacker_by_uuid", json!({"uuid": UUID})),
        ("get_attackers", json!({})),
        ("get_attackers", both),
        ("get_total_attackers", json!({})),
        ("get_total_attackers", json!({"search": "203.0", "service": "é"})),
        ("get_attackers_page", json!({})),
        ("get_attackers_page", json!({"search": "203.0", "after": recent})),
        ("get_attackers_page", json!({"sort_by": "active", "after": active})),
        ("get_all_attackers_for_export", json!({})),
        ("export_attackers", json!({})),
        (
            "export_attackers",
            json!({"limit": 10, "after": "attackers.uuid::00000000-0000-4000-8000-0000000000b0"}),
        ),
        ("bump_attacker_ipv6_leak", json!({"attacker_uuid": UUID, "evidence": {"iid_kind": "eui64"}})),
        (
            "bump_attacker_ipv6_leak",
            json!({"attacker_uuid": UUID, "identity_uuid": UUID, "evidence": {"addr": "fe80::1"}}),
        ),
    ]
}

fn activity() -> Vec<(&'static str, Value)> {
    vec![
        ("get_attacker_commands", json!({"uuid": UUID, "service": "ssh"})),
        ("list_attacker_commands_deduped", json!({"uuid": UUID})),
        ("get_attacker_service_activity", json!({"attacker_uuid": UUID})),
        ("get_attacker_artifacts", json!({"uuid": UUID})),
        ("get_attacker_stored_mail", json!({"uuid": UUID})),
        ("get_attacker_transcripts", json!({"uuid": UUID})),
        ("get_session_log", json!({"sid": "s-1"})),
        ("get_attacker_ip_leaks", json!({"attacker_uuid": UUID})),
        ("count_attacker_ip_leaks", json!({"attacker_uuid": UUID})),
    ]
}

fn behavior() -> Vec<(&'static str, Value)> {
    let probe = json!({
        "attacker_ip": "203.0.113.7", "port": 22, "probe_type": "hassh", "new_hash": "h1", "ts": "2026-01-01",
    });
    vec![
        ("upsert_attacker_behavior", json!({"attacker_uuid": UUID, "data": {"os_guess": "Linux"}})),
        ("get_attacker_behavior", json!({"attacker_uuid": UUID})),
        ("get_behaviors_for_ips", json!({"ips": ["203.0.113.7", "198.51.100.9"]})),
        ("get_behaviors_for_ips", json!({"ips": []})),
        ("increment_smtp_target", json!({"attacker_uuid": UUID, "domain": "a.example"})),
        ("list_smtp_targets", json!({"attacker_uuid": UUID})),
        ("smtp_target_seen", json!({"domain": "a.example"})),
        ("record_fingerprint", probe),
    ]
}

#[cfg(test)]
mod tests {
    use decnet_db_core::call::methods;

    use super::*;

    #[test]
    fn each_contract_method_has_a_sample() {
        let sampled = one_each();
        let missing: Vec<_> = methods()
            .map(|method| method.name)
            .filter(|name| sampled.iter().all(|(sample, _)| sample != name))
            .collect();
        assert!(missing.is_empty(), "no sample arguments for {missing:?}");
    }
}
