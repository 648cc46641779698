//! How attackers behave: their stack, their tools, their timing (contract document 50).

use std::collections::BTreeMap;

use decnet_db_macros::Record;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Transactional;
use crate::error::Result;
use crate::json::{Json, JsonOrText};
use crate::sql::Changeset;
use crate::time::Timestamp;

/// The behaviour of attackers: their stack, their tools, their timing.
///
/// ```
/// # async fn example(repository: &dyn decnet_db_core::contract::Repository) -> decnet_db_core::Result<()> {
/// use decnet_db_core::contract::AttackerBehavior;
/// use decnet_db_core::sql::Changeset;
///
/// let behavior = Changeset::new().set(AttackerBehavior::OS_GUESS, "linux").set(AttackerBehavior::HOP_DISTANCE, 12);
/// repository.upsert_attacker_behavior("an attacker's uuid", behavior).await?;
/// # Ok(())
/// # }
/// ```
#[crate::contract]
pub trait Behavior: Transactional {
    /// Stores what was inferred about an attacker: given columns replace what is there, others stay or take their default.
    ///
    /// `updated_at` is now, whatever is given. Columns that hold JSON take its text, or a map or list, which is written as
    /// DECNET writes it (ruling R12). What [`get_attacker_behavior`](Self::get_attacker_behavior) returned is accepted.
    /// Costs one statement.
    ///
    /// # Errors
    /// `InvalidInput` for an unknown column, a value that its column can't hold, or another `attacker_uuid` in `data`;
    /// `Conflict` when there is no such attacker (fault 50.8: on every backend).
    #[write]
    async fn upsert_attacker_behavior(
        &self,
        attacker_uuid: &str,
        data: Changeset<AttackerBehavior>,
    ) -> Result<()>;

    /// What was inferred about an attacker. Costs one look-up by key.
    async fn get_attacker_behavior(&self, attacker_uuid: &str) -> Result<Option<AttackerBehavior>>;

    /// What was inferred about some addresses, by address; those without any are left out.
    ///
    /// Where several attackers have one address, the first in (`first_seen`, `uuid`) order that has a behaviour is shown.
    /// Costs two look-ups by index for each address.
    async fn get_behaviors_for_ips(&self, ips: &[String]) -> Result<BTreeMap<String, AttackerBehavior>>;
}

/// What was inferred from an attacker's traffic; the table `attacker_behavior`.
///
/// The three lists serialise as lists in any case: what is null or not JSON as an empty one, any other value
/// as a list of that value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(table = "attacker_behavior")]
#[non_exhaustive]
pub struct AttackerBehavior {
    /// Whose behaviour it is.
    #[column(key, references(Attacker::UUID))]
    pub attacker_uuid: String,
    /// The operating system that its TCP stack suggests.
    pub os_guess: Option<String>,
    /// How many routers lie between.
    #[column(int32)]
    pub hop_distance: Option<i64>,
    /// Traits of its TCP stack: a JSON object.
    #[column(default = "{}", spaced)]
    pub tcp_fingerprint: JsonOrText,
    /// The key exchanges that its SSH client offers, in order: JSON text.
    #[column(long, spaced)]
    #[serde(default, serialize_with = "list_of", deserialize_with = "text_of_list")]
    pub kex_order_raw: Option<String>,
    /// The banners of its SSH clients: JSON text.
    #[column(long, spaced)]
    #[serde(default, serialize_with = "list_of", deserialize_with = "text_of_list")]
    pub ssh_client_banners: Option<String>,
    /// How many segments it sent again.
    #[column(default = 0)]
    pub retransmit_count: i64,
    /// What kind of actor it behaves like.
    pub behavior_class: Option<String>,
    /// Seconds between its beacons.
    pub beacon_interval_s: Option<f64>,
    /// How much that interval varies, in per cent.
    pub beacon_jitter_pct: Option<f64>,
    /// The tools that it seems to use: JSON text.
    #[column(spaced)]
    #[serde(default, serialize_with = "list_of", deserialize_with = "text_of_list")]
    pub tool_guesses: Option<String>,
    /// Statistics of when its events came: a JSON object.
    #[column(default = "{}", spaced)]
    pub timing_stats: JsonOrText,
    /// The phases of its attack: a JSON object.
    #[column(default = "{}", spaced)]
    pub phase_sequence: JsonOrText,
    /// When the row was last written.
    #[column(index, default = now)]
    pub updated_at: Timestamp,
}

/// Shows JSON text as a list whatever it holds (contract document 50).
fn list_of<S: Serializer>(text: &Option<String>, serializer: S) -> std::result::Result<S::Ok, S::Error> {
    match text.as_deref().and_then(|text| JsonOrText::from(text).json()) {
        None => [(); 0].serialize(serializer),
        Some(json) if json.is_array() => json.serialize(serializer),
        Some(json) => [json].serialize(serializer),
    }
}

/// The text of a list as [`list_of`] shows it; an empty one is null.
fn text_of_list<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<String>, D::Error> {
    let list = Json::deserialize(deserializer)?;
    Ok((list.as_str() != "[]").then(|| list.as_str().to_owned()))
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
