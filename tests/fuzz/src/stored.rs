//! Reading what other programs have left in the columns of a SQLite database, whose types hold nobody back.

use decnet_db::ErrorKind;
use decnet_db::call::{call, methods};
use decnet_db::contract::tables::SCHEMA;
use decnet_db::json::Json;
use decnet_db::sql::{Sql, Unit, Value, Verb};

use crate::bytes::Bytes;
use crate::column;
use crate::world::{World, with_world};

/// Rows of some tables, each by its table's number: every method that reads without arguments answers with what a client can
/// read, or names the column that can't be read.
pub fn stored(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    with_world(|world| {
        for _ in 0..8 {
            insert(world, &mut bytes);
            if bytes.is_empty() {
                break;
            }
        }
        for method in methods().filter(|method| !method.writes && method.arguments().all(|one| !one.required))
        {
            match world.block_on(call(&*world.repository, method.name, Json::null())) {
                Ok(result) => {
                    method
                        .read_and_shown(&result)
                        .unwrap_or_else(|error| panic!("{}: {error}: {result}", method.name));
                }
                Err(error) => {
                    let shown = error.to_string();
                    assert_eq!(error.kind(), ErrorKind::Backend, "{}: {shown}", method.name);
                    assert!(shown.contains(" holds something else than "), "{}: {shown}", method.name);
                }
            }
        }
        world.empty();
    });
}

/// Adds a row, unless the table refuses it.
fn insert(world: &World, bytes: &mut Bytes<'_>) {
    let table = SCHEMA.tables[bytes.below(SCHEMA.tables.len())];
    let engine = world.repository.engine();
    let mut sql = Sql::new(engine.dialect());
    sql.verb(Verb::Insert).push("INSERT INTO ").identifier(table.name);
    sql.push(" (").identifiers(table.columns.iter().map(|column| column.name)).push(") VALUES (");
    for (position, column) in table.columns.iter().enumerate() {
        sql.push(if position > 0 { ", " } else { "" });
        match column::value(bytes, column) {
            // Text that is no UTF-8.
            Value::Blob(blob) if blob.first().is_some_and(|first| first & 1 == 1) => {
                sql.push("CAST(").bind(blob).push(" AS TEXT)");
            }
            value => {
                sql.bind(value);
            }
        }
    }
    sql.push(")");
    let Ok(statement) = sql.finish() else { return };
    let mut unit = Unit::new();
    unit.execute(statement);
    // Constraints refuse some, and the key that the database assigns takes no text.
    let _ = world.block_on(engine.commit(unit));
}
