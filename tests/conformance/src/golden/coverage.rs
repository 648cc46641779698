//! What each domain says about its recorded calls (`cases/<domain>/golden.rs`): what is not there yet, and what a ruling
//! changes.

use std::collections::BTreeSet;

use serde_json::Value;

use super::List;
use crate::cases::DOMAINS;

/// What one domain says about its recorded calls.
#[derive(Default)]
pub(crate) struct Coverage {
    /// Recorded methods that the contract does not have yet; their calls are left out of the replay. A method that is listed
    /// here and exists fails the tests, so the list is empty when the domain is whole.
    pub(crate) pending: &'static [&'static str],
    /// The domain's tables. While methods are pending, the replay of writes leaves out all of the domain's; the tables hold the
    /// original's rows from the start, for other domains' rows to refer to, and are not compared afterwards.
    pub(crate) tables: &'static [&'static str],
    /// Tables of other domains that the domain's methods write too. They are not compared while methods are pending.
    pub(crate) tables_of_others: &'static [&'static str],
    /// The calls whose outcome a ruling changes.
    pub(crate) ruled: Vec<Ruled>,
    /// The rows that the replayed writes leave another way than the original's, because a ruling wants so.
    pub(crate) rows: Vec<RuledRow>,
}

/// A recorded call whose outcome a ruling changes: never left out, but listed with what the ruling wants.
#[derive(Clone)]
pub(crate) struct Ruled {
    pub(crate) list: List,
    pub(crate) n: u64,
    /// The ruling's number, and what it says of this call.
    pub(crate) ruling: &'static str,
    /// Our result, or the name of our error.
    pub(crate) outcome: Result<Value, &'static str>,
}

impl Ruled {
    /// The call returns this.
    pub(crate) fn answer(list: List, n: u64, ruling: &'static str, answer: Value) -> Self {
        Self { list, n, ruling, outcome: Ok(answer) }
    }

    /// The call fails with this kind of error (ruling R15).
    pub(crate) fn error(list: List, n: u64, ruling: &'static str, error: &'static str) -> Self {
        Self { list, n, ruling, outcome: Err(error) }
    }
}

/// A row that the replayed writes leave another way than the original's, because a ruling wants so.
pub(crate) struct RuledRow {
    pub(crate) list: List,
    pub(crate) table: &'static str,
    /// Some of the original's columns, enough to tell the row: `{"id": "…"}`.
    pub(crate) key: Value,
    /// The ruling's number, and what it says of this row.
    pub(crate) ruling: &'static str,
    pub(crate) change: Change,
}

/// What a ruling makes of a row.
pub(crate) enum Change {
    /// It is not there.
    LeftOut,
    /// These columns have other values.
    Columns(Value),
    /// The original does not have it; the key is the whole row.
    Added,
}

impl RuledRow {
    /// The row is not there.
    pub(crate) fn left_out(list: List, table: &'static str, key: Value, ruling: &'static str) -> Self {
        Self { list, table, key, ruling, change: Change::LeftOut }
    }

    /// Columns of the row have other values.
    #[allow(dead_code, reason = "no domain that is whole needs it yet")]
    pub(crate) fn columns(
        list: List,
        table: &'static str,
        key: Value,
        ruling: &'static str,
        columns: Value,
    ) -> Self {
        Self { list, table, key, ruling, change: Change::Columns(columns) }
    }

    /// A row that the original does not have.
    #[allow(dead_code, reason = "no domain that is whole needs it yet")]
    pub(crate) fn added(list: List, table: &'static str, row: Value, ruling: &'static str) -> Self {
        Self { list, table, key: row, ruling, change: Change::Added }
    }
}

/// What all domains say.
pub(crate) fn coverage() -> impl Iterator<Item = (&'static str, Coverage)> {
    DOMAINS.iter().map(|domain| (domain.name, (domain.golden)()))
}

/// Recorded methods that the contract does not have yet.
pub(crate) fn pending() -> BTreeSet<&'static str> {
    coverage().flat_map(|(_, coverage)| coverage.pending).copied().collect()
}

/// All methods of the domains that have pending ones: their tables hold what their writes would write.
pub(crate) fn methods_of_unfinished_domains() -> BTreeSet<&'static str> {
    let unfinished = DOMAINS.iter().filter(|domain| !(domain.golden)().pending.is_empty());
    let calls = unfinished.flat_map(|domain| (domain.samples)()).flat_map(|(_, calls)| calls);
    calls.map(|(method, _)| method).chain(pending()).collect()
}

/// What the domains' rulings change in one list.
pub(crate) fn ruled(list: List) -> Vec<Ruled> {
    coverage().flat_map(|(_, coverage)| coverage.ruled).filter(|ruled| ruled.list == list).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use decnet_db_core::call::methods;
    use decnet_db_core::contract::tables::SCHEMA;

    use super::*;
    use crate::golden::recorded;

    #[test]
    fn a_recorded_method_exists_or_is_pending_in_one_domain() {
        let mut pending: BTreeMap<&str, &str> = BTreeMap::new();
        for (domain, coverage) in coverage() {
            for method in coverage.pending {
                let other = pending.insert(method, domain);
                assert_eq!(other, None, "{method} is pending in {domain} too");
            }
        }
        let exists = |name: &str| methods().any(|method| method.name == name);
        for (method, domain) in &pending {
            assert!(!exists(method), "{method} exists: take it off the list in cases/{domain}/golden.rs");
        }
        let recorded: BTreeSet<_> =
            List::ALL.into_iter().flat_map(recorded).map(|recorded| recorded.method).collect();
        for method in &recorded {
            assert!(
                exists(method) || pending.contains_key(method.as_str()),
                "{method} is recorded, and is neither in the contract nor pending in any cases/<domain>/golden.rs"
            );
        }
        for (method, domain) in &pending {
            assert!(recorded.contains(*method), "{method}, pending in {domain}, is not recorded");
        }
    }

    #[test]
    fn rulings_name_calls_that_are_recorded_once_each_and_a_ruling() {
        let mut seen = BTreeSet::new();
        for (domain, coverage) in coverage() {
            for RuledRow { ruling, .. } in &coverage.rows {
                assert!(ruling.starts_with('R') || ruling.starts_with("document"), "{domain}: {ruling:?}");
            }
            for Ruled { list, n, ruling, .. } in coverage.ruled {
                assert!(recorded(list).iter().any(|call| call.n == n), "{domain}: {list:?} has no call {n}");
                assert!(seen.insert((list, n)), "{domain}: {list:?} {n} is there twice");
                assert!(ruling.starts_with('R') || ruling.starts_with("document"), "{domain}: {ruling:?}");
            }
        }
    }

    #[test]
    fn each_table_belongs_to_one_domain() {
        let written: BTreeSet<_> = coverage().flat_map(|(_, coverage)| coverage.tables).copied().collect();
        let tables: BTreeSet<_> = SCHEMA.tables.iter().map(|table| table.name).collect();
        assert_eq!(written, tables);
    }
}
