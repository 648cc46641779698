//! Conditions find too much, too little, or fail; and what is declared of them.

use decnet_db_core::driver::{Capability, Driver};
use decnet_db_core::sql::{Column, Dialect, Sql};

use crate::wrapper::Fault;

#[derive(Debug, Default)]
pub(crate) struct TakesWildcards;

impl Fault for TakesWildcards {
    fn contains(&self, _: &dyn Dialect, sql: &mut Sql<'_>, column: &'static Column, needle: &str) {
        sql.column(column).push(" LIKE ").bind(format!("%{needle}%"));
    }
}

#[derive(Debug, Default)]
pub(crate) struct SearchesUpToNul;

impl Fault for SearchesUpToNul {
    fn contains(&self, _: &dyn Dialect, sql: &mut Sql<'_>, column: &'static Column, needle: &str) {
        let literal = needle.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_");
        sql.column(column).push(" LIKE ").bind(format!("%{literal}%")).push(r" ESCAPE '\'");
    }
}

#[derive(Debug, Default)]
pub(crate) struct MindsCase;

impl Fault for MindsCase {
    fn contains(&self, _: &dyn Dialect, sql: &mut Sql<'_>, column: &'static Column, needle: &str) {
        sql.push("instr(").column(column).push(", ").bind(needle).push(") > 0");
    }
}

#[derive(Debug, Default)]
pub(crate) struct FoldsAllLetters;

impl Fault for FoldsAllLetters {
    fn contains(&self, right: &dyn Dialect, sql: &mut Sql<'_>, column: &'static Column, needle: &str) {
        sql.push("(");
        right.contains(sql, column, &needle.to_lowercase());
        sql.push(" OR ");
        right.contains(sql, column, &needle.to_uppercase());
        sql.push(")");
    }
}

#[derive(Debug, Default)]
pub(crate) struct MatchesObjects;

impl Fault for MatchesObjects {
    fn json_member_equals(
        &self,
        right: &dyn Dialect,
        sql: &mut Sql<'_>,
        column: &'static Column,
        key: &str,
        text: &str,
    ) {
        sql.push("(");
        right.json_member_equals(sql, column, key, text);
        sql.push(" OR CASE WHEN json_valid(").column(column).push(") THEN (").column(column);
        sql.push(" -> ").bind(format!("$.\"{key}\"")).push(") IS ").bind(text).push(" ELSE 0 END)");
    }
}

#[derive(Debug, Default)]
pub(crate) struct ComparesMembersByTheirValue;

impl Fault for ComparesMembersByTheirValue {
    fn json_member_equals(
        &self,
        _: &dyn Dialect,
        sql: &mut Sql<'_>,
        column: &'static Column,
        key: &str,
        text: &str,
    ) {
        sql.push("CASE WHEN json_valid(").column(column).push(") THEN CAST(json_extract(");
        sql.column(column).push(", ").bind(format!("$.\"{key}\"")).push(") AS TEXT) IS ").bind(text);
        sql.push(" ELSE 0 END");
    }
}

#[derive(Debug, Default)]
pub(crate) struct FailsOnBrokenJson;

impl Fault for FailsOnBrokenJson {
    fn json_member_equals(
        &self,
        _: &dyn Dialect,
        sql: &mut Sql<'_>,
        column: &'static Column,
        key: &str,
        text: &str,
    ) {
        sql.push("json_extract(").column(column).push(", ").bind(format!("$.\"{key}\""));
        sql.push(") IS ").bind(text);
    }
}

#[derive(Debug, Default)]
pub(crate) struct ComparesKeysInAnyCase;

impl Fault for ComparesKeysInAnyCase {
    fn exactly(&self, _: &dyn Dialect, sql: &mut Sql<'_>, column: &'static Column, text: String) {
        sql.column(column).push(" = ").bind(text).push(" COLLATE NOCASE");
    }
}

#[derive(Debug, Default)]
pub(crate) struct ComparesWithoutTrailingBlanks;

impl Fault for ComparesWithoutTrailingBlanks {
    fn exactly(&self, _: &dyn Dialect, sql: &mut Sql<'_>, column: &'static Column, text: String) {
        sql.column(column).push(" = ").bind(text).push(" COLLATE RTRIM");
    }
}

/// Where the base compares a column without asking the dialect.
#[derive(Debug, Default)]
pub(crate) struct ComparesColumnsInAnyCase;

impl Fault for ComparesColumnsInAnyCase {
    fn text(&self, text: String) -> String {
        text.replace("decky = ?", "decky = ? COLLATE NOCASE")
    }
}

#[derive(Debug, Default)]
pub(crate) struct EndsBeforeTheBound;

impl Fault for EndsBeforeTheBound {
    fn text(&self, text: String) -> String {
        text.replace("timestamp <= ?", "timestamp < ?")
    }
}

#[derive(Debug, Default)]
pub(crate) struct CutsBucketsTowardZero;

impl Fault for CutsBucketsTowardZero {
    fn bucket(&self, _: &dyn Dialect, sql: &mut Sql<'_>, column: &'static Column, seconds: i64) {
        sql.push("(CAST(strftime('%s', substr(").column(column).push(", 1, 19)) AS INTEGER) / ");
        sql.number(seconds).push(" * ").number(seconds).push(")");
    }
}

/// As an index on a prefix would, where nobody compares the rest.
#[derive(Debug, Default)]
pub(crate) struct ComparesTheFirstHundredCharacters;

impl Fault for ComparesTheFirstHundredCharacters {
    fn exactly(&self, _: &dyn Dialect, sql: &mut Sql<'_>, column: &'static Column, text: String) {
        sql.push("substr(").column(column).push(", 1, 100) = substr(").bind(text).push(", 1, 100)");
    }
}

#[derive(Debug, Default)]
pub(crate) struct DoesNotLookIntoDeepJson;

impl Fault for DoesNotLookIntoDeepJson {
    fn json_member_equals(
        &self,
        right: &dyn Dialect,
        sql: &mut Sql<'_>,
        column: &'static Column,
        key: &str,
        text: &str,
    ) {
        sql.push("(instr(").column(column).push(", ").bind("[".repeat(100)).push(") = 0 AND ");
        right.json_member_equals(sql, column, key, text);
        sql.push(")");
    }
}

#[derive(Debug, Default)]
pub(crate) struct DeclaresALackThatIsNone;

impl Fault for DeclaresALackThatIsNone {
    fn declares(driver: Driver) -> Driver {
        driver.lacks(Capability::NulInText, "it says so")
    }
}
