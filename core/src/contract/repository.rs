//! The sum of the contract.

use async_trait::async_trait;

#[cfg(doc)]
use super::{
    Activity, Attackers, Behavior, Bounties, Campaigns, Canaries, Credentials, DeckyLifecycles, Fingerprints,
    Fleet, Identities, Intel, Lifecycle, Logs, Maintenance, Observations, Orchestrator, Realism, Rules,
    SmtpTargets, State, Swarm, Tarpits, Techniques, Topologies, Users, Webhooks,
};
use super::{Domains, Engine, Transactional};
use crate::driver::{PoolStatus, ServerInfo};
use crate::error::Result;

/// One open database, whatever its engine: what programs hold as `Arc<dyn Repository>`.
///
/// Any number of tasks may call it at once. A dropped future never leaves a write half done.
///
/// # What to call
///
/// | question | method |
/// |---|---|
/// | set a database up | [`Lifecycle::initialize`] |
/// | store an event, many events | [`Logs::add_log`], [`Logs::add_logs`] |
/// | the newest events, those that match | [`Logs::get_logs`]; page by page [`Logs::get_logs_page`] |
/// | what came since the last look | [`Logs::get_logs_after_id`], [`Logs::get_max_log_id`] |
/// | what comes from now on, each event once | [`watch`](crate::watch), beside the contract |
/// | how many events, and when | [`Logs::get_total_logs`], [`Logs::get_log_histogram`], [`Logs::get_stats_summary`] |
/// | what was left behind | [`Bounties::add_bounty`], [`Bounties::get_bounties`] |
/// | who attacked | [`Attackers::upsert_attacker`], [`Attackers::get_attackers`], [`Attackers::get_attacker_uuid_by_ip`] |
/// | what one attacker did | [`Activity::get_attacker_commands`] and the others of [`Activity`] |
/// | how it behaves, what its stack shows | [`Behavior::get_attacker_behavior`], [`Fingerprints::record_fingerprint`] |
/// | whom it sends mail to | [`SmtpTargets::list_smtp_targets`] |
/// | which credentials were tried, which secrets turn up again | [`Credentials::get_credentials`], [`Credentials::list_credential_reuses`] |
/// | who is behind several addresses | [`Identities::get_identity_by_uuid`], [`Identities::set_attacker_identity_id`]; their [`Campaigns`] |
/// | what sensors measured of it | [`Observations::upsert_observation`], [`Observations::observations_time_series`] |
/// | what providers say about it | [`Intel::get_unenriched_attackers`], [`Intel::upsert_attacker_intel`] |
/// | which ATT&CK techniques it used | [`Techniques::insert_tags`], [`Techniques::list_techniques_by_attacker`] |
/// | which rules recognise them | [`Rules::load_compiled`], [`Rules::get_rules_updated_since`] |
/// | which deckies run, and where | [`Fleet::list_running_deckies`], [`Swarm::list_decky_shards`], [`Swarm::list_swarm_hosts`] |
/// | how far a deployment is | [`DeckyLifecycles::find_open_lifecycle`] |
/// | networks of deckies: design, status, changes | [`Topologies::create_topology`], [`Topologies::update_topology_status`], [`Topologies::claim_next_mutation`] |
/// | canaries and who touched them | [`Canaries::get_canary_token_by_slug`], [`Canaries::record_canary_trigger`] |
/// | which ports are slowed down | [`Tarpits::get_tarpit_rule`] |
/// | what makes deckies look alive | [`Realism::record_synthetic_file`], [`Orchestrator::record_orchestrator_event`] |
/// | who is told about events | [`Webhooks::list_webhook_subscriptions`] |
/// | who may log in | [`Users::get_user_by_username`], [`Users::is_token_revoked`] |
/// | keep a value of a worker | [`State::get_state`], [`State::set_state`] |
/// | clear what was captured | [`Maintenance::purge_logs_and_bounties`] |
/// | several writes in one commit | [`Transactional::unit`], which begins a [`UnitOfWork`](super::UnitOfWork) |
/// | any of them by name, with JSON | [`call`](crate::call::call) |
///
/// Each trait below has the rest of its domain, and an example.
///
/// # Errors
///
/// Any call may fail with `Unavailable` (the database can't be reached or is too busy: nothing was written), `Configuration` (no
/// schema), `Backend` (the engine failed), and a write with `UnknownOutcome` (the connection was lost after COMMIT was sent). What a
/// method's own `Errors` say is beside these.
///
/// The traits are for callers: every minor version may add methods. A test that wants another answer than the database's uses
/// [`testing::intercept`](crate::testing::intercept).
#[async_trait]
pub trait Repository: Transactional + Domains + Send + Sync {
    /// The engine's name, as OpenTelemetry's `db.system.name` has it: `sqlite`, `mysql`, `mariadb`.
    fn system(&self) -> &'static str;

    /// What commits units; for wrappers.
    #[doc(hidden)]
    fn engine(&self) -> &dyn Engine;

    /// One round trip to the engine.
    ///
    /// # Errors
    /// `Unavailable` when it does not answer.
    async fn ping(&self) -> Result<ServerInfo>;

    /// How the connections stand at the moment.
    fn pool(&self) -> PoolStatus;

    /// The tables in the order of their creation, with the number of their rows; `None` for a table that is missing.
    ///
    /// # Errors
    /// `Unavailable` when the engine does not answer.
    async fn row_counts(&self) -> Result<Vec<(&'static str, Option<u64>)>>;

    /// The revisions that the database is stamped with: none before `initialize`, one as a rule.
    ///
    /// # Errors
    /// `Unavailable` when the engine does not answer.
    async fn revisions(&self) -> Result<Vec<String>>;

    /// Finishes what was committed and closes all connections. Later calls fail with `Unavailable`.
    async fn close(&self);
}
