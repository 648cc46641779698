//! Identities: what groups attackers, and how sure that is (contract document 82).

use decnet_db_macros::Record;
use serde::{Deserialize, Serialize};

use super::{Attacker, Cursor, Page, Simhash, Transactional};
use crate::error::Result;
use crate::json::{Json, JsonOrText};
use crate::sql::Changeset;
use crate::time::Timestamp;

/// Identities: what groups attackers, and what is attributed to them.
///
/// ```
/// # async fn example(repository: &dyn decnet_db_core::contract::Repository) -> decnet_db_core::Result<()> {
/// let identity = repository.create_attacker_identity(Default::default()).await?;
/// repository.set_attacker_identity_id("an attacker's uuid", &identity).await?;
/// let addresses = repository.list_observations_for_identity(&identity, 50, 0).await?;
/// # Ok(())
/// # }
/// ```
#[crate::contract]
pub trait Identities: Transactional {
    /// Inserts an identity; its uuid. What is absent or null takes its default.
    ///
    /// # Errors
    /// `InvalidInput` without `uuid`, and for an unknown member or one that its column can't hold; `Conflict` when the uuid
    /// is taken, or no row has the given `campaign_id` or `merged_into_uuid`.
    #[write]
    async fn create_attacker_identity(&self, row: Changeset<AttackerIdentity>) -> Result<String>;

    /// The identity with that uuid, or the one that it was merged into in the end; null when one on the way is missing.
    ///
    /// Merges are followed however many there are. In a ring, which DECNET could make, it is the last one before the ring
    /// would repeat (ruling R19).
    async fn get_identity_by_uuid(&self, uuid: &str) -> Result<Option<AttackerIdentity>>;

    /// The identities that are not merged, those written last first, those of one instant by descending uuid.
    ///
    /// # Errors
    /// `InvalidInput` for a negative limit or offset.
    async fn list_identities(
        &self,
        #[default(50)] limit: u64,
        #[default(0)] offset: u64,
    ) -> Result<Vec<AttackerIdentity>>;

    /// How many identities are not merged.
    async fn count_identities(&self) -> Result<u64>;

    /// All identities, merged ones too, in the order of their making. Reads the whole table;
    /// [`get_identities_page`](Self::get_identities_page) has them in pages.
    async fn list_all_identities(&self) -> Result<Vec<AttackerIdentity>>;

    /// All identities, merged ones too, by uuid, page by page.
    ///
    /// # Errors
    /// `InvalidInput` for a limit below 1, or a cursor of another list.
    async fn get_identities_page(
        &self,
        #[default(1000)] limit: u64,
        #[doc = "`next` of the page before"] after: Option<IdentityCursor>,
    ) -> Result<Page<AttackerIdentity, IdentityCursor>>;

    /// The attackers of an identity, those seen last first; merges are not followed.
    ///
    /// # Errors
    /// `InvalidInput` for a negative limit or offset.
    async fn list_observations_for_identity(
        &self,
        identity_uuid: &str,
        #[default(50)] limit: u64,
        #[default(0)] offset: u64,
    ) -> Result<Vec<Attacker>>;

    /// How many attackers an identity has; merges are not followed.
    async fn count_observations_for_identity(&self, identity_uuid: &str) -> Result<u64>;

    /// What clustering needs of the attackers, in the order in which they were first seen; of all unless limited.
    ///
    /// # Errors
    /// `InvalidInput` for a negative limit.
    async fn list_attackers_for_clustering(&self, limit: Option<u64>) -> Result<Vec<ClusteringAttacker>>;

    /// What clustering needs of the identities, merged ones too, in the order of their making; of all unless limited.
    ///
    /// # Errors
    /// `InvalidInput` for a negative limit.
    async fn list_identities_for_clustering(&self, limit: Option<u64>) -> Result<Vec<ClusteringIdentity>>;

    /// Says whose address an attacker is; an unknown attacker changes nothing.
    ///
    /// # Errors
    /// `Conflict` when no identity has the uuid.
    #[write(conflict = "identity_uuid: no identity has this uuid")]
    async fn set_attacker_identity_id(&self, attacker_uuid: &str, identity_uuid: &str) -> Result<()>;

