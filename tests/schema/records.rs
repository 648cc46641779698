//! What every record shows as JSON and hides from logs.

use std::collections::BTreeSet;
use std::fmt::Debug;

use decnet_db_core::contract::*;
use decnet_db_core::sql::{Column, ColumnKind, Record, Rows, Value};
use serde::Serialize;

/// A value that is recognised again: text has the column's name.
fn value_of(column: &Column) -> Value {
    match column.kind {
        ColumnKind::Text | ColumnKind::TextOf(_) | ColumnKind::LongText | ColumnKind::Json => {
            Value::Text(format!(r#"["<{}>"]"#, column.name))
        }
        ColumnKind::Serial | ColumnKind::Int | ColumnKind::Int32 => Value::Int(7),
        ColumnKind::Float => Value::Real(0.5),
        ColumnKind::Bool => Value::Bool(true),
        ColumnKind::Time => Value::Text("2026-01-02 03:04:05.000006".into()),
        ColumnKind::Bytes(length) => Value::Blob(vec![b'x'; length.into()]),
        other => panic!("no value for {other:?}"),
    }
}

fn record<R: Record>(nulls: bool) -> R {
    let columns = R::TABLE.columns;
    let mut rows = Rows::new(columns.len());
    for column in columns {
        rows.push(if nulls && column.nullable { Value::Null } else { value_of(column) });
    }
    rows.first().unwrap().unwrap()
}

/// Checks the JSON of a record, with and without nulls: one member per column but the `hidden` ones, those in `decoded`
/// as JSON values, other text as text. And that `secret` columns are not in its debug output.
fn check<R: Record + Serialize + Debug>(hidden: &str, decoded: &str, secret: &str) {
    let table = R::TABLE;
    let split = |names: &str| names.split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>();
    let (hidden, decoded, secret) = (split(hidden), split(decoded), split(secret));
    for named in hidden.iter().chain(&decoded).chain(&secret) {
        assert!(table.column(named).is_some(), "{}.{named}", table.name);
    }

    let full: R = record(false);
    let json = serde_json::to_value(&full).unwrap();
    let shown: BTreeSet<_> = json.as_object().unwrap().keys().cloned().collect();
    let columns: BTreeSet<_> = table.columns.iter().map(|column| column.name.to_owned()).collect();
    assert_eq!(shown, columns.difference(&hidden).cloned().collect(), "{}", table.name);
    for column in table.columns.iter().filter(|column| !hidden.contains(column.name)) {
        if let Value::Text(text) = value_of(column) {
            let expected = match column.kind {
                ColumnKind::Time => serde_json::json!("2026-01-02T03:04:05.000006Z"),
                _ if decoded.contains(column.name) => serde_json::json!([format!("<{}>", column.name)]),
                _ => serde_json::json!(text),
            };
            assert_eq!(json[column.name], expected, "{}.{}", table.name, column.name);
        }
    }

    let empty = serde_json::to_value(record::<R>(true)).unwrap();
    assert_eq!(empty.as_object().unwrap().len(), shown.len(), "{}", table.name);

    let debug = format!("{full:?}");
    for column in table.columns {
        if matches!(value_of(column), Value::Text(_)) && column.kind != ColumnKind::Time {
            let printed = debug.contains(&format!("<{}>", column.name));
            assert_eq!(printed, !secret.contains(column.name), "{}.{}", table.name, column.name);
        }
    }
}

#[test]
fn records_serialise_as_the_documents_say_and_hide_their_secrets() {
    check::<User>("", "", "password_hash");
    check::<RevokedToken>("", "", "");
    check::<Log>("", "", "");
    check::<Bounty>("", "payload", "");
    check::<StateEntry>("", "value", "");
    check::<Attacker>("", "services deckies fingerprints commands", "");
    check::<AttackerBehavior>(
        "",
        "tcp_fingerprint kex_order_raw ssh_client_banners tool_guesses timing_stats phase_sequence",
        "",
    );
    check::<SmtpTarget>("", "", "");
    check::<AttackerFingerprintState>("", "", "");
    check::<SwarmHost>("", "", "");
    check::<DeckyShard>("", "services", "");
    check::<FleetDecky>("", "services decky_config", "");
    check::<DeckyLifecycle>("", "", "");
    check::<Topology>("config_snapshot", "", "");
    check::<Lan>("", "", "");
    check::<TopologyDecky>("", "services decky_config", "");
    check::<TopologyEdge>("", "", "");
    check::<TopologyStatusEvent>("", "", "");
    check::<TopologyMutation>("", "", "");
    check::<WebhookSubscription>("", "", "secret");
    check::<CanaryBlob>("", "", "");
    check::<CanaryToken>("", "", "callback_token secret_seed");
    check::<CanaryTrigger>("", "", "");
    check::<TarpitRule>("", "ports", "");
    check::<SyntheticFile>("", "", "");
    check::<RealismConfig>("", "", "value");
    check::<OrchestratorEvent>("", "", "");
    check::<OrchestratorEmail>("", "", "");
    check::<Credential>("", "fields", "secret_sha256 secret_b64 secret_printable fields");
    check::<CredentialReuse>("", "attacker_uuids attacker_ips deckies services", "secret_sha256");
    check::<AttackerIdentity>("", "", "");
    check::<AttributionState>("", "current_value", "");
    check::<Campaign>("", "", "");
    check::<Observation>("", "value", "");
    check::<ObservedAttachment>("", "extensions", "");
    check::<AttackerIntel>(
        "",
        "greynoise_tags greynoise_raw abuseipdb_categories abuseipdb_raw feodo_raw threatfox_threat_types \
         threatfox_ioc_types threatfox_malware_families threatfox_raw",
        "",
    );
    check::<TtpTag>("", "evidence", "");
    check::<TtpRule>("", "", "");
    check::<TtpRuleState>("", "", "");
}

#[test]
fn behaviour_without_lists_shows_empty_ones() {
    let json = serde_json::to_value(record::<AttackerBehavior>(true)).unwrap();
    for column in ["kex_order_raw", "ssh_client_banners", "tool_guesses"] {
        assert_eq!(json[column], serde_json::json!([]), "{column}");
    }
    assert_eq!(json["os_guess"], serde_json::Value::Null);
}
