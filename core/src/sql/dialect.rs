//! What engines spell differently.

use std::fmt::Debug;

use super::{Column, KeyPart, Sql, Table, Value};

/// A page of choices: how one engine spells what SQL leaves open. A new dialect answers the required methods and
/// overrides a provided one only where its engine differs: they answer as the SQL standard does, where it says something.
///
/// Every method writes a complete expression or names a complete thing; a dialect that can't express something must not
/// leave a clause out.
pub trait Dialect: Debug + Send + Sync {
    /// The engine's name, as OpenTelemetry's `db.system.name` has it: `sqlite`, `mysql`, `mariadb`, `postgresql`.
    fn system(&self) -> &'static str;

    /// The column's type, without `NOT NULL`.
    fn column_type(&self, table: &Table, column: &Column) -> String;

    /// A condition: the text of `column` contains `needle`. `%`, `_` and `\` mean themselves; ASCII letters match in
    /// either case, all other characters only themselves (rulings R4 and R5). An empty needle is in every text.
    fn contains(&self, sql: &mut Sql<'_>, column: &'static Column, needle: &str);

    /// A condition: [`contains`](Self::contains) of at least one of the columns.
    fn contains_any(&self, sql: &mut Sql<'_>, columns: &[&'static Column], needle: &str) {
        for (position, column) in columns.iter().enumerate() {
            self.contains(sql.push(if position == 0 { "(" } else { " OR " }), column, needle);
        }
        sql.push(")");
    }

    /// A condition that is never NULL and never fails: the text of `column` is a JSON object (RFC 8259) with the
    /// top-level member `key`, and the member is a string equal to `text`, or a number, true, false or null that is
    /// spelled `text` (ruling R5). `key` consists of ASCII letters, digits, `_` and `-`.
    fn json_member_equals(&self, sql: &mut Sql<'_>, column: &'static Column, key: &str, text: &str);

    /// Writes a text expression: what [`member_text`](crate::json::member_text) makes of `column`'s text and `keys`, NULL where
    /// that is nothing; `true`. Where the engine can't tell exactly, writes nothing: `false`, as the provided method answers; then
    /// rows are read, and looked at one by one.
    fn json_member_text(&self, _sql: &mut Sql<'_>, _column: &'static Column, _keys: &[&str]) -> bool {
        false
    }

    /// An expression of the text of `column` that compares and sorts by its bytes, whatever the column's collation.
    fn text_bytes(&self, sql: &mut Sql<'_>, column: &'static Column) {
        sql.column(column);
    }

    /// An integer expression: the start, in seconds since the Unix epoch, of the interval of `seconds` seconds that the
    /// time in `column` lies in, rounded down before 1970 too (ruling R1).
    fn bucket(&self, sql: &mut Sql<'_>, column: &'static Column, seconds: i64);

    /// A query for what the database has: rows (`column`, table, column) and (`index`, table, index).
    fn catalog(&self) -> &'static str;

    /// Appends the placeholder of the `position`th value, counted from 1.
    fn placeholder(&self, text: &mut String, _position: usize) {
        text.push('?');
    }

    /// As [`placeholder`](Self::placeholder), for engines where it depends on what is bound.
    fn placeholder_for(&self, text: &mut String, position: usize, _value: &Value) {
        self.placeholder(text, position);
    }

    /// As [`placeholder_for`](Self::placeholder_for), for a value that goes into a column of a table: engines that give
    /// every placeholder a type (PostgreSQL) must be told it where the text around it does not say it, as in a SELECT list.
    fn placeholder_into(
        &self,
        text: &mut String,
        position: usize,
        value: &Value,
        _table: &Table,
        _column: &Column,
    ) {
        self.placeholder_for(text, position, value);
    }

    /// What a CAST to a 64-bit integer names.
    fn integer(&self) -> &'static str {
        "BIGINT"
    }

    /// What stands on either side of a quoted name.
    fn quote(&self) -> char {
        '"'
    }

    /// The name, quoted where the engine needs it.
    fn identifier(&self, name: &str) -> String {
        let mut text = String::with_capacity(name.len() + 2);
        self.write_identifier(&mut text, name);
        text
    }

    /// Appends the name, quoted where the engine needs it.
    fn write_identifier(&self, text: &mut String, name: &str) {
        let quoted = self.is_reserved(name);
        text.extend(quoted.then(|| self.quote()));
        text.push_str(name);
        text.extend(quoted.then(|| self.quote()));
    }

    /// Whether the name must be quoted.
    fn is_reserved(&self, name: &str) -> bool {
        matches!(name, "key")
    }

    /// What a key takes of one of its columns.
    fn key_part(&self, part: &KeyPart) -> String {
        self.identifier(part.column)
    }

    /// What follows the type of an integer key that the database assigns.
    fn serial_suffix(&self) -> &'static str {
        ""
    }

    /// What follows the closing bracket of a CREATE TABLE.
    fn table_options(&self) -> &str {
        ""
    }

    /// Whether a table is created together with its indexes, in one statement: for engines where each CREATE INDEX costs as
    /// much as the table.
    fn creates_indexes_with_tables(&self) -> bool {
        false
    }

    /// What follows [`table_options`](Self::table_options) in the statements that create what a database lacks: the storage
    /// engine, where there is a choice and the schema depends on it.
    fn storage_options(&self) -> &'static str {
        ""
    }

    /// What follows an `INSERT … VALUES (…)` so that a row with the same `key` is updated instead: each column of
    /// `update` takes the new row's value.
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

    /// What an INSERT begins with that leaves out rows whose key exists.
    fn insert_ignore(&self) -> (&'static str, &'static str) {
        ("INSERT INTO ", " ON CONFLICT DO NOTHING")
    }

    /// Appends what an INSERT ends with that leaves out rows whose key exists, for engines that name the table's key there.
    fn insert_ignore_tail(&self, sql: &mut Sql<'_>, _table: &'static Table) {
        sql.push(self.insert_ignore().1);
    }

    /// What stands for the key that the database assigns, in a VALUES list.
    fn assigned_key(&self) -> &'static str {
        "DEFAULT"
    }

    /// A condition: the text of `column` equals `text`, byte for byte, whatever the column's collation (ruling R4).
    fn exactly(&self, sql: &mut Sql<'_>, column: &'static Column, text: String) {
        sql.column(column).push(" = ").bind(text);
    }

    /// Whether the keys that the database assigns become visible in ascending order: where one writer comes after the other.
    /// Where several write at once, one may commit a key that is lower than those that others have seen already.
    fn keys_in_commit_order(&self) -> bool {
        false
    }

    /// Whether a column refuses what is not of its type. Where it does not (SQLite), values that their column can't mean
    /// are moved between databases as they are stored.
    fn enforces_types(&self) -> bool {
        true
    }

    /// Whether a JSON column gives back the text that was stored, byte for byte, and not another spelling of it.
    fn keeps_json_text(&self) -> bool {
        true
    }

    /// Writes a statement after which the key that the database assigns next to `column` is one more than the largest in
    /// `table`, or 1 when the table is empty. Nothing, where the engine sees to that by itself.
    fn resync_serial(&self, _sql: &mut Sql<'_>, _table: &'static Table, _column: &'static Column) {}

    /// The most placeholders that one statement may have.
    fn max_parameters(&self) -> usize {
        32_766
    }
}
