//! Table metadata, and the DDL that follows from it.

use super::{Column, ColumnKind, Dialect, JsonText, Statement, Value};
use crate::error::{Error, Result};
use crate::json::Json;

/// A column inside a key, and how much of it the key takes where the engine limits a key's length.
#[derive(Debug, Clone, Copy)]
pub struct KeyPart {
    /// The column.
    pub column: &'static str,
    /// The number of characters that count on engines with a limit on a key's bytes.
    pub prefix: Option<u16>,
}

/// A named UNIQUE constraint.
#[derive(Debug, Clone, Copy)]
pub struct Unique {
    /// The constraint's name.
    pub name: &'static str,
    /// Its columns.
    pub columns: &'static [KeyPart],
}

/// A named CHECK constraint.
#[derive(Debug, Clone, Copy)]
pub struct Check {
    /// The constraint's name.
    pub name: &'static str,
    /// The SQL condition.
    pub condition: &'static str,
}

/// A reference to another table's key.
#[derive(Debug, Clone, Copy)]
pub struct ForeignKey {
    /// The referring column.
    pub column: &'static str,
    /// The table that it refers to.
    pub table: &'static str,
    /// The column that it refers to.
    pub references: &'static str,
    /// Whether deleting the other row deletes this one.
    pub cascade: bool,
}

/// An index of a table.
#[derive(Debug, Clone, Copy)]
pub struct Index {
    /// The index's name.
    pub name: &'static str,
    /// Its columns.
    pub columns: &'static [&'static str],
    /// Whether it is unique.
    pub unique: bool,
}

/// A table, as [`Record`](super::Record) declares it.
#[derive(Debug)]
pub struct Table {
    /// Its name.
    pub name: &'static str,
    /// Its columns, in order.
    pub columns: &'static [Column],
    /// The columns of its primary key.
    pub primary_key: &'static [&'static str],
    /// Its UNIQUE constraints.
    pub uniques: &'static [Unique],
    /// Its CHECK constraints.
    pub checks: &'static [Check],
    /// Its references.
    pub foreign_keys: &'static [ForeignKey],
    /// Its indexes.
    pub indexes: &'static [Index],
}

/// Tables are the same when their names are.
impl PartialEq for Table {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Table {
    /// The column of that name, for use in constants: a name that is no column does not compile.
    #[doc(hidden)]
    #[must_use]
    pub const fn must_have(table: &'static Table, name: &str) -> &'static Column {
        let mut position = 0;
        while position < table.columns.len() {
            if equal(table.columns[position].name, name) {
                return &table.columns[position];
            }
            position += 1;
        }
        #[expect(clippy::panic, reason = "evaluated by the compiler only: it becomes a compile error")]
        {
            panic!("the table has no column of this field's name")
        }
    }

    /// The columns of its primary key.
    pub fn key(&self) -> impl Iterator<Item = &'static Column> {
        self.primary_key.iter().filter_map(|name| self.column(name))
    }

    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&'static Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Whether a key or an index uses the column.
    pub fn is_indexed(&self, column: &str) -> bool {
        self.primary_key.contains(&column)
            || self.indexes.iter().any(|index| index.columns.contains(&column))
            || self.uniques.iter().any(|unique| unique.columns.iter().any(|part| part.column == column))
            || self.foreign_keys.iter().any(|key| key.column == column)
    }

    /// The most characters that the column takes: the stated length, or 255 for text that an index uses (ruling R8).
    pub fn max_chars(&self, column: &Column) -> Option<usize> {
        match column.kind {
            ColumnKind::TextOf(length) => Some(length.into()),
            ColumnKind::Text if self.is_indexed(column.name) => Some(255),
            _ => None,
        }
    }

