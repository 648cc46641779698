//! Table metadata, and the DDL that follows from it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Dialect, Rows, Sql, Statement, Value};
use crate::error::{Error, Result};
use crate::json::Json;
use crate::time::Timestamp;

/// What a column holds, apart from the engine's spelling of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ColumnKind {
    /// The integer key that the database assigns.
    Serial,
    /// Text without a stated length; where an index uses it, 255 characters at most (ruling R8).
    Text,
    /// Text of at most so many characters.
    TextOf(u16),
    /// Long text.
    LongText,
    /// A 64-bit integer.
    Int,
    /// An integer of 32 bits: wider ones are refused (rulings R8 and R16).
    Int32,
    /// A double.
    Float,
    /// A truth value.
    Bool,
    /// An instant with microseconds.
    Time,
    /// JSON text.
    Json,
    /// Exactly so many bytes.
    Bytes(u16),
}

impl ColumnKind {
    /// Whether a value is of this kind. NULL is of every kind; whole numbers are also floats and truth values.
    pub fn takes(self, value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::Bool(_) => self == Self::Bool,
            Value::Int(_) => {
                matches!(self, Self::Serial | Self::Int | Self::Int32 | Self::Float | Self::Bool)
            }
            Value::Real(_) => self == Self::Float,
            Value::Text(_) => {
                matches!(self, Self::Text | Self::TextOf(_) | Self::LongText | Self::Json)
            }
            Value::Blob(_) => matches!(self, Self::Bytes(_)),
            Value::Time(_) => self == Self::Time,
        }
    }
}

/// One column of a [`Table`].
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub kind: ColumnKind,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// What an insert takes that lacks the column: no column has a default in the database (contract document 10 §2).
    pub default: Option<ColumnDefault>,
    /// For columns that hold JSON text: which values they take beside text, and how those are written.
    pub json: Option<JsonText>,
}

impl Column {
    /// A column without default.
    pub const fn new(name: &'static str, kind: ColumnKind, nullable: bool) -> Self {
        Self { name, kind, nullable, default: None, json: None }
    }
}

/// What an insert takes for a column that it lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ColumnDefault {
    /// Fixed text.
    Text(&'static str),
    /// A fixed number.
    Int(i64),
    /// A fixed truth value.
    Bool(bool),
    /// The instant of the insert.
    Now,
    /// A fresh version 4 uuid, 36 lower-case characters.
    Uuid,
}

impl ColumnDefault {
    /// The value for one row.
    pub fn value(self) -> Value {
        match self {
            Self::Text(text) => text.into(),
            Self::Int(number) => number.into(),
            Self::Bool(flag) => flag.into(),
            Self::Now => Timestamp::now().into(),
            Self::Uuid => uuid::Uuid::new_v4().to_string().into(),
        }
    }
}

/// The two forms in which DECNET writes JSON text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonForm {
    /// No blanks, UTF-8 as it is: see [`Json::compact`].
    Compact,
    /// Blanks after `,` and `:`, ASCII only: see [`Json::spaced`].
    Spaced,
}

/// What a column that holds JSON text takes beside text, which is stored byte for byte (rulings R8 and R12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonText {
    /// Which values.
    pub shape: JsonShape,
    /// How they are written.
    pub form: JsonForm,
}

/// Which JSON values a column takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonShape {
    /// Maps and lists.
    MapOrList,
    /// Maps alone.
    Map,
    /// Lists alone, of anything.
    List,
}

impl JsonText {
    /// The value's text as the column stores it.
    ///
    /// # Errors
    /// Invalid input for a value of another shape, an integer beyond 64 bits, or nesting beyond 128 levels.
    pub fn write(self, json: &Json) -> Result<String> {
        let (fits, what) = match self.shape {
            JsonShape::MapOrList => (json.is_object() || json.is_array(), "a map, a list,"),
            JsonShape::Map => (json.is_object(), "a map,"),
            JsonShape::List => (json.is_array(), "a list,"),
        };
        if !fits {
            return Err(Error::invalid_input("", format!("must be {what} or text that holds JSON")));
        }
        match self.form {
            JsonForm::Compact => json.compact(),
            JsonForm::Spaced => json.spaced(),
        }
    }
}

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

    /// `CREATE TABLE`, spelled as the original spells it.
    pub fn create(&self, dialect: &dyn Dialect) -> Statement {
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
        // The blank before each line break is the original's: the text is kept in sqlite_master.
        let body = lines.join(", \n\t");
        Statement::from_metadata(format!(
            "CREATE TABLE {} (\n\t{body}\n){}",
            dialect.identifier(self.name),
            dialect.table_options()
        ))
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

/// All tables, parents first, and the stamp that says which revision they are.
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// The tables in creation order; dropping goes in reverse.
    pub tables: &'static [&'static Table],
    /// The revision that the table `alembic_version` is stamped with.
    pub revision: &'static str,
}

