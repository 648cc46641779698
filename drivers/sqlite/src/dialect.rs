//! How SQLite spells what SQL leaves open.

use decnet_db_core::sql::{Column, ColumnKind, Dialect, Sql, Table};

/// The dialect of SQLite 3.38 and later, with the functions of [`functions`](crate::functions) registered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sqlite;

impl Dialect for Sqlite {
    fn system(&self) -> &'static str {
        "sqlite"
    }

    fn column_type(&self, _table: &Table, column: &Column) -> String {
        match column.kind {
            ColumnKind::Text => "VARCHAR".to_owned(),
            ColumnKind::TextOf(length) => format!("VARCHAR({length})"),
            ColumnKind::LongText => "TEXT".to_owned(),
            ColumnKind::Serial | ColumnKind::Int | ColumnKind::Int32 => "INTEGER".to_owned(),
            ColumnKind::Float => "FLOAT".to_owned(),
            ColumnKind::Bool => "BOOLEAN".to_owned(),
            ColumnKind::Time => "DATETIME".to_owned(),
            ColumnKind::Json => "JSON".to_owned(),
            // `ColumnKind` may grow; a column without a stated affinity keeps whatever is bound.
            ColumnKind::Bytes(_) | _ => "BLOB".to_owned(),
        }
    }

    fn contains(&self, sql: &mut Sql<'_>, column: &'static Column, needle: &str) {
        self.contains_any(sql, &[column], needle);
    }

    fn contains_any(&self, sql: &mut Sql<'_>, columns: &[&'static Column], needle: &str) {
        // LIKE stops at NUL, limits the pattern's length and has wildcards; instr(lower()) copies every row. One call for
        // all columns, since calls cost more than looking into short text.
        sql.push("decnet_contains(").bind(needle);
        sql.push(", ").columns(columns.iter().copied()).push(")");
    }

    fn json_member_equals(&self, sql: &mut Sql<'_>, column: &'static Column, key: &str, text: &str) {
        let path = format!("$.\"{key}\"");
        // CASE is the one expression whose order of evaluation is guaranteed: most rows are refused without a look at their
        // JSON, and nothing reads JSON that is not valid.
        sql.push("CASE WHEN decnet_may_have(").column(column).push(", ").bind(format!("\"{key}\""));
        sql.push(", ").bind(text).push(") THEN CASE WHEN json_valid(").column(column);
        // To SQLite the text ends at a NUL, to RFC 8259 a NUL is an error.
        sql.push(") THEN CASE WHEN instr(").column(column);
        sql.push(", char(0)) = 0 AND json_type(").column(column).push(") = 'object' THEN ");
        // In a path a key ends at its NUL too, so `$."a"` would find the member "a\u0000".
        sql.push("CASE WHEN instr(")
            .column(column)
            .push(", '\\u0000') THEN EXISTS (SELECT 1 FROM json_each(");
        sql.column(column).push(") AS member WHERE member.key = ").bind(key);
        sql.push(" AND CASE WHEN member.type IN ('object', 'array') THEN 0 WHEN member.type IN ('true', 'false', 'null')");
        sql.push(" THEN member.type = ").bind(text).push(" ELSE CAST(member.atom AS TEXT) = ").bind(text);
        sql.push(" END) ELSE CASE json_type(");
        sql.column(column).push(", ").bind(path.as_str()).push(") WHEN 'text' THEN json_extract(");
        sql.column(column).push(", ").bind(path.as_str()).push(") IS ").bind(text);
        sql.push(" WHEN 'object' THEN 0 WHEN 'array' THEN 0 ELSE (").column(column).push(" -> ").bind(path);
        sql.push(") IS ").bind(text).push(" END END ELSE 0 END ELSE 0 END ELSE 0 END");
    }

    fn json_member_text(&self, sql: &mut Sql<'_>, column: &'static Column, keys: &[&str]) -> bool {
        // What SQLite's own functions make of repeated names, escapes and deep nesting differs.
        sql.push("decnet_member(").column(column).push(", ").bind_list(keys.iter().copied()).push(")");
        true
    }

    fn bucket(&self, sql: &mut Sql<'_>, column: &'static Column, seconds: i64) {
        // strftime('%s') rounds at the last half millisecond (ruling R1), and loses the offset of a cut text.
        sql.push("decnet_bucket(").column(column).push(", ").bind(seconds).push(")");
    }

    fn integer(&self) -> &'static str {
        "SIGNED"
    }

    fn assigned_key(&self) -> &'static str {
        "NULL"
    }

    fn keys_in_commit_order(&self) -> bool {
        true
    }

    fn enforces_types(&self) -> bool {
        false
    }

    fn catalog(&self) -> &'static str {
        "SELECT 'column', m.name, p.name FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS p \
         WHERE m.type = 'table' \
         UNION ALL SELECT 'index', tbl_name, name FROM sqlite_master WHERE type = 'index'"
    }
}