    /// The attacker's identity, made anew where it has none; null when there is no such attacker.
    ///
    /// A new one has a uuid of 32 hexadecimal digits, the attacker's times, and one observation. It is in the database before
    /// the attacker refers to it; of calls at once one makes it and all return it (ruling R7). Merges are not followed.
    #[writes]
    async fn ensure_stub_identity_for_attacker(&self, attacker_uuid: &str) -> Result<Option<String>>;

    /// Says which identity replaces this one, null that none does; an unknown identity changes nothing.
    ///
    /// # Errors
    /// `Conflict` when no identity has the winner's uuid, and for a merge into itself or into a ring (ruling R19).
    #[write(conflict = "winner_uuid: no identity has this uuid")]
    async fn update_identity_merged_into(&self, identity_uuid: &str, winner_uuid: Option<&str>)
    -> Result<()>;

    /// Replaces an identity's four fingerprints: what is absent becomes null. An unknown identity changes nothing.
    ///
    /// The lists are JSON lists, stored spaced, or text, stored as it is.
    ///
    /// # Errors
    /// `InvalidInput` for a value that is neither a list nor text, or a hash that is not 16 hexadecimal digits.
    #[write]
    async fn update_identity_fingerprints(
        &self,
        identity_uuid: &str,
        ja3_hashes: Option<Json>,
        hassh_hashes: Option<Json>,
        tls_cert_sha256: Option<Json>,
        kd_digraph_simhash: Option<Simhash>,
    ) -> Result<()>;

    /// Inserts the state of an identity's trait, or sets the given columns of the one with its `identity_uuid` and
    /// `primitive`.
    ///
    /// `current_value` takes any JSON value, null too. `schema_version` and `updated_at` are ignored; null means absent for
    /// the other columns. Exact under concurrency (ruling R7).
    ///
    /// # Errors
    /// `InvalidInput` without the key, for a new row that lacks a column, and for an unknown member or one that its column
    /// can't hold; `Conflict` when there is no such identity.
    #[write(conflict = "identity_uuid: no identity has this uuid")]
    async fn upsert_attribution_state(&self, data: Changeset<AttributionState>) -> Result<()>;

    /// The state of an identity's trait, or null.
    async fn get_attribution_state(
        &self,
        identity_uuid: &str,
        primitive: &str,
    ) -> Result<Option<AttributionState>>;

    /// The states of an identity's traits, by trait.
    async fn get_attribution_state_for_identity(&self, identity_uuid: &str) -> Result<Vec<AttributionState>>;

    /// The identities of which two traits or more are in state `multi_actor`, by uuid, with those traits.
    async fn list_multi_actor_identities(&self) -> Result<Vec<MultiActorIdentity>>;
}

/// Where a page of identities ended.
pub type IdentityCursor = Cursor<AttackerIdentity>;

/// An actor behind one or more source addresses; the table `attacker_identities`.
///
/// The lists stay JSON text when it serialises.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(table = "attacker_identities")]
#[non_exhaustive]
pub struct AttackerIdentity {
    /// The identity's key: a uuid, or its 32 hex digits alone.
    #[column(key)]
    pub uuid: String,
    /// The version of the row's layout: 1.
    #[column(int32, default = 1)]
    pub schema_version: i64,
    /// The campaign that it takes part in; null when none is known.
    #[column(index, references(Campaign::UUID))]
    pub campaign_id: Option<String>,
    /// When the first of its addresses was first seen.
    #[column(index)]
    pub first_seen_at: Option<Timestamp>,
    /// When one of its addresses was last seen.
    #[column(index)]
    pub last_seen_at: Option<Timestamp>,
    /// When the row was made.
    #[column(index, default = now)]
    pub created_at: Timestamp,
    /// When the row was last written.
    #[column(index, default = now)]
    pub updated_at: Timestamp,
    /// How sure the grouping is, from 0 to 1; null when not computed.
    pub confidence: Option<f64>,
    /// How many observations it rests on.
    #[column(default = 0)]
    pub observation_count: i64,
    /// JA3 fingerprints of its TLS clients: the text of a JSON list of text.
    #[column(long, spaced = list)]
    pub ja3_hashes: Option<String>,
    /// HASSH fingerprints of its SSH clients: the text of a JSON list of text.
    #[column(long, spaced = list)]
    pub hassh_hashes: Option<String>,
    /// JA4H fingerprints of its HTTP requests: the text of a JSON list of text.
    #[column(long, spaced = list)]
    pub ja4h_hashes: Option<String>,
    /// JA4 fingerprints of its QUIC clients: the text of a JSON list of text.
    #[column(long, spaced = list)]
    pub ja4_quic_hashes: Option<String>,
    /// The HTTP versions that it spoke: the text of a JSON list of text.
    #[column(long, spaced = list)]
    pub http_versions_seen: Option<String>,
    /// SHA-256 of certificates that it showed: the text of a JSON list of text.
    #[column(long, spaced = list)]
    pub tls_cert_sha256: Option<String>,
    /// IPv6 addresses that it leaked: the text of a JSON list of objects with `iid`, `oui`, `kind`,
    /// `first_seen`.
    #[column(exact, long, spaced = list)]
    pub ipv6_link_local_iids: Option<String>,
    /// Similarity hashes of its payloads: the text of a JSON list of text.
    #[column(long, spaced = list)]
    pub payload_simhashes: Option<String>,
    /// Its command-and-control endpoints: the text of a JSON list of text.
    #[column(long, spaced = list)]
    pub c2_endpoints: Option<String>,
    /// Similarity hash of its typing rhythm: 8 bytes, most significant first.
    #[column(index, bytes = 8)]
    #[serde(default, deserialize_with = "super::simhash::stored")]
    pub kd_digraph_simhash: Option<Simhash>,
    /// The identity that replaces this one; null while it stands for itself.
    #[column(index, references(AttackerIdentity::UUID))]
    pub merged_into_uuid: Option<String>,
    /// The operator's notes.
    #[column(long)]
    pub notes: Option<String>,
}

