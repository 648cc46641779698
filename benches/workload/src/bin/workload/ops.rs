//! Which operations there are, and which are wanted.

use std::convert::Infallible;
use std::str::FromStr;

use anyhow::{Result, bail};

/// The operations of `WORKLOAD.md`.
const WORKLOAD: &[&str] = &[
    "add_log_seq@empty",
    "add_log_c64@empty",
    "add_logs_500@empty",
    "get_logs_page1",
    "get_logs_deep",
    "get_logs_search_kv",
    "get_logs_search_text",
    "get_total_logs",
    "get_total_logs_search_text",
    "get_log_histogram",
    "get_stats_summary",
    "get_logs_after_id",
    "get_bounties_page1",
    "get_attackers_page1",
    "get_user_by_username",
    "search_rare_first",
    "search_rare_page_first",
    "search_absent_first",
    "search_common_first",
    "search_rare_again",
    "set_state",
    "get_state",
    "upsert_attacker_new",
    "upsert_attacker_existing",
    "add_bounty_new",
    "add_bounty_dup",
    "add_log_seq@N",
    "add_log_c64@N",
    "add_logs_500@N",
    "mixed_c64",
];

/// Those of its phase E, the domains beside logs.
pub(crate) const DOMAINS: &[&str] = &[
    "upsert_credential_new",
    "upsert_credential_again",
    "find_credential_reuse_candidates",
    "record_canary_trigger",
    "upsert_observation",
    "list_techniques_by_attacker",
    "list_techniques_by_identity",
    "insert_tags_50",
    "list_topology_deckies",
];

/// Those that only this program has.
const EXTRA: &[&str] = &[
    "get_logs_keyset_deep",
    "export_logs",
    "export_attackers",
    "add_log_callers_1",
    "add_log_callers_8",
    "add_log_callers_64",
    "add_log_callers_512",
    "mixed_c64_long",
    "reads@writing",
    "search_rare_1000_new",
    "reads@foreign",
    "ingest@known",
];

/// The operations that are wanted; all when none is named.
#[derive(Debug, Clone)]
pub(crate) struct Selection(Vec<String>);

impl FromStr for Selection {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
        Ok(Self(names.map(str::to_owned).collect()))
    }
}

fn all() -> impl Iterator<Item = &'static &'static str> {
    WORKLOAD.iter().chain(DOMAINS).chain(EXTRA)
}

/// Whether one of the list's entries means this operation: by its name, or by the name without `@…`.
fn means(entry: &str, operation: &str) -> bool {
    entry == operation || operation.split_once('@').is_some_and(|(name, _)| name == entry)
}

impl Selection {
    /// Fails when a name is that of no operation.
    pub(crate) fn check(&self) -> Result<()> {
        let known = |entry: &String| {
            matches!(entry.as_str(), "workload" | "domains" | "extra")
                || all().any(|operation| means(entry, operation))
        };
        if let Some(unknown) = self.0.iter().find(|entry| !known(entry)) {
            let all: Vec<&str> = all().copied().collect();
            bail!("--ops: there is no operation {unknown}; there are {}", all.join(", "));
        }
        Ok(())
    }

    /// Whether this operation is wanted.
    pub(crate) fn wants(&self, operation: &str) -> bool {
        debug_assert!(all().any(|known| *known == operation), "{operation}");
        self.0.is_empty()
            || self.0.iter().any(|entry| match entry.as_str() {
                "workload" => WORKLOAD.contains(&operation),
                "domains" => DOMAINS.contains(&operation),
                "extra" => EXTRA.contains(&operation),
                entry => means(entry, operation),
            })
    }
}