    /// Refuses a value that the column can't hold, the same on every backend (ruling R8).
    ///
    /// # Errors
    /// Invalid input that names the column: NULL in a column that must have a value, text that is too long, an integer
    /// beyond the column's range, a float that is not a number.
    pub fn check(&self, column: &Column, value: &Value) -> Result<()> {
        let refuse = |reason: String| Err(Error::invalid_input(column.name, reason));
        match value {
            Value::Null if !column.nullable && column.kind != ColumnKind::Serial => {
                refuse("must not be null".into())
            }
            Value::Text(text) if column.kind == ColumnKind::Json => {
                check_json(text, None).map_err(|error| error.within(column.name))
            }
            Value::Text(text) => match self.max_chars(column) {
                // Bytes bound characters from above, so short text is not counted.
                Some(limit) if text.len() > limit => match text.chars().count() {
                    count if count > limit => {
                        refuse(format!("{count} characters, at most {limit} are stored"))
                    }
                    _ => Ok(()),
                },
                _ => Ok(()),
            },
            Value::Int(v) if column.kind == ColumnKind::Int32 && i32::try_from(*v).is_err() => {
                refuse(format!("{v} does not fit into 32 bits"))
            }
            Value::Real(v) if !v.is_finite() => refuse(format!("{v} is not a number that can be stored")),
            Value::Blob(bytes) => match column.kind {
                ColumnKind::Bytes(length) if bytes.len() != usize::from(length) => {
                    refuse(format!("{} bytes, exactly {length} are stored", bytes.len()))
                }
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// As [`check`](Self::check), for a value that a caller gives: JSON must also have the shape that the column is for. What is
    /// stored already may have another one, and can be copied.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn check_given(&self, column: &Column, value: &Value) -> Result<()> {
        match value {
            Value::Text(text) if column.kind == ColumnKind::Json => {
                check_json(text, column.json).map_err(|error| error.within(column.name))
            }
            _ => self.check(column, value),
        }
    }

    /// `CREATE TABLE`, spelled as the original spells it.
    pub fn create(&self, dialect: &dyn Dialect) -> Statement {
        Statement::from_metadata(self.definition(dialect, &[]))
    }

    /// `CREATE TABLE` as a database is set up with it: on engines that want it so, with the indexes and the storage engine.
    pub fn create_whole(&self, dialect: &dyn Dialect) -> Statement {
        let indexes = if dialect.creates_indexes_with_tables() { self.indexes } else { &[] };
        let mut text = self.definition(dialect, indexes);
        text.push_str(dialect.storage_options());
        Statement::from_metadata(text)
    }

    fn definition(&self, dialect: &dyn Dialect, indexes: &[Index]) -> String {
        let mut lines: Vec<String> = Vec::new();
        for column in self.columns {
            let mut line = dialect.identifier(column.name);
            line.push(' ');
            line.push_str(&dialect.column_type(self, column));
            if !column.nullable {
                line.push_str(" NOT NULL");
            }
            if column.kind == ColumnKind::Serial {
                line.push_str(dialect.serial_suffix());
            }
            lines.push(line);
        }
        lines.push(format!("PRIMARY KEY ({})", list(dialect, self.primary_key.iter().copied())));
        for unique in self.uniques {
            let parts: Vec<_> = unique.columns.iter().map(|part| dialect.key_part(part)).collect();
            lines.push(format!("CONSTRAINT {} UNIQUE ({})", unique.name, parts.join(", ")));
        }
        for check in self.checks {
            lines.push(format!("CONSTRAINT {} CHECK ({})", check.name, check.condition));
        }
        for key in self.foreign_keys {
            lines.push(format!(
                "FOREIGN KEY({}) REFERENCES {} ({}){}",
                dialect.identifier(key.column),
                dialect.identifier(key.table),
                dialect.identifier(key.references),
                if key.cascade { " ON DELETE CASCADE" } else { "" }
            ));
        }
        for index in indexes {
            lines.push(format!(
                "{}INDEX {} ({})",
                if index.unique { "UNIQUE " } else { "" },
                index.name,
                list(dialect, index.columns.iter().copied())
            ));
        }
        // The blank before each line break is the original's: the text is kept in sqlite_master.
        let body = lines.join(", \n\t");
        format!("CREATE TABLE {} (\n\t{body}\n){}", dialect.identifier(self.name), dialect.table_options())
    }

    /// `CREATE INDEX` for one of the table's indexes.
    pub fn create_index(&self, index: &Index, dialect: &dyn Dialect) -> Statement {
        Statement::from_metadata(format!(
            "CREATE {}INDEX {} ON {} ({})",
            if index.unique { "UNIQUE " } else { "" },
            index.name,
            dialect.identifier(self.name),
            list(dialect, index.columns.iter().copied())
        ))
    }
}

/// Refuses text that is not JSON, or is a number that SQLite, where the column is one of numbers, would not give back
/// (ruling R19), or has another shape than the wanted one, if any is.
fn check_json(text: &str, wanted: Option<JsonText>) -> Result<()> {
    let json = Json::parse(text)?;
    if let Some(what) = wanted.and_then(|json_text| json_text.misses(&json)) {
        return Err(Error::invalid_input("", format!("must be {what}")));
    }
    let text = json.as_str();
    let fits = match text.as_bytes().first() {
        Some(b'-' | b'0'..=b'9') if text.contains(['.', 'e', 'E']) => {
            const LIMIT: f64 = 9_223_372_036_854_775_808.0;
            json.decode().is_ok_and(|number: f64| (-LIMIT..LIMIT).contains(&number))
        }
        Some(b'-' | b'0'..=b'9') => text.parse::<i64>().is_ok(),
        _ => true,
    };
    if fits { Ok(()) } else { Err(Error::invalid_input("", "a number beyond 64 bits is not stored")) }
}

/// `==` on text in a const fn.
const fn equal(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut position = 0;
    while position < a.len() {
        if a[position] != b[position] {
            return false;
        }
        position += 1;
    }
    true
}

fn list<'a>(dialect: &dyn Dialect, names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| dialect.identifier(name)).collect::<Vec<_>>().join(", ")
}
