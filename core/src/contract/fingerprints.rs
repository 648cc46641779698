//! Fingerprints of attackers over time (contract document 50, ruling R14).

use decnet_db_macros::Record;
use serde::de::Error as _;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Transactional;
use crate::error::Result;
use crate::json::Json;
use crate::time::Timestamp;

/// Fingerprints of attackers over time.
///
/// ```
/// # async fn example(repository: &dyn decnet_db_core::contract::Repository) -> decnet_db_core::Result<()> {
/// use decnet_db_core::contract::FingerprintOutcome;
/// use decnet_db_core::time::Timestamp;
///
/// let outcome = repository.record_fingerprint("203.0.113.7", 22, "hassh", "ec7378c1", Timestamp::now()).await?;
/// if let FingerprintOutcome::Rotated(change) = outcome {
///     println!("{} shows {} in place of {}", change.attacker_ip, change.new_hash, change.old_hash);
/// }
/// # Ok(())
/// # }
/// ```
#[crate::contract]
pub trait Fingerprints: Transactional {
    /// Records the fingerprint that a probe of an attacker's port gave, and says whether it changed.
    ///
    /// A changed fingerprint counts on the attacker too, in the same commit; nothing is published. Where several attackers
    /// have the address, the first in (`first_seen`, `uuid`) order counts. `ts` is taken as it is, also when it lies before
    /// what is stored. Exact under concurrency: no rotation is lost or counted twice, and each says which fingerprint it
    /// replaced. Costs one read and one commit; both again for each writer that came in between.
    ///
    /// Result: `{"outcome": …, "attacker_uuid": …}` with `no_attacker_row` (nothing is written, the uuid is null),
    /// `first_sighting` or `unchanged`; for `rotated` also `attacker_ip`, `port`, `probe_type`, `old_hash`, `new_hash`,
    /// `rotation_count` (of this probe) and `ts` (ruling R16).
    ///
    /// # Errors
    /// `InvalidInput` for a value that its column can't hold; `Unavailable` when other writers were faster all the time.
    #[writes]
    async fn record_fingerprint(
        &self,
        attacker_ip: &str,
        port: i64,
        #[doc = "`jarm`, `hassh` or `tcpfp`"] probe_type: &str,
        new_hash: &str,
        ts: Timestamp,
    ) -> Result<FingerprintOutcome>;
}

/// The fingerprint that a probe of an attacker's port gave last; the table `attacker_fingerprint_state`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Record)]
#[record(
    table = "attacker_fingerprint_state",
    unique(uq_attacker_fingerprint_state_natural(attacker_uuid, port, probe_type))
)]
#[non_exhaustive]
pub struct AttackerFingerprintState {
    /// The row's key: a uuid.
    #[column(key, default = uuid)]
    pub uuid: String,
    /// Whose port was probed.
    #[column(index, references(Attacker::UUID))]
    pub attacker_uuid: String,
    /// The port.
    #[column(int32)]
    pub port: i64,
    /// `jarm`, `hassh` or `tcpfp`.
    #[column(len = 16)]
    pub probe_type: String,
    /// The fingerprint.
    #[column(exact, len = 128)]
    pub last_hash: String,
    /// When it was last measured.
    #[column(index)]
    pub last_seen: Timestamp,
    /// How often it has changed.
    #[column(default = 0)]
    pub rotation_count: i64,
}

/// What recording a fingerprint came to.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FingerprintOutcome {
    /// No attacker has the address; nothing was written.
    NoAttackerRow,
    /// The first fingerprint of this probe.
    FirstSighting {
        /// Whose it is.
        attacker_uuid: String,
    },
    /// The same fingerprint as before.
    Unchanged {
        /// Whose it is.
        attacker_uuid: String,
    },
    /// Another fingerprint than before.
    Rotated(FingerprintRotation),
}

/// A change of fingerprint: the event that DECNET publishes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FingerprintRotation {
    /// Whose it is.
    pub attacker_uuid: String,
    /// The address that was probed.
    pub attacker_ip: String,
    /// The port that was probed.
    pub port: i64,
    /// `jarm`, `hassh` or `tcpfp`.
    pub probe_type: String,
    /// The fingerprint until now.
    pub old_hash: String,
    /// The fingerprint from now on.
    pub new_hash: String,
    /// How often this probe's fingerprint has changed, this change included.
    pub rotation_count: i64,
    /// When it was measured.
    pub ts: Timestamp,
}

impl FingerprintOutcome {
    /// Its name: `no_attacker_row`, `first_sighting`, `unchanged` or `rotated`.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::NoAttackerRow => "no_attacker_row",
            Self::FirstSighting { .. } => "first_sighting",
            Self::Unchanged { .. } => "unchanged",
            Self::Rotated(_) => "rotated",
        }
    }
}

impl Serialize for FingerprintOutcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Rotated<'a> {
            outcome: &'static str,
            #[serde(flatten)]
            event: &'a FingerprintRotation,
        }

        let attacker_uuid = match self {
            Self::Rotated(event) => return Rotated { outcome: self.as_str(), event }.serialize(serializer),
            Self::NoAttackerRow => None,
            Self::FirstSighting { attacker_uuid } | Self::Unchanged { attacker_uuid } => Some(attacker_uuid),
        };
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("outcome", self.as_str())?;
        map.serialize_entry("attacker_uuid", &attacker_uuid)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for FingerprintOutcome {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Given {
            outcome: String,
            attacker_uuid: Option<String>,
        }
        let json = Json::deserialize(deserializer)?;
        let given: Given = json.decode().map_err(D::Error::custom)?;
        match (given.outcome.as_str(), given.attacker_uuid) {
            ("no_attacker_row", None) => Ok(Self::NoAttackerRow),
            ("first_sighting", Some(attacker_uuid)) => Ok(Self::FirstSighting { attacker_uuid }),
            ("unchanged", Some(attacker_uuid)) => Ok(Self::Unchanged { attacker_uuid }),
            ("rotated", Some(_)) => json.decode().map(Self::Rotated).map_err(D::Error::custom),
            (outcome, _) => Err(D::Error::custom(format!("{outcome} is no outcome, or lacks its attacker"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_show_their_name_and_the_attacker() {
        let shown = |outcome: FingerprintOutcome| serde_json::to_string(&outcome).unwrap();
        assert_eq!(
            shown(FingerprintOutcome::NoAttackerRow),
            r#"{"outcome":"no_attacker_row","attacker_uuid":null}"#
        );
        assert_eq!(
            shown(FingerprintOutcome::Unchanged { attacker_uuid: "u".into() }),
            r#"{"outcome":"unchanged","attacker_uuid":"u"}"#
        );
        let event = FingerprintRotation {
            attacker_uuid: "u".into(),
            attacker_ip: "203.0.113.7".into(),
            port: 22,
            probe_type: "hassh".into(),
            old_hash: "a".into(),
            new_hash: "b".into(),
            rotation_count: 1,
            ts: "2026-01-02".parse().unwrap(),
        };
        assert_eq!(
            shown(FingerprintOutcome::Rotated(event)),
            r#"{"outcome":"rotated","attacker_uuid":"u","attacker_ip":"203.0.113.7","port":22,"probe_type":"hassh","old_hash":"a","new_hash":"b","rotation_count":1,"ts":"2026-01-02T00:00:00Z"}"#
        );
    }
}
