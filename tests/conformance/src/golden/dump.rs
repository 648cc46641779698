//! Rows of a SQLite dump, without SQLite.

use std::collections::HashMap;

use decnet_db_core::contract::tables::SCHEMA;
use decnet_db_core::sql::{Column, ColumnKind, Insert, Table, Unit, Value};

/// The rows that a dump has for one of our tables, with the values in the order of its columns.
pub(super) struct Dumped {
    pub(super) table: &'static Table,
    pub(super) rows: Vec<Vec<Value>>,
}

/// The rows of one of the dumps, for our tables, parents first.
///
/// # Panics
/// When the text is not a dump of DECNET's tables.
pub fn rows(dump: &str) -> Unit {
    unit(dumped(dump))
}

/// All of them in one unit.
pub(super) fn unit(tables: Vec<Dumped>) -> Unit {
    let mut unit = Unit::new();
    for Dumped { table, rows } in tables.into_iter().filter(|dumped| !dumped.rows.is_empty()) {
        let columns = table.columns.iter().map(|column| column.name).collect();
        let values = rows.into_iter().flatten().collect();
        unit.insert(Insert::raw(table, columns, values).expect("whole rows"));
    }
    unit
}

/// The rows of each of our tables, parents first.
pub(super) fn dumped(dump: &str) -> Vec<Dumped> {
    let mut inserts: HashMap<&str, Vec<&str>> = HashMap::new();
    for line in dump.lines() {
        let Some(insert) = line.strip_prefix("INSERT INTO ") else { continue };
        let (table, values) = insert.split_once(" VALUES(").expect("a row");
        inserts.entry(table.trim_matches('"')).or_default().push(values);
    }
    let read = |table: &'static Table| {
        let Some(rows) = inserts.get(table.name) else { return Dumped { table, rows: Vec::new() } };
        // The dump has no column names: its CREATE TABLE has them, in its own order.
        let order = columns_of(dump, table);
        let read = |row: &&str| {
            let mut text = Text(row);
            let mut values = HashMap::new();
            for (position, column) in order.iter().enumerate() {
                values.insert(column.name, meant(text.value(), column));
                text.expect(if position + 1 == order.len() { ')' } else { ',' });
            }
            let value = |column: &Column| values.remove(column.name).expect("each column is there");
            table.columns.iter().map(value).collect()
        };
        Dumped { table, rows: rows.iter().map(read).collect() }
    };
    SCHEMA.tables.iter().copied().map(read).collect()
}

/// Leaves out rows that refer to a row that is not there, which DECNET writes on SQLite and no engine takes from us (ruling
/// R15); returns their tables and keys.
pub(super) fn leave_out_dangling(tables: &mut [Dumped]) -> Vec<(&'static str, Value)> {
    let mut left_out = Vec::new();
    loop {
        let before = left_out.len();
        for position in 0..tables.len() {
            let table = tables[position].table;
            for key in table.foreign_keys {
                let parents = tables.iter().filter(|other| other.table.name == key.table);
                let parents: Vec<Value> =
                    parents.flat_map(|parents| parents.values(key.references)).cloned().collect();
                let column = position_of(table, key.column);
                tables[position].rows.retain(|row| {
                    let dangles = row[column] != Value::Null && !parents.contains(&row[column]);
                    if dangles {
                        left_out.push((table.name, row[position_of(table, table.primary_key[0])].clone()));
                    }
                    !dangles
                });
            }
        }
        if left_out.len() == before {
            return left_out;
        }
    }
}

impl Dumped {
    fn values(&self, column: &str) -> impl Iterator<Item = &Value> {
        let column = position_of(self.table, column);
        self.rows.iter().map(move |row| &row[column])
    }
}

fn position_of(table: &Table, column: &str) -> usize {
    table.columns.iter().position(|other| other.name == column).expect("a column of the table")
}

/// The table's columns in the order in which the dump has them.
fn columns_of(dump: &str, table: &'static Table) -> Vec<&'static Column> {
    let (_, rest) = dump.split_once(&format!("CREATE TABLE {} (\n", table.name)).expect("the table is there");
    let names =
        rest.lines().map_while(|line| line.strip_prefix('\t')).filter_map(|line| line.split(' ').next());
    let mut columns = Vec::new();
    for name in names.map(|name| name.trim_matches('"')) {
        columns.extend(table.columns.iter().find(|column| column.name == name));
    }
    assert_eq!(columns.len(), table.columns.len(), "the columns of {}", table.name);
    columns
}

/// What SQLite's value means in a column.
fn meant(value: Value, column: &Column) -> Value {
    match (value, column.kind) {
        (Value::Int(number), ColumnKind::Bool) => Value::Bool(number != 0),
        (Value::Text(text), ColumnKind::Time) => Value::Time(text.parse().expect("a time")),
        // SQLite turns JSON text that is a number into that number.
        (Value::Int(number), ColumnKind::Json) => Value::Text(number.to_string()),
        (Value::Real(number), ColumnKind::Json) => Value::Text(format!("{number:?}")),
        (value, _) => value,
    }
}

/// The bytes of `X'…'`.
pub(super) fn bytes(digits: &str) -> Vec<u8> {
    let byte = |position: usize| u8::from_str_radix(&digits[position..position + 2], 16).expect("a byte");
    (0..digits.len()).step_by(2).map(byte).collect()
}

/// The rest of a row.
struct Text<'t>(&'t str);

impl Text<'_> {
    fn expect(&mut self, text: impl Into<String>) {
        let text = text.into();
        self.0 =
            self.0.strip_prefix(&text).unwrap_or_else(|| panic!("{text:?} is expected before {:?}", self.0));
    }

    fn value(&mut self) -> Value {
        if self.0.starts_with('\'') || self.0.starts_with("replace(") {
            return Value::Text(self.text());
        }
        if let Some(rest) = self.0.strip_prefix("X'") {
            let (digits, rest) = rest.split_once('\'').expect("the end of the bytes");
            self.0 = rest;
            return Value::Blob(bytes(digits));
        }
        let end = self.0.find([',', ')']).expect("the end of the value");
        let (word, rest) = self.0.split_at(end);
        self.0 = rest;
        match word {
            "NULL" => Value::Null,
            _ => word.parse().map(Value::Int).or_else(|_| word.parse().map(Value::Real)).expect("a number"),
        }
    }

    /// `'it''s'`, or `replace('a\nb','\n',char(10))`.
    fn text(&mut self) -> String {
        if let Some(rest) = self.0.strip_prefix("replace(") {
            self.0 = rest;
            let text = self.text();
            self.expect(',');
            let from = self.text();
            self.expect(",char(");
            let (code, rest) = self.0.split_once("))").expect("the end of the replacement");
            self.0 = rest;
            let to = char::from(code.parse::<u8>().expect("a character's number"));
            return text.replace(&from, &to.to_string());
        }
        self.expect('\'');
        let mut text = String::new();
        loop {
            let (part, rest) = self.0.split_once('\'').expect("the end of the text");
            text.push_str(part);
            self.0 = rest;
            match rest.strip_prefix('\'') {
                Some(rest) => {
                    text.push('\'');
                    self.0 = rest;
                }
                None => return text,
            }
        }
    }
}
