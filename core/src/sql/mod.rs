//! The SQL-building base: values, rows, statements, units of work, dialects and table metadata. Knows no domain.
//!
//! Statement text comes only from `&'static str` and from table metadata; whatever arrives at run time can only be
//! [bound](Sql::bind). So SQL injection is a type error:
//!
//! ```compile_fail
//! # use decnet_db_core::sql::{Dialect, Sql};
//! # fn f(dialect: &dyn Dialect, name: String) {
//! Sql::new(dialect).push(&format!("SELECT * FROM users WHERE username = '{name}'"));
//! # }
//! ```

mod builder;
mod changeset;
mod clauses;
mod column;
mod dialect;
mod insert;
mod record;
mod rows;
mod schema;
mod statement;
mod table;
mod unit;
mod value;

pub use builder::Sql;
pub use changeset::Changeset;
pub use column::{Col, Column, ColumnDefault, ColumnKind, JsonForm, JsonShape, JsonText, Narrow};
pub use dialect::Dialect;
pub use insert::{Insert, Insertable, OnDuplicate};
pub use record::Record;
pub use rows::{RowReader, Rows};
pub use schema::{Catalog, Schema};
pub use statement::{Statement, Verb};
pub use table::{Check, ForeignKey, Index, KeyPart, Table, Unique};
pub use unit::{Expect, Outcome, Receipt, Step, StepId, Unit};
pub use value::{DecodeError, FromValue, Value};
