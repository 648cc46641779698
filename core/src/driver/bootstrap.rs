//! Creating the schema and seeding it, step by step.

use crate::error::Result;
use crate::sql::{Catalog, Dialect, Receipt, Rows, Schema, Sql, Statement, StepId, Unit};

/// The work of [`Backend::bootstrap`](super::Backend::bootstrap), for the driver to run inside its lock:
///
/// 1. take the lock that keeps other processes out (SQLite: BEGIN IMMEDIATE; MySQL: GET_LOCK on a connection of its own);
/// 2. run [`catalog`](Self::catalog) and hand its rows to [`missing`](Self::missing);
/// 3. run the statements that come back, in order;
/// 4. commit [`seed`](Self::seed) as one unit, release the lock, and answer with [`finish`](Self::finish).
#[derive(Debug, Clone)]
pub struct Bootstrap {
    schema: Schema,
    seed: Unit,
    stamp: StepId,
}

/// What a [`Bootstrap`] did.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Bootstrapped {
    /// How many tables and indexes were created.
    pub created: usize,
    /// The stamps that the database has now.
    pub stamps: Vec<String>,
    /// What each step of the seed did.
    pub receipt: Receipt,
}

impl Bootstrap {
    /// Creates `schema`, then runs the steps of `seed`.
    pub fn new(schema: Schema, mut seed: Unit, dialect: &dyn Dialect) -> Self {
        seed.execute(schema.stamp(dialect));
        let stamp = seed.query(schema.read_stamp(dialect));
        Self { schema, seed, stamp }
    }

    /// The schema that is to be there.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The query for what the database has.
    pub fn catalog(&self, dialect: &dyn Dialect) -> Statement {
        let mut sql = Sql::new(dialect);
        sql.push(dialect.catalog());
        sql.into_statement()
    }

    /// The statements that create what is missing.
    ///
    /// # Errors
    /// Configuration, when the database belongs to something else.
    pub fn missing(&self, catalog: Rows, dialect: &dyn Dialect) -> Result<Vec<Statement>> {
        self.schema.missing(&Catalog::read(catalog)?, dialect)
    }

    /// The unit that stamps and seeds.
    pub fn seed(&self) -> &Unit {
        &self.seed
    }

    /// The report, from the number of statements that ran and the receipt of the seed.
    ///
    /// # Errors
    /// When the stamp can't be read.
    pub fn finish(self, created: usize, mut receipt: Receipt) -> Result<Bootstrapped> {
        let stamps = receipt.rows(self.stamp).decode(|row| row.value("version_num"))?;
        Ok(Bootstrapped { created, stamps, receipt })
    }
}
