//! A dialect for tests that don't mind which one it is.

use decnet_db::sql::{Column, Dialect, Sql, Table};

/// Overrides nothing that is provided.
#[derive(Debug)]
pub(crate) struct Plain;

impl Dialect for Plain {
    fn system(&self) -> &'static str {
        "plain"
    }

    fn column_type(&self, _: &Table, _: &Column) -> String {
        "TEXT".to_owned()
    }

    fn contains(&self, sql: &mut Sql<'_>, column: &'static Column, needle: &str) {
        sql.push("POSITION(").bind(needle).push(" IN ").column(column).push(") > 0");
    }

    fn json_member_equals(&self, sql: &mut Sql<'_>, column: &'static Column, key: &str, text: &str) {
        sql.push("JSON_VALUE(").column(column).push(", ").bind(key).push(") = ").bind(text);
    }

    fn bucket(&self, sql: &mut Sql<'_>, column: &'static Column, seconds: i64) {
        sql.push("BUCKET(").column(column).push(", ").number(seconds).push(")");
    }

    fn upsert(&self, sql: &mut Sql<'_>, _: &[&'static Column], _: &[&'static Column]) {
        sql.push(" OR UPDATE");
    }

    fn catalog(&self) -> &'static str {
        "CATALOG"
    }
}