/// What a database has: read by the driver with [`Dialect::catalog`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalog {
    tables: BTreeMap<String, BTreeSet<String>>,
    indexes: BTreeSet<String>,
}

impl Catalog {
    /// Reads the three columns of [`Dialect::catalog`]: kind (`column` or `index`), table, name.
    ///
    /// # Errors
    /// When the rows have another shape.
    pub fn read(rows: Rows) -> Result<Self> {
        let mut catalog = Self::default();
        let entries = rows.decode(|row| {
            Ok((
                row.read::<String>("catalog", "kind")?,
                row.read::<String>("catalog", "table")?,
                row.read::<String>("catalog", "name")?,
            ))
        })?;
        for (kind, table, name) in entries {
            if kind == "index" {
                catalog.indexes.insert(name);
            } else {
                catalog.tables.entry(table).or_default().insert(name);
            }
        }
        Ok(catalog)
    }

    /// Whether the database has the table.
    pub fn has_table(&self, name: &str) -> bool {
        self.tables.contains_key(name)
    }

    /// Whether the database has the index.
    pub fn has_index(&self, name: &str) -> bool {
        self.indexes.contains(name)
    }
}

impl Schema {
    /// The table of that name.
    pub fn table(&self, name: &str) -> Option<&'static Table> {
        self.tables.iter().copied().find(|table| table.name == name)
    }

    /// The statements that create what the catalog lacks: tables, their indexes, and the table of the stamp. What exists
    /// is never altered (ruling R2).
    ///
    /// # Errors
    /// Configuration, when a table of that name exists without a column that it should have: then the database belongs
    /// to something else, and nothing may be added to it.
    pub fn missing(&self, catalog: &Catalog, dialect: &dyn Dialect) -> Result<Vec<Statement>> {
        let mut statements = Vec::new();
        for table in self.tables {
            match catalog.tables.get(table.name) {
                None => statements.push(table.create(dialect)),
                Some(columns) => {
                    if let Some(column) = table.columns.iter().find(|column| !columns.contains(column.name)) {
                        return Err(Error::configuration(format!(
                            "the table {} of this database has no column {}: it is not a DECNET 1.0.0 database, \
                             and nothing was changed; choose another database",
                            table.name, column.name
                        )));
                    }
                }
            }
            for index in table.indexes {
                if !catalog.has_index(index.name) {
                    statements.push(table.create_index(index, dialect));
                }
            }
        }
        if !catalog.has_table("alembic_version") {
            statements.push(Statement::from_metadata(format!(
                "CREATE TABLE alembic_version (\n\tversion_num VARCHAR(32) NOT NULL, \n\tCONSTRAINT \
                 alembic_version_pkc PRIMARY KEY (version_num)\n){}",
                dialect.table_options()
            )));
        }
        Ok(statements)
    }

    /// Stamps a database that has no stamp; a foreign one is left alone.
    pub fn stamp(&self, dialect: &dyn Dialect) -> Statement {
        let mut sql = Sql::new(dialect);
        sql.push("INSERT INTO alembic_version (version_num) SELECT v FROM (SELECT ");
        sql.bind(self.revision);
        sql.push(" AS v) AS stamp WHERE NOT EXISTS (SELECT 1 FROM alembic_version)");
        sql.finish()
    }

    /// Reads the stamps that are there.
    pub fn read_stamp(&self, dialect: &dyn Dialect) -> Statement {
        let mut sql = Sql::new(dialect);
        sql.push("SELECT version_num FROM alembic_version ORDER BY version_num");
        sql.finish()
    }
}