/// How steady one behavioural trait of an identity is; the table `attribution_state`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(
    table = "attribution_state",
    index(ix_attribution_state_identity_state(identity_uuid, state)),
    index(ix_attribution_state_last_change(last_change_ts))
)]
#[non_exhaustive]
pub struct AttributionState {
    /// Whose trait it is.
    #[column(key, references(AttackerIdentity::UUID))]
    pub identity_uuid: String,
    /// The trait's dotted name.
    #[column(key)]
    pub primitive: String,
    /// Its present value: any JSON value.
    #[column(json, spaced = any)]
    pub current_value: JsonOrText,
    /// `unknown`, `stable`, `drifting`, `conflicted` or `multi_actor`.
    #[column(index)]
    pub state: String,
    /// How sure that is, from 0 to 1.
    pub confidence: f64,
    /// How many observations it rests on.
    #[column(default = 0)]
    pub observation_count: i64,
    /// When the value last changed, in seconds since the Unix epoch.
    #[column(epoch)]
    pub last_change_ts: f64,
    /// When it was last observed, in seconds since the Unix epoch.
    #[column(epoch)]
    pub last_observation_ts: f64,
    /// The version of the row's layout: 1.
    #[column(int32, default = 1)]
    pub schema_version: i64,
    /// When the row was last written.
    #[column(default = now)]
    pub updated_at: Timestamp,
}

/// What clustering needs of an attacker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClusteringAttacker {
    /// The attacker's key.
    pub uuid: String,
    /// The number of its autonomous system.
    pub asn: Option<i64>,
    /// Whose address it is.
    pub identity_id: Option<String>,
    /// The text of its JSON list of fingerprints, as stored.
    pub fingerprints: String,
}

/// What clustering needs of an identity; the lists are JSON text, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClusteringIdentity {
    /// The identity's key.
    pub uuid: String,
    /// The campaign that it takes part in.
    pub campaign_id: Option<String>,
    /// The identity that replaces this one.
    pub merged_into_uuid: Option<String>,
    /// When the first of its addresses was first seen.
    pub first_seen_at: Option<Timestamp>,
    /// When one of its addresses was last seen.
    pub last_seen_at: Option<Timestamp>,
    /// JA3 fingerprints of its TLS clients.
    pub ja3_hashes: Option<String>,
    /// HASSH fingerprints of its SSH clients.
    pub hassh_hashes: Option<String>,
    /// Similarity hashes of its payloads.
    pub payload_simhashes: Option<String>,
    /// Its command-and-control endpoints.
    pub c2_endpoints: Option<String>,
    /// Similarity hash of its typing rhythm.
    #[serde(default, deserialize_with = "super::simhash::stored")]
    pub kd_digraph_simhash: Option<Simhash>,
}

/// An identity that seems to be several actors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct MultiActorIdentity {
    /// Which.
    pub identity_uuid: String,
    /// The traits that say so, sorted.
    pub primitives: Vec<String>,
}
