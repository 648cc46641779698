//! Values come back as they were bound.

use decnet_db_core::contract::{AttackerIdentity, CredentialReuse, Log, StateEntry};
use decnet_db_core::sql::{ColumnKind, Insert, Record, Sql, Table, Unit, Value};
use decnet_db_core::time::Timestamp;

use crate::database::Database;

fn time(text: &str) -> Value {
    Value::Time(text.parse().unwrap())
}

async fn insert(db: &Database, table: &'static Table, columns: &[&'static str], rows: Vec<Value>) -> u64 {
    let mut unit = Unit::new();
    let step = unit.insert(Insert::raw(table, columns.to_vec(), rows).unwrap());
    db.engine().commit(unit).await.expect("the rows go in").affected(step)
}

async fn read(
    db: &Database,
    table: &'static Table,
    columns: &[&'static str],
    order: &'static str,
) -> Vec<Vec<Value>> {
    let mut sql = Sql::new(db.engine().dialect());
    sql.push("SELECT ").identifiers(columns.iter().copied()).push(" FROM ").identifier(table.name);
    sql.push(" ORDER BY ").identifier(order);
    let rows = db.engine().query(sql.finish().unwrap()).await.expect("the rows are read");
    let meant = |(value, column): (&Value, &&'static str)| match value {
        // An engine without a type for times has their text.
        Value::Text(text) if table.column(column).is_some_and(|column| column.kind == ColumnKind::Time) => {
            time(text)
        }
        value => value.clone(),
    };
    rows.iter().map(|row| row.iter().zip(columns).map(meant).collect()).collect()
}

pub(crate) async fn floats_integers_and_times_keep_every_bit(db: Database) {
    let columns: Vec<&'static str> =
        CredentialReuse::TABLE.columns.iter().map(|column| column.name).collect();
    let floats = [0.1, -2.225_073_858_507_201_4e-308, 5e-324, f64::MAX, 1.0 / 3.0, 123_456_789.125, 0.0];
    let mut rows = Vec::new();
    for (number, float) in floats.iter().enumerate() {
        for column in CredentialReuse::TABLE.columns {
            rows.push(match column.kind {
                ColumnKind::Float => Value::Real(*float),
                ColumnKind::Time => time("1969-12-31T23:59:59.999999Z"),
                ColumnKind::Int | ColumnKind::Int32 => {
                    Value::Int(if number % 2 == 0 { i64::from(i32::MAX) } else { i64::from(i32::MIN) })
                }
                ColumnKind::Json => "[]".into(),
                _ => format!("{number}").into(),
            });
        }
    }
    assert_eq!(insert(&db, CredentialReuse::TABLE, &columns, rows.clone()).await, floats.len() as u64);
    let back = read(&db, CredentialReuse::TABLE, &columns, "id").await;
    for (back, row) in back.iter().zip(rows.chunks(columns.len())) {
        for ((back, value), column) in back.iter().zip(row).zip(&columns) {
            let same = match (back, value) {
                (Value::Real(back), Value::Real(value)) => back.to_bits() == value.to_bits(),
                (back, value) => back == value,
            };
            assert!(same, "{column}: {back:?} is not {value:?}");
        }
    }
}

pub(crate) async fn bytes_and_truth_values_keep_their_kind(db: Database) {
    let columns =
        ["uuid", "schema_version", "created_at", "updated_at", "observation_count", "kd_digraph_simhash"];
    let bytes = Value::Blob(vec![0xff, 0xfe, 0, 0x80, b'\'', b'\\', 0xc3, 0x28]);
    let row = |uuid: &str, bytes: Value| {
        vec![
            uuid.into(),
            Value::Int(1),
            time("0001-01-01"),
            time("9999-12-31T23:59:59.999999Z"),
            Value::Int(0),
            bytes,
        ]
    };
    let rows = [row("a", bytes), row("b", Value::Null)];
    assert_eq!(insert(&db, AttackerIdentity::TABLE, &columns, rows.concat()).await, 2);
    assert_eq!(read(&db, AttackerIdentity::TABLE, &columns, "uuid").await, rows);
}

pub(crate) async fn ids_that_are_given_stay_and_others_follow_them(db: Database) {
    let columns = ["id", "timestamp", "decky", "service", "event_type", "attacker_ip", "raw_line", "fields"];
    let row = |id: Value| {
        let mut row = vec![id, Value::Time(Timestamp::MIN)];
        row.extend(["d", "s", "e", "x", "r", "{}"].map(Value::from));
        row
    };
    let ids = [0, -5, i64::MAX - 7];
    for id in ids {
        assert_eq!(insert(&db, Log::TABLE, &columns, row(Value::Int(id))).await, 1, "{id}");
    }
    let back = read(&db, Log::TABLE, &["id"], "id").await;
    assert_eq!(back.concat(), [-5, 0, i64::MAX - 7].map(Value::Int));
}

pub(crate) async fn rows_of_one_statement_may_be_many(db: Database) {
    // More values than one statement of any engine may have.
    let rows: Vec<Value> = (0..40_000)
        .flat_map(|number| [Value::from(format!("{number:05}")), Value::from(format!("{number}"))])
        .collect();
    assert_eq!(insert(&db, StateEntry::TABLE, &["key", "value"], rows.clone()).await, 40_000);
    let back = read(&db, StateEntry::TABLE, &["key", "value"], "key").await;
    assert!(back.concat() == rows, "the rows come back in their order");
}
