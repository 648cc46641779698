//! Values come back as they were written.

use decnet_db_core::contract::{LogQuery, NewLog};
use decnet_db_core::sql::{Sql, Value, Verb};
use decnet_db_core::time::Timestamp;

use crate::database::Database;

#[tokio::test]
async fn hostile_text_and_far_times_come_back() {
    // Whatever the server and the database are set to.
    let database = Database::with("CHARACTER SET latin1").await;
    let repository = database.open().await;
    repository.initialize().await.unwrap();
    let texts = [
        "".to_owned(),
        "\0a\0".to_owned(),
        "👩‍👩‍👧‍👦 ﷽ \u{10ffff} \r\n\t\u{1}".to_owned(),
        "'; DROP TABLE logs; -- \\' \" ` % ? ??".to_owned(),
        "x".repeat(1024 * 1024),
        "é".repeat(3_000_000),
    ];
    for text in &texts {
        repository.add_log(NewLog::new("d", "s", "e", "x").raw_line(text).msg(text)).await.unwrap();
    }
    let stored = repository.get_logs_after_id(0, 100, Default::default()).await.unwrap();
    for (log, text) in stored.iter().zip(&texts) {
        assert!(log.raw_line == *text && log.msg.as_deref() == Some(text), "{:.40?}", text);
    }
    assert_eq!(stored.len(), texts.len());

    let times = [Timestamp::MIN, Timestamp::MAX, "1582-10-10T00:00:00.000001Z".parse().unwrap()];
    for time in times {
        let position = repository.get_max_log_id().await.unwrap();
        repository.add_log(NewLog::new("d", "s", "e", "x").timestamp(time)).await.unwrap();
        let stored = repository.get_logs_after_id(position, 1, Default::default()).await.unwrap();
        assert_eq!(stored[0].timestamp, time);
        let same = LogQuery::default().start_time(time).end_time(time);
        assert_eq!(repository.get_logs(same).await.unwrap().len(), 1);
    }
    repository.close().await;
    database.drop().await;
}

#[tokio::test]
async fn bound_values_keep_their_kind() {
    let database = Database::empty().await;
    let backend = database.backend().await;
    let time: Timestamp = "2026-01-02T03:04:05.678901Z".parse().unwrap();
    let values = [
        Value::Null,
        Value::Int(i64::MIN),
        Value::Int(i64::MAX),
        Value::Real(0.1),
        Value::Text("é\0😀".into()),
        Value::Time(time),
    ];
    let mut sql = Sql::new(backend.dialect());
    sql.push("SELECT ").bind_list(values.iter().cloned());
    sql.push(
        ", CAST(0xFF00FE AS BINARY), 1 = 1, SUM(1), CAST('1.5' AS DECIMAL(3,1)), CAST('0001-01-01' AS DATE)",
    );
    let rows = backend.query(sql.finish().unwrap()).await.unwrap();
    let row = rows.iter().next().unwrap();
    assert_eq!(row[..values.len()], values);
    assert_eq!(
        row[values.len()..],
        [
            Value::Blob(vec![0xff, 0, 0xfe]),
            Value::Int(1),
            Value::Int(1),
            Value::Real(1.5),
            Value::Time(Timestamp::MIN),
        ]
    );
    backend.close().await;
    database.drop().await;
}

#[tokio::test]
async fn an_id_of_zero_and_chosen_ids_stay() {
    let (database, repository) = Database::ready().await;
    database.sql("SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO';\nINSERT INTO state VALUES ('a', '1')").await;
    use decnet_db_core::contract::Log;
    use decnet_db_core::sql::{Insert, Record, Unit};
    let backend = database.backend().await;
    let columns =
        vec!["id", "timestamp", "decky", "service", "event_type", "attacker_ip", "raw_line", "fields"];
    let row = |id: Value| {
        let mut row = vec![id, Value::Time(Timestamp::MIN)];
        row.extend(["d", "s", "e", "x", "r", "{}"].map(Value::from));
        row
    };
    let rows =
        [row(Value::Int(0)), row(Value::Int(-5)), row(Value::Int(i64::MAX - 7)), row(Value::Null)].concat();
    let mut unit = Unit::new();
    let step = unit.insert(Insert::raw(Log::TABLE, columns, rows).unwrap());
    assert_eq!(backend.commit(unit).await.unwrap().affected(step), 4);
    let ids = database.texts("SELECT CAST(id AS CHAR) FROM logs ORDER BY id").await;
    assert_eq!(ids[..3], ["-5", "0", "9223372036854775800"]);
    // A server may count in steps.
    let next: i64 = ids[3].parse().unwrap();
    assert!(next > i64::MAX - 7 && ids.len() == 4, "{ids:?}");
    backend.close().await;
    repository.close().await;
    database.drop().await;
}

