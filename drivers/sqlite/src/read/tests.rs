use decnet_db_core::config::{Config, DatabaseUrl};
use decnet_db_core::sql::{Sql, Value};

use std::time::Instant;

use rusqlite::Connection;

use super::*;
use crate::dialect::Sqlite;
use crate::file::DatabaseFile;
use crate::location::Location;
use crate::watch::Access;

const SECOND: Duration = Duration::from_secs(1);

fn readers(folder: &tempfile::TempDir, change: impl FnOnce(&mut PoolConfig)) -> ReaderPool {
    let path = folder.path().join("a.db");
    let file = DatabaseFile::prepare(path.to_str().unwrap(), true).unwrap();
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS t (x)").unwrap();
    let url = DatabaseUrl::sqlite(&path).unwrap();
    let metrics = PoolMetrics::new(&url);
    let mut pool = Config::new(url).pool;
    change(&mut pool);
    // The log goes with the last connection, which is closed here.
    let files = Arc::new(FileWatch::new(&file, Access::NoLog));
    let manager = Manager::new(&Location::read_write(&file), &files, SECOND, pool.recycle, metrics);
    ReaderPool::new(manager, &pool, files, Errors::new("the database a.db")).unwrap()
}

fn statement(text: &'static str) -> Statement {
    let mut sql = Sql::new(&Sqlite);
    sql.push(text);
    sql.finish().unwrap()
}

fn endless() -> Statement {
    statement("WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT COUNT(*) FROM n")
}

#[tokio::test]
async fn a_connection_left_in_a_transaction_is_not_used_again() {
    let folder = tempfile::tempdir().unwrap();
    let readers = readers(&folder, |pool| (pool.size, pool.max_overflow) = (1, 0));
    let pool = readers.pool.lock().clone().unwrap();
    let broken = pool.get().unwrap();
    let Ok(connection) = &broken.connection else { panic!("no connection") };
    connection.execute_batch("BEGIN; SELECT * FROM t").unwrap();
    drop(broken);
    let next = pool.get().unwrap();
    assert!(matches!(&next.connection, Ok(connection) if connection.is_autocommit()));
}

#[tokio::test]
async fn connections_open_when_needed_and_are_replaced_when_old() {
    let folder = tempfile::tempdir().unwrap();
    let young = readers(&folder, |_| {});
    assert_eq!(young.status().open, 0);
    young.query(statement("SELECT 1"), true).await.unwrap();
    young.query(statement("SELECT 1"), true).await.unwrap();
    assert_eq!((young.status().open, young.status().idle, young.status().max), (1, 1, 60));
    let old = readers(&folder, |pool| (pool.recycle, pool.pre_ping) = (Duration::ZERO, Some(true)));
    old.query(statement("SELECT 1"), true).await.unwrap();
    assert_eq!(old.status().open, 0);
}

#[tokio::test]
async fn readers_can_not_write() {
    let folder = tempfile::tempdir().unwrap();
    let readers = readers(&folder, |_| {});
    assert!(readers.query(statement("INSERT INTO t VALUES (1)"), true).await.is_err());
    let count = readers.query(statement("SELECT COUNT(*) FROM t"), true).await.unwrap();
    assert_eq!(count.iter().next().unwrap(), [Value::Int(0)]);
}

#[tokio::test]
async fn a_dropped_read_ends_and_frees_its_connection() {
    let folder = tempfile::tempdir().unwrap();
    let readers = readers(&folder, |pool| (pool.size, pool.max_overflow) = (1, 0));
    assert!(tokio::time::timeout(SECOND / 10, readers.query(endless(), true)).await.is_err());
    // Hangs for ever if the read goes on.
    readers.query(statement("SELECT 1"), true).await.unwrap();
}

#[tokio::test]
async fn a_caller_waits_for_a_connection_only_so_long() {
    let folder = tempfile::tempdir().unwrap();
    let readers = readers(&folder, |pool| {
        (pool.size, pool.max_overflow, pool.wait_timeout) = (1, 0, SECOND / 20);
    });
    let busy = readers.query(endless(), true);
    tokio::pin!(busy);
    assert!(tokio::time::timeout(SECOND / 20, &mut busy).await.is_err());
    let error = readers.query(statement("SELECT 1"), true).await.unwrap_err();
    assert!(error.is_retryable() && error.to_string().contains("all 1 reading connections"), "{error}");
}

#[tokio::test]
async fn a_deleted_or_replaced_file_is_reported_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let readers = readers(&folder, |_| {});
    let path = folder.path().join("a.db");
    // Renamed: the inode of a deleted file would be free for the next one, which it is not while a writer is open.
    std::fs::rename(&path, folder.path().join("b.db")).unwrap();
    let started = Instant::now();
    let error = readers.query(statement("SELECT 1"), true).await.unwrap_err();
    assert!(error.to_string().contains("deleted or replaced"), "{error}");
    std::fs::write(&path, "").unwrap();
    assert!(readers.query(statement("SELECT 1"), true).await.is_err());
    assert!(started.elapsed() < 5 * SECOND, "r2d2 would have retried for 30 s");
    assert_eq!(readers.status().open, 0);
}

#[tokio::test]
async fn text_that_is_not_utf8_keeps_its_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let readers = readers(&folder, |_| {});
    let rows =
        readers.query(statement("SELECT CAST(x'61ff0062' AS TEXT), 1.5, NULL, x'00ff'"), true).await.unwrap();
    let expected =
        [Value::Blob(b"a\xff\0b".to_vec()), Value::Real(1.5), Value::Null, Value::Blob(vec![0, 0xff])];
    assert_eq!(rows.iter().next().unwrap(), expected);
}
