//! How attackers behave: stack, timing, mail targets, fingerprints over time (contract document 50).

use decnet_db_macros::Record;
use serde::{Serialize, Serializer};

use crate::json::JsonOrText;
use crate::time::Timestamp;

/// What was inferred from an attacker's traffic; the table `attacker_behavior`.
///
/// The three lists serialise as lists in any case: what is null or not JSON as an empty one, any other value
/// as a list of that value.
#[derive(Debug, Clone, PartialEq, Serialize, Record)]
#[record(table = "attacker_behavior")]
pub struct AttackerBehavior {
    /// Whose behaviour it is.
    #[column(key, references(attackers.uuid))]
    pub attacker_uuid: String,
    /// The operating system that its TCP stack suggests.
    pub os_guess: Option<String>,
    /// How many routers lie between.
    #[column(int32)]
    pub hop_distance: Option<i64>,
    /// Traits of its TCP stack: a JSON object.
    pub tcp_fingerprint: JsonOrText,
    /// The key exchanges that its SSH client offers, in order: JSON text.
    #[column(long)]
    #[serde(serialize_with = "list_of")]
    pub kex_order_raw: Option<String>,
    /// The banners of its SSH clients: JSON text.
    #[column(long)]
    #[serde(serialize_with = "list_of")]
    pub ssh_client_banners: Option<String>,
    /// How many segments it sent again.
    pub retransmit_count: i64,
    /// What kind of actor it behaves like.
    pub behavior_class: Option<String>,
    /// Seconds between its beacons.
    pub beacon_interval_s: Option<f64>,
    /// How much that interval varies, in per cent.
    pub beacon_jitter_pct: Option<f64>,
    /// The tools that it seems to use: JSON text.
    #[serde(serialize_with = "list_of")]
    pub tool_guesses: Option<String>,
    /// Statistics of when its events came: a JSON object.
    pub timing_stats: JsonOrText,
    /// The phases of its attack: a JSON object.
    pub phase_sequence: JsonOrText,
    /// When the row was last written.
    #[column(index)]
    pub updated_at: Timestamp,
}

/// A domain that an attacker tried to send mail to; the table `smtp_targets`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Record)]
#[record(table = "smtp_targets", unique(uq_smtp_targets_attacker_domain(attacker_uuid, domain)))]
pub struct SmtpTarget {
    /// Assigned by the database, ascending.
    #[column(serial)]
    pub id: i64,
    /// Who tried.
    #[column(index, references(attackers.uuid))]
    pub attacker_uuid: String,
    /// The recipient's domain as it was given; callers lower-case it.
    #[column(index)]
    pub domain: String,
    /// When it was first tried.
    pub first_seen: Timestamp,
    /// When it was last tried.
    #[column(index)]
    pub last_seen: Timestamp,
    /// How often it was tried.
    pub count: i64,
}

/// The fingerprint that a probe of an attacker's port gave last; the table `attacker_fingerprint_state`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Record)]
#[record(
    table = "attacker_fingerprint_state",
    unique(uq_attacker_fingerprint_state_natural(attacker_uuid, port, probe_type))
)]
pub struct AttackerFingerprintState {
    /// The row's key: a uuid.
    #[column(key)]
    pub uuid: String,
    /// Whose port was probed.
    #[column(index, references(attackers.uuid))]
    pub attacker_uuid: String,
    /// The port.
    #[column(int32)]
    pub port: i64,
    /// `jarm`, `hassh` or `tcpfp`.
    #[column(len = 16)]
    pub probe_type: String,
    /// The fingerprint.
    #[column(len = 128)]
    pub last_hash: String,
    /// When it was last measured.
    #[column(index)]
    pub last_seen: Timestamp,
    /// How often it has changed.
    pub rotation_count: i64,
}

/// Shows JSON text as a list whatever it holds (contract document 50).
fn list_of<S: Serializer>(text: &Option<String>, serializer: S) -> Result<S::Ok, S::Error> {
    match text.as_deref().and_then(|text| JsonOrText::from(text).json()) {
        None => [(); 0].serialize(serializer),
        Some(json) if json.is_array() => json.serialize(serializer),
        Some(json) => [json].serialize(serializer),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_lists_whatever_is_stored() {
        let shown = |text: Option<&str>| {
            let mut out = Vec::new();
            list_of(&text.map(str::to_owned), &mut serde_json::Serializer::new(&mut out)).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(shown(None), "[]");
        assert_eq!(shown(Some("[1")), "[]");
        assert_eq!(shown(Some("")), "[]");
        assert_eq!(shown(Some(r#"["nmap"]"#)), r#"["nmap"]"#);
        assert_eq!(shown(Some(r#""nmap""#)), r#"["nmap"]"#);
    }
}
