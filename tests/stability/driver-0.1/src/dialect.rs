//! Every method of the dialect that there was, required and provided.

use decnet_db_core::sql::{Column, ColumnKind, Dialect, KeyPart, Sql, Table, Value};

#[derive(Debug)]
pub(crate) struct Frozen;

impl Dialect for Frozen {
    fn system(&self) -> &'static str {
        "sqlite"
    }

    fn column_type(&self, _table: &Table, column: &Column) -> String {
        match column.kind {
            ColumnKind::Text => "VARCHAR".to_owned(),
            ColumnKind::TextOf(length) => format!("VARCHAR({length})"),
            ColumnKind::LongText | ColumnKind::Json | ColumnKind::Time => "TEXT".to_owned(),
            ColumnKind::Serial | ColumnKind::Int | ColumnKind::Int32 | ColumnKind::Bool => {
                "INTEGER".to_owned()
            }
            ColumnKind::Float => "REAL".to_owned(),
            ColumnKind::Bytes(_) => "BLOB".to_owned(),
            _ => "TEXT".to_owned(),
        }
    }

    fn contains(&self, sql: &mut Sql<'_>, column: &'static Column, needle: &str) {
        sql.push("instr(lower(")
            .column(column)
            .push("), ")
            .bind(needle.to_ascii_lowercase())
            .push(") > 0");
    }

    fn json_member_equals(&self, sql: &mut Sql<'_>, column: &'static Column, key: &str, text: &str) {
        let path = format!("$.\"{key}\"");
        sql.push("CASE WHEN json_valid(")
            .column(column)
            .push(") THEN CASE WHEN instr(")
            .column(column);
        sql.push(", char(0)) = 0 AND json_type(")
            .column(column)
            .push(") = 'object' THEN CASE json_type(");
        sql.column(column).push(", ").bind(path.as_str()).push(") WHEN 'text' THEN json_extract(");
        sql.column(column).push(", ").bind(path.as_str()).push(") IS ").bind(text);
        sql.push(" WHEN 'object' THEN 0 WHEN 'array' THEN 0 ELSE (").column(column).push(" -> ");
        sql.bind(path).push(") IS ").bind(text).push(" END ELSE 0 END ELSE 0 END");
    }

    fn bucket(&self, sql: &mut Sql<'_>, column: &'static Column, seconds: i64) {
        sql.push("frozen_bucket(").column(column).push(", ").bind(seconds).push(")");
    }

    fn upsert(&self, sql: &mut Sql<'_>, key: &[&'static Column], update: &[&'static Column]) {
        sql.push(" ON CONFLICT (").columns(key.iter().copied()).push(") DO ");
        if update.is_empty() {
            sql.push("NOTHING");
        }
        for (position, column) in update.iter().copied().enumerate() {
            sql.push(if position > 0 { ", " } else { "UPDATE SET " });
            sql.column(column).push(" = excluded.").column(column);
        }
    }

    fn catalog(&self) -> &'static str {
        "SELECT 'column', m.name, p.name FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS p \
         WHERE m.type = 'table' UNION ALL \
         SELECT 'index', tbl_name, name FROM sqlite_master WHERE type = 'index'"
    }

    fn placeholder(&self, text: &mut String, position: usize) {
        text.push_str(&format!("?{position}"));
    }

    fn placeholder_for(&self, text: &mut String, position: usize, value: &Value) {
        match value.kind() {
            "float" => text.push_str("CAST("),
            _ => return self.placeholder(text, position),
        }
        self.placeholder(text, position);
        text.push_str(" AS REAL)");
    }

    fn quote(&self) -> char {
        '`'
    }

    fn is_reserved(&self, name: &str) -> bool {
        matches!(name, "key" | "index" | "order" | "group")
    }

    fn key_part(&self, part: &KeyPart) -> String {
        self.identifier(part.column)
    }

    fn serial_suffix(&self) -> &'static str {
        ""
    }

    fn table_options(&self) -> &str {
        ""
    }

    fn insert_ignore(&self) -> (&'static str, &'static str) {
        ("INSERT OR IGNORE INTO ", "")
    }

    fn insert_ignore_tail(&self, sql: &mut Sql<'_>, _table: &'static Table) {
        sql.push(self.insert_ignore().1);
    }

    fn assigned_key(&self) -> &'static str {
        "NULL"
    }

    fn exactly(&self, sql: &mut Sql<'_>, column: &'static Column, text: String) {
        sql.column(column).push(" = ").bind(text).push(" COLLATE BINARY");
    }

    fn enforces_types(&self) -> bool {
        false
    }

    fn keeps_json_text(&self) -> bool {
        true
    }

    fn resync_serial(&self, _sql: &mut Sql<'_>, _table: &'static Table, _column: &'static Column) {}

    fn max_parameters(&self) -> usize {
        1000
    }
}
