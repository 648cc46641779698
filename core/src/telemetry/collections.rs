//! The table of a contract method, where it has one alone.

/// Tables, each with the methods whose statements name it and no other. `tests/base` compares this with the statements.
const COLLECTIONS: &[(&str, &str)] = &[
    ("attacker_behavior", "upsert_attacker_behavior get_attacker_behavior"),
    (
        "attacker_identities",
        "list_identities_for_campaign count_identities_for_campaign set_identity_campaign_id \
         create_attacker_identity get_identity_by_uuid list_identities count_identities list_all_identities \
         get_identities_page list_identities_for_clustering update_identity_merged_into \
         update_identity_fingerprints",
    ),
    ("attacker_intel", "upsert_attacker_intel get_attacker_intel_by_uuid get_attacker_intel_row_by_uuid"),
    (
        "attackers",
        "get_attacker_commands list_attacker_commands_deduped upsert_attacker get_attacker_uuid_by_ip \
         get_attacker_by_uuid get_attackers get_total_attackers get_attackers_page list_observations_for_identity \
         count_observations_for_identity list_attackers_for_clustering set_attacker_identity_id \
         ensure_stub_identity_for_attacker iter_attacker_commands_since attacker_commands_page",
    ),
    (
        "attribution_state",
        "upsert_attribution_state get_attribution_state get_attribution_state_for_identity \
         list_multi_actor_identities",
    ),
    (
        "bounty",
        "add_bounty get_bounties get_bounties_page get_total_bounties get_all_bounties_by_ip get_bounties_for_ips \
         get_fingerprint_bounties_by_ip get_all_fingerprint_bounties_for_export count_probe_relays",
    ),
    (
        "campaigns",
        "create_campaign get_campaign_by_uuid list_campaigns count_campaigns list_all_campaigns get_campaigns_page \
         update_campaign_merged_into",
    ),
    ("canary_blobs", "upsert_canary_blob get_canary_blob get_canary_blob_by_sha256"),
    (
        "canary_tokens",
        "create_canary_token get_canary_token get_canary_token_by_slug list_canary_tokens get_canary_tokens_page \
         update_canary_token_state",
    ),
    (
        "canary_triggers",
        "list_canary_triggers attribute_canary_trigger iter_canary_triggers_since get_canary_triggers_page",
    ),
    (
        "credentials",
        "upsert_credential get_credentials get_total_credentials get_credentials_page get_credentials_for_attacker \
         get_credential_attempts_for_secret update_credential_attacker_uuid find_credential_reuse_candidates",
    ),
    (
        "decky_lifecycle",
        "create_lifecycle update_lifecycle get_lifecycle_by_ids find_open_lifecycle sweep_stale_lifecycle",
    ),
    ("decky_shards", "upsert_decky_shard list_decky_shards delete_decky_shards_for_host delete_decky_shard"),
    (
        "fleet_deckies",
        "upsert_fleet_decky delete_fleet_decky get_fleet_decky_by_name list_fleet_deckies \
         list_running_fleet_deckies update_fleet_decky_state get_deckies",
    ),
    ("lans", "list_lans_for_topology"),
    (
        "logs",
        "get_session_log add_log add_logs get_logs get_logs_page get_total_logs get_max_log_id get_logs_after_id \
         get_log_histogram",
    ),
    (
        "observations",
        "upsert_observation get_observation_by_id latest_observation_per_primitive observations_time_series \
         has_observations_for_evidence list_observations_by_attacker get_all_observations_for_export \
         export_observations",
    ),
    ("observed_attachments", "upsert_observed_attachment"),
    (
        "orchestrator_emails",
        "record_orchestrator_email list_orchestrator_emails count_orchestrator_emails \
         list_orchestrator_email_threads prune_orchestrator_emails",
    ),
    (
        "orchestrator_events",
        "record_orchestrator_event list_orchestrator_events count_orchestrator_events prune_orchestrator_events",
    ),
    ("realism_config", "get_realism_config set_realism_config"),
    ("revoked_tokens", "revoke_token is_token_revoked"),
    ("smtp_targets", "increment_smtp_target list_smtp_targets smtp_target_seen"),
    ("state", "get_state set_state"),
    (
        "swarm_hosts",
        "add_swarm_host get_swarm_host_by_name get_swarm_host_by_uuid get_swarm_host_by_fingerprint \
         list_swarm_hosts update_swarm_host",
    ),
    (
        "synthetic_files",
        "record_synthetic_file update_synthetic_file list_synthetic_files count_synthetic_files get_synthetic_file \
         pick_random_synthetic_file_for_edit",
    ),
    ("tarpit_rules", "set_tarpit_rule get_tarpit_rule delete_tarpit_rule list_tarpit_rules"),
    (
        "topologies",
        "create_topology get_topology list_topologies count_topologies set_topology_resync \
         set_topology_email_personas list_topologies_needing_resync list_live_topology_ids",
    ),
    ("topology_deckies", "list_topology_deckies list_running_topology_deckies"),
    ("topology_edges", "list_topology_edges"),
    (
        "topology_mutations",
        "claim_next_mutation mark_mutation_applied mark_mutation_failed list_topology_mutations \
         get_topology_mutations_page",
    ),
    ("topology_status_events", "list_topology_status_events"),
    ("ttp_rule", "upsert_rule delete_rule"),
    ("ttp_rule_state", "get_rule_state set_rule_state"),
    (
        "ttp_tag",
        "insert_tags list_techniques_by_attacker list_techniques_by_session list_distinct_techniques \
         get_all_ttp_rollups_for_export list_ttp_tags_by_attacker export_ttp_tags",
    ),
    (
        "users",
        "get_user_by_username get_user_by_uuid create_user update_user_password list_users delete_user \
         update_user_role set_tokens_valid_from",
    ),
    (
        "webhook_subscriptions",
        "create_webhook_subscription get_webhook_subscription get_webhook_subscription_by_name \
         list_webhook_subscriptions update_webhook_subscription delete_webhook_subscription record_webhook_success \
         record_webhook_failure trip_webhook_circuit",
    ),
];

/// See [`COLLECTIONS`].
pub(super) fn collection_of(method: &str) -> Option<&'static str> {
    let has = |methods: &str| methods.split(' ').any(|name| name == method);
    COLLECTIONS.iter().find(|(_, methods)| has(methods)).map(|(table, _)| *table)
}
