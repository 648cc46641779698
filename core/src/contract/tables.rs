//! All tables, in the order of their creation.

use super::{
    Attacker, AttackerBehavior, AttackerFingerprintState, AttackerIdentity, AttackerIntel, AttributionState,
    Bounty, Campaign, CanaryBlob, CanaryToken, CanaryTrigger, Credential, CredentialReuse, DeckyLifecycle,
    DeckyShard, FleetDecky, Lan, Log, Observation, ObservedAttachment, OrchestratorEmail, OrchestratorEvent,
    RealismConfig, RevokedToken, SmtpTarget, StateEntry, SwarmHost, SyntheticFile, TarpitRule, Topology,
    TopologyDecky, TopologyEdge, TopologyMutation, TopologyStatusEvent, TtpRule, TtpRuleState, TtpTag, User,
    WebhookSubscription,
};
use crate::sql::{Record, Schema};

/// The schema of DECNET 1.0.0: what [`initialize`](crate::contract::Lifecycle::initialize) creates (ruling R2).
///
/// Each table comes after those that it refers to (contract document 10 §6).
pub const SCHEMA: Schema = Schema {
    tables: &[
        Bounty::TABLE,
        Campaign::TABLE,
        CanaryBlob::TABLE,
        CredentialReuse::TABLE,
        DeckyLifecycle::TABLE,
        FleetDecky::TABLE,
        Log::TABLE,
        ObservedAttachment::TABLE,
        OrchestratorEmail::TABLE,
        OrchestratorEvent::TABLE,
        RealismConfig::TABLE,
        RevokedToken::TABLE,
        StateEntry::TABLE,
        SwarmHost::TABLE,
        SyntheticFile::TABLE,
        TarpitRule::TABLE,
        TtpRule::TABLE,
        TtpRuleState::TABLE,
        User::TABLE,
        WebhookSubscription::TABLE,
        AttackerIdentity::TABLE,
        CanaryToken::TABLE,
        DeckyShard::TABLE,
        Topology::TABLE,
        Attacker::TABLE,
        AttributionState::TABLE,
        CanaryTrigger::TABLE,
        Lan::TABLE,
        TopologyDecky::TABLE,
        TopologyMutation::TABLE,
        TopologyStatusEvent::TABLE,
        AttackerBehavior::TABLE,
        AttackerFingerprintState::TABLE,
        AttackerIntel::TABLE,
        Credential::TABLE,
        Observation::TABLE,
        SmtpTarget::TABLE,
        TopologyEdge::TABLE,
        TtpTag::TABLE,
    ],
    revision: "4a914b1d62a0",
};
