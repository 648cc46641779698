//! What a repository promises: one trait and its records per domain, summed in [`Repository`].
//!
//! Method, argument, table and column names are DECNET's. Results serialise to exactly DECNET's JSON.
//!
//! [`Repository`] says which question each answers. A record that is a table's row names its table.

#[macro_use]
mod debug;
#[macro_use]
mod flattened;

mod activity;
mod arguments;
mod attackers;
mod behavior;
mod bounties;
mod campaigns;
mod canary;
mod commits;
mod credentials;
mod decky_lifecycle;
mod fingerprints;
mod fleet;
mod identities;
mod intel;
mod lifecycle;
pub mod limits;
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
mod values;
mod webhooks;

pub use crate::sql::{Changeset, Value};
#[doc(hidden)]
pub use commits::Commits;
pub use page::{Cursor, Page};
pub use query::Query;
pub use repository::Repository;
pub use simhash::Simhash;
pub use topology::{
    DesignedDecky, Lan, Topology, TopologyDecky, TopologyEdge, TopologyMutation, TopologyStatusEvent,
};
pub use unit::{Engine, Transactional, UnitOfWork};
#[doc(hidden)]
pub use values::{Counted, ValueCounts};

/// Names the domains, each by its module, its trait, and the records and results that belong to it: their exports, the sum of
/// the traits, and the table of methods follow.
macro_rules! domains {
    ($($module:ident: $domain:ident $({ $($record:ident)* })?)*) => {
        $(pub use $module::{$domain $(, $($record),*)?};)*

        /// All domains: what a [`Repository`] answers. Every type that has them has this.
        pub trait Domains: $($domain +)* Send + Sync {}

        impl<T: $($domain +)* Send + Sync + ?Sized> Domains for T {}

        /// The methods of all domains.
        pub(crate) const CONTRACT: &[&[method::Method]] = &[$(<dyn $domain>::METHODS),*];
    };
}

// One line a domain, in the order of the contract documents.
domains! {
    lifecycle: Lifecycle { Initialized SeededAdmin }
    users: Users { NewUser PublicUser RevokedToken User }
    logs: Logs { Bucket Log LogCursor LogFilter LogQuery NewLog Stats }
    bounties: Bounties { Bounty BountyCursor BountyFilter BountyQuery NewBounty }
    state: State { StateEntry }
    swarm: Swarm { DeckyShard ListedShard SwarmHost }
    fleet: Fleet { DeckySource FleetDecky RunningDecky }
    decky_lifecycle: DeckyLifecycles { DeckyLifecycle }
    topologies: Topologies { TopologyMutationCursor }
    attackers: Attackers { Attacker AttackerCursor AttackerFilter AttackerOrder AttackerQuery ExportedAttacker Ipv6Evidence }
    activity: Activity { CommandPage }
    behavior: Behavior { AttackerBehavior }
    smtp_targets: SmtpTargets { SmtpTarget SmtpTargetSeen }
    fingerprints: Fingerprints { AttackerFingerprintState FingerprintOutcome FingerprintRotation }
    webhooks: Webhooks { PublicWebhook WebhookSubscription }
    canary: Canaries { CanaryBlob CanaryToken CanaryTokenCursor CanaryTokenFilter CanaryTrigger CanaryTriggerCursor ListedBlob }
    tarpit: Tarpits { TarpitRule }
    realism: Realism { RealismConfig SyntheticFile SyntheticFileFilter }
    orchestrator: Orchestrator { OrchestratorEmail OrchestratorEvent }
    credentials: Credentials { Credential CredentialCursor CredentialFilter CredentialQuery CredentialReuse CredentialReuseCandidate ListedCredentialReuse UpsertedCredentialReuse }
    identities: Identities { AttackerIdentity AttributionState ClusteringAttacker ClusteringIdentity IdentityCursor MultiActorIdentity }
    campaigns: Campaigns { Campaign CampaignCursor }
    observations: Observations { LatestObservation Observation ObservationCursor ObservationEnvelope ObservationWindow ObservedAttachment ObservedValue }
    intel: Intel { AttackerIntel IntelEvent UnenrichedAttacker }
    ttp: Techniques { AttackerCommands CampaignTechnique DeckyPhase DistinctTechnique NewTag TagScope Technique TechniqueRollup TtpRule TtpRuleState TtpTag TtpTagCursor }
    rules: Rules { CompiledRule Emit Rule RuleState RuleStatus UpdatedRule }
    maintenance: Maintenance { Purged }
}
