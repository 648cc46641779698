//! Sample arguments: the orchestrator.

use serde_json::{Value, json};

use super::{email, event};
use crate::samples::{Domain, UUID};

pub(crate) fn samples() -> Vec<Domain> {
    vec![("orchestrator", orchestrator())]
}

fn orchestrator() -> Vec<(&'static str, Value)> {
    let since = |kind: Value| json!({"since_ts": "2026-01-01", "kind": kind});
    let mails = json!({
        "limit": 5, "offset": 10, "mail_decky_uuid": UUID, "thread_id": "", "since_ts": "2026-01-01",
    });
    let between = json!({"mail_decky_uuid": UUID, "sender_email": "a@x", "recipient_email": "b@x"});
    vec![
        ("record_orchestrator_event", json!({"data": event("d", "2026-01-01")})),
        ("list_orchestrator_events", json!({})),
        (
            "list_orchestrator_events",
            json!({"limit": 5, "offset": 10, "kind": "file", "since_ts": "2026-01-01"}),
        ),
        ("count_orchestrator_events", json!({})),
        ("count_orchestrator_events", json!({"kind": "file"})),
        ("count_orchestrator_failures", since(json!(null))),
        ("count_orchestrator_failures", since(json!("traffic"))),
        ("count_orchestrator_failures", since(json!("email"))),
        ("prune_orchestrator_events", json!({})),
        ("prune_orchestrator_events", json!({"per_dst_cap": 0})),
        ("record_orchestrator_email", json!({"data": email("d", "2026-01-01")})),
        ("list_orchestrator_emails", json!({})),
        ("list_orchestrator_emails", mails),
        ("count_orchestrator_emails", json!({})),
        ("count_orchestrator_emails", json!({"mail_decky_uuid": UUID})),
        ("list_orchestrator_email_threads", between),
        ("prune_orchestrator_emails", json!({"per_decky_cap": 5000})),
    ]
}
