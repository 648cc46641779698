//! All tables together, and what a database lacks of them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Dialect, Rows, Sql, Statement, Table, Verb};
use crate::error::{Error, Result};

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
            Ok((row.value::<String>("kind")?, row.value::<String>("table")?, row.value::<String>("name")?))
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
                None => {
                    statements.push(table.create_whole(dialect));
                    if dialect.creates_indexes_with_tables() {
                        continue;
                    }
                }
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
                 alembic_version_pkc PRIMARY KEY (version_num)\n){}{}",
                dialect.table_options(),
                dialect.storage_options()
            )));
        }
        Ok(statements)
    }

    /// How many tables and indexes the statements for a catalog create.
    pub fn count_missing(&self, catalog: &Catalog) -> usize {
        let tables = self.tables.iter().filter(|table| !catalog.has_table(table.name)).count();
        let indexes = self.tables.iter().flat_map(|table| table.indexes);
        let indexes = indexes.filter(|index| !catalog.has_index(index.name)).count();
        tables + indexes + usize::from(!catalog.has_table("alembic_version"))
    }

    /// Stamps a database that has no stamp; a foreign one is left alone.
    pub fn stamp(&self, dialect: &dyn Dialect) -> Statement {
        let mut sql = Sql::new(dialect);
        sql.verb(Verb::InsertSelect).push("INSERT INTO alembic_version (version_num) SELECT v FROM (SELECT ");
        sql.bind(self.revision);
        sql.push(" AS v) AS stamp WHERE NOT EXISTS (SELECT 1 FROM alembic_version)");
        sql.into_statement()
    }

    /// Reads the stamps that are there.
    pub fn read_stamp(&self, dialect: &dyn Dialect) -> Statement {
        let mut sql = Sql::new(dialect);
        sql.push("SELECT version_num FROM alembic_version ORDER BY version_num");
        sql.into_statement()
    }
}