#[tokio::test]
async fn bytes_floats_and_times_keep_every_bit() {
    let database = Database::empty().await;
    database
        .sql("CREATE TABLE t (id BIGINT PRIMARY KEY, b BINARY(8), d DOUBLE, t DATETIME(6), f FLOAT, j JSON) CHARACTER SET utf8mb4")
        .await;
    let backend = database.backend().await;
    let time: Timestamp = "1969-12-31T23:59:59.999999Z".parse().unwrap();
    let row = [
        Value::Int(1),
        Value::Blob(vec![0xff, 0xfe, 0, 0x80, b'\'', b'\\', 0xc3, 0x28]),
        Value::Real(-2.2250738585072014e-308),
        Value::Time(time),
        Value::Real(0.1),
        Value::Text(r#"{"b":1,"a":[0.10,"é"]}"#.into()),
    ];
    let mut unit = decnet_db_core::sql::Unit::new();
    let mut sql = Sql::new(backend.dialect());
    sql.verb(Verb::Insert).push("INSERT INTO t VALUES (").bind_list(row.iter().cloned()).push(")");
    unit.execute(sql.finish().unwrap());
    let mut sql = Sql::new(backend.dialect());
    sql.verb(Verb::InsertSelect).push("INSERT INTO t (id, b, t) SELECT * FROM (SELECT ").bind(2);
    sql.push(" AS id, ").bind(row[1].clone()).push(" AS b, ").bind(time);
    sql.push(" AS t) AS incoming WHERE NOT EXISTS (SELECT 1 FROM t WHERE t = ")
        .bind(Timestamp::MAX)
        .push(")");
    unit.execute(sql.finish().unwrap());
    let mut sql = Sql::new(backend.dialect());
    sql.push("SELECT id, b, d, t, f, j FROM t ORDER BY id");
    let read = unit.query(sql.finish().unwrap());
    let rows = backend.commit(unit).await.unwrap().rows(read);
    let rows: Vec<_> = rows.iter().collect();
    // MySQL gives JSON back in its own spelling.
    assert_eq!(rows[0][..5], row[..5]);
    assert_eq!(rows[1][1], row[1]);
    assert_eq!(rows[1][3], Value::Time(time));
    backend.close().await;
    database.drop().await;
}

#[tokio::test]
async fn affected_rows_are_counted_as_on_other_engines() {
    use decnet_db_core::ErrorKind;
    use decnet_db_core::contract::StateEntry;
    use decnet_db_core::sql::{Expect, Insert, OnDuplicate, Record, Unit};
    let (database, repository) = Database::ready().await;
    database.sql("INSERT INTO state VALUES ('a', '1'), ('b', '1')").await;
    let backend = database.backend().await;
    let mut unit = Unit::new();
    let update = |key: &str| {
        let mut sql = Sql::new(backend.dialect());
        sql.update::<StateEntry>().set(StateEntry::VALUE, "1").only(StateEntry::KEY, key);
        sql.finish().unwrap()
    };
    // A row that is found counts, changed or not.
    let same = unit.expect(update("a"), Expect::one_row("no such row"));
    let upsert = |value: &str| {
        let mut sql = Sql::new(backend.dialect());
        let values = vec!["a".into(), value.into()];
        let row = Insert::raw(StateEntry::TABLE, vec!["key", "value"], values).unwrap();
        sql.insert_values(&row)
            .on_duplicate_update(&[StateEntry::KEY.column()], &[StateEntry::VALUE.column()]);
        sql.finish().unwrap()
    };
    let unchanged = unit.execute(upsert("1"));
    let changed = unit.execute(upsert("2"));
    let rows = ["b", "x", "c", "x"].map(Value::from).to_vec();
    let insert = Insert::raw(StateEntry::TABLE, vec!["key", "value"], rows).unwrap();
    let ignored = unit.insert(insert.on_duplicate(OnDuplicate::Ignore));
    let receipt = backend.commit(unit).await.unwrap();
    assert_eq!([same, unchanged, changed, ignored].map(|step| receipt.affected(step)), [1, 1, 1, 1]);
    assert_eq!(database.texts("SELECT value FROM state ORDER BY `key`").await, ["2", "1", "x"]);

    let mut unit = Unit::new();
    unit.execute(upsert("3"));
    unit.expect(update("missing"), Expect::one_row("no such row"));
    let error = backend.commit(unit).await.unwrap_err();
    assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Conflict, "no such row"));
    assert_eq!(database.texts("SELECT value FROM state ORDER BY `key`").await, ["2", "1", "x"]);
    backend.close().await;
    repository.close().await;
    database.drop().await;
}
