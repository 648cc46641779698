//! Several reads of one moment.

use decnet_db_core::ErrorKind;
use decnet_db_core::contract::tables::SCHEMA;
use decnet_db_core::driver::Snapshot;
use decnet_db_core::sql::{Sql, Statement};

use crate::cases::log;
use crate::database::Database;

fn lines(db: &Database) -> Statement {
    let mut sql = Sql::new(db.engine().dialect());
    sql.push("SELECT raw_line FROM ").identifier("logs").push(" ORDER BY id");
    sql.finish().unwrap()
}

async fn seen(snapshot: &dyn Snapshot, db: &Database) -> Vec<String> {
    snapshot.query(lines(db)).await.unwrap().decode(|row| row.value("raw_line")).unwrap()
}

pub(crate) async fn a_snapshot_sees_one_moment(db: Database) {
    assert!(SCHEMA.table("logs").is_some());
    db.add_logs(vec![log("a"), log("b")]).await.unwrap();
    let snapshot = match db.engine().snapshot().await {
        Ok(snapshot) => snapshot,
        // A driver may have none, and says so.
        Err(error) => return assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}"),
    };
    // What it sees is fixed when it begins, not when it is first read.
    db.add_log(log("c")).await.unwrap();
    assert_eq!(seen(&*snapshot, &db).await, ["a", "b"]);
    db.purge_logs_and_bounties().await.unwrap();
    assert_eq!(seen(&*snapshot, &db).await, ["a", "b"]);
    let later = db.engine().snapshot().await.unwrap();
    assert!(seen(&*later, &db).await.is_empty());
    drop(later);
    // A statement that is refused does not end it, and does not begin another one.
    let mut sql = Sql::new(db.engine().dialect());
    sql.push("SELECT 1 FROM no_such_table");
    assert!(snapshot.query(sql.finish().unwrap()).await.is_err());
    match snapshot.query(lines(&db)).await {
        Ok(rows) => assert_eq!(rows.len(), 2),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}"),
    }
    snapshot.end().await;
    assert!(crate::cases::lines(&db).await.is_empty());
}
