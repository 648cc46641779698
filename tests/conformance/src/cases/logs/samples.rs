//! Sample arguments: events.

use serde_json::{Value, json};

use crate::samples::Domain;

pub(crate) fn samples() -> Vec<Domain> {
    vec![("logs", logs())]
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
