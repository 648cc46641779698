//! What the orchestrator did and mailed (contract document 76).

pub(crate) mod emails;
pub(crate) mod events;
pub(crate) mod golden;
pub(crate) mod prunes;
pub(crate) mod samples;

crate::catalogue::cases! { orchestrator:
    events {
        /// An event takes the original's defaults, and its uuid is returned.
        an_event_has_the_defaults_of_the_original,
        /// A payload is a map, a list or a text, and is stored as the original stores it.
        payloads_are_maps_lists_or_texts,
        /// Events are filtered, counted and listed newest first.
        events_are_filtered_and_listed,
        /// Failures are those of events and mails together, or of one kind.
        failures_are_counted_by_kind,
    }
    emails {
        /// A mail takes the original's defaults, and its columns are checked.
        a_mail_has_the_defaults_of_the_original,
        /// Mails are filtered, counted and listed newest first.
        mails_are_filtered_and_listed,
        /// Conversations are the delivered mails between two addresses in either direction.
        conversations_have_both_directions,
    }
    prunes {
        /// Of each group the newest stay, by instant and uuid.
        the_newest_of_each_group_stay,
        /// A cap of 0 deletes nothing, and a negative one is refused.
        a_cap_of_zero_deletes_nothing,
        /// Two prunes at once delete each row once.
        two_prunes_delete_each_row_once,
    }
}

use serde_json::{Value, json};

/// An event's columns, without those that have a default.
fn event(dst_decky_uuid: &str, ts: &str) -> Value {
    json!({"kind": "traffic", "protocol": "ssh", "action": "exec:id", "dst_decky_uuid": dst_decky_uuid, "ts": ts})
}

/// A mail's columns, without those that have a default.
fn email(mail_decky_uuid: &str, ts: &str) -> Value {
    json!({
        "mail_decky_uuid": mail_decky_uuid, "thread_id": "t", "message_id": "<1@x>", "sender_email": "a@x",
        "recipient_email": "b@x", "subject": "s", "eml_path": "/1.eml", "ts": ts,
    })
}

/// The value with these members too.
fn with(mut value: Value, members: Value) -> Value {
    for (name, member) in members.as_object().into_iter().flatten() {
        value[name.as_str()] = member.clone();
    }
    value
}

/// The uuids of the rows.
fn uuids(rows: &Value) -> Vec<&str> {
    rows.as_array().into_iter().flatten().filter_map(|row| row["uuid"].as_str()).collect()
}
