//! What a repository promises: one trait and its records per domain, summed in [`Repository`].
//!
//! Method, argument, table and column names are DECNET's. Results serialise to exactly DECNET's JSON.
//!
//! | domain | file | tables |
//! |---|---|---|
//! | users, tokens | `users` | `users`, `revoked_tokens` |
//! | events | `logs` | `logs` |
//! | loot | `bounties` | `bounty` |
//! | named values | `state` | `state` |
//! | attackers | `attackers` | `attackers` |
//! | what they did | `activity` | none: derived from `logs` and `bounty` |
//! | their behaviour | `behavior` | `attacker_behavior` |
//! | their fingerprints over time | `fingerprints` | `attacker_fingerprint_state` |
//! | whom they send mail to | `smtp_targets` | `smtp_targets` |
//! | their credentials | `credentials` | `credentials`, `credential_reuse` |
//! | who they are | `identities`, `campaigns` | `attacker_identities`, `attribution_state`; `campaigns` |
//! | what they show | `observations` | `observations`, `observed_attachments` |
//! | what others say | `intel` | `attacker_intel` |
//! | ATT&CK techniques | `ttp` | `ttp_tag` |
//! | the rules that recognise them | `rules` | `ttp_rule`, `ttp_rule_state` |
//! | worker hosts | `swarm` | `swarm_hosts`, `decky_shards` |
//! | the master's deckies | `fleet` | `fleet_deckies` |
//! | their deployment | `decky_lifecycle` | `decky_lifecycle` |
//! | topologies | `topologies`, `topology` | `topologies`, `lans`, and all `topology_…` |
//! | canaries | `canary` | `canary_blobs`, `canary_tokens`, `canary_triggers` |
//! | tarpits | `tarpit` | `tarpit_rules` |
//! | realism | `realism` | `synthetic_files`, `realism_config` |
//! | simulated use | `orchestrator` | `orchestrator_events`, `orchestrator_emails` |
//! | webhooks | `webhooks` | `webhook_subscriptions` |

#[macro_use]
mod debug;

mod activity;
mod arguments;
mod attackers;
mod behavior;
mod bounties;
mod campaigns;
mod canary;
mod credentials;
mod decky_lifecycle;
mod fingerprints;
mod fleet;
mod identities;
mod intel;
mod lifecycle;
mod logs;
mod maintenance;
pub mod method;
mod observations;
mod orchestrator;
mod page;
mod query;
mod realism;
mod repository;
mod rules;
pub mod search;
mod simhash;
mod smtp_targets;
mod state;
mod swarm;
pub mod tables;
mod tarpit;
mod topologies;
mod topology;
mod ttp;
pub(crate) mod unit;
mod users;
mod webhooks;

pub use crate::sql::{Changeset, Value};
pub use activity::{Activity, CommandPage};
pub use attackers::{
    Attacker, AttackerCursor, AttackerFilter, AttackerOrder, AttackerQuery, Attackers, ExportedAttacker,
    Ipv6Evidence,
};
pub use behavior::{AttackerBehavior, Behavior};
pub use bounties::{Bounties, Bounty, BountyCursor, BountyFilter, BountyQuery, NewBounty};
pub use campaigns::{Campaign, Campaigns};
pub use canary::{
    Canaries, CanaryBlob, CanaryToken, CanaryTokenFilter, CanaryTrigger, CanaryTriggerCursor, ListedBlob,
};
pub use credentials::{
    Credential, CredentialFilter, CredentialQuery, CredentialReuse, CredentialReuseCandidate, Credentials,
    ListedCredentialReuse, UpsertedCredentialReuse,
};
pub use decky_lifecycle::{DeckyLifecycle, DeckyLifecycles};
pub use fingerprints::{AttackerFingerprintState, FingerprintOutcome, FingerprintRotation, Fingerprints};
pub use fleet::{DeckySource, Fleet, FleetDecky, RunningDecky};
pub use identities::{
    AttackerIdentity, AttributionState, ClusteringAttacker, ClusteringIdentity, Identities,
    MultiActorIdentity,
};
pub use intel::{AttackerIntel, Intel, IntelEvent, UnenrichedAttacker};
pub use lifecycle::{Initialized, Lifecycle, SeededAdmin};
pub use logs::{Bucket, Log, LogCursor, LogFilter, LogQuery, Logs, NewLog, Stats};
pub use maintenance::{Maintenance, Purged};
pub use observations::{
    LatestObservation, Observation, ObservationCursor, ObservationEnvelope, Observations, ObservedAttachment,
    ObservedValue,
};
pub use orchestrator::{Orchestrator, OrchestratorEmail, OrchestratorEvent};
pub use page::{Cursor, Page};
pub use query::Query;
pub use realism::{Realism, RealismConfig, SyntheticFile, SyntheticFileFilter};
pub use repository::Repository;
pub use rules::{CompiledRule, Emit, Rule, RuleState, RuleStatus, Rules, UpdatedRule};
pub use simhash::Simhash;
pub use smtp_targets::{SmtpTarget, SmtpTargetSeen, SmtpTargets};
pub use state::{State, StateEntry};
pub use swarm::{DeckyShard, ListedShard, Swarm, SwarmHost};
pub use tarpit::{TarpitRule, Tarpits};
pub use topologies::Topologies;
pub use topology::{
    DesignedDecky, Lan, Topology, TopologyDecky, TopologyEdge, TopologyMutation, TopologyStatusEvent,
};
pub use ttp::{
    AttackerCommands, CampaignTechnique, DeckyPhase, DistinctTechnique, NewTag, TagScope, Technique,
    TechniqueRollup, Techniques, TtpRule, TtpRuleState, TtpTag, TtpTagCursor,
};
pub use unit::{Engine, Transactional, UnitOfWork};
pub use users::{NewUser, RevokedToken, User, Users};
pub use webhooks::{PublicWebhook, WebhookSubscription, Webhooks};

use self::method::Method;

/// The methods of all domains.
pub(crate) const CONTRACT: &[&[Method]] = &[
    <dyn Lifecycle>::METHODS,
    <dyn Users>::METHODS,
    <dyn Logs>::METHODS,
    <dyn Bounties>::METHODS,
    <dyn State>::METHODS,
    <dyn Swarm>::METHODS,
    <dyn Fleet>::METHODS,
    <dyn DeckyLifecycles>::METHODS,
    <dyn Topologies>::METHODS,
    <dyn Attackers>::METHODS,
    <dyn Activity>::METHODS,
    <dyn Behavior>::METHODS,
    <dyn SmtpTargets>::METHODS,
    <dyn Fingerprints>::METHODS,
    <dyn Webhooks>::METHODS,
    <dyn Canaries>::METHODS,
    <dyn Tarpits>::METHODS,
    <dyn Realism>::METHODS,
    <dyn Orchestrator>::METHODS,
    <dyn Credentials>::METHODS,
    <dyn Identities>::METHODS,
    <dyn Campaigns>::METHODS,
    <dyn Observations>::METHODS,
    <dyn Intel>::METHODS,
    <dyn Techniques>::METHODS,
    <dyn Rules>::METHODS,
    <dyn Maintenance>::METHODS,
];
