//! Groups of writes: a unit that can't go on takes no others with it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    dead_code,
    reason = "helpers of tests are tests too, and other tests use more of them"
)]

#[path = "client/mod.rs"]
mod client;
#[path = "server/database.rs"]
mod database;

use std::sync::Arc;
use std::time::{Duration, Instant};

use decnet_db_core::contract::NewLog;
use decnet_db_core::contract::tables::SCHEMA;
use decnet_db_core::driver::Backend;
use decnet_db_core::sql::{ColumnKind, Insert, Sql, Unit};
use mysql_async::prelude::Queryable;
use tokio::task::JoinSet;
use tokio::time::timeout;

use database::Database;

fn guarded(name: &str) -> Unit {
    let mut unit = Unit::new();
    unit.guard("test", name);
    unit.insert(Insert::row(NewLog::new("d", "s", "e", "x").raw_line(name)).unwrap());
    unit
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guard_that_somebody_else_holds_keeps_its_own_unit_waiting_and_no_other() {
    let (database, repository) = Database::ready().await;
    let backend = database.backend().await;
    // Another process has the guard `held`.
    let mut other = database.conn().await;
    let number = guarded("held").guards(&database.name).into_iter().next().unwrap();
    let taken: Option<i64> =
        other.query_first(format!("SELECT GET_LOCK('decnet_{number:016x}', 0)")).await.unwrap();
    assert_eq!(taken, Some(1));

    let (mut free, mut held) = (JoinSet::new(), JoinSet::new());
    for n in 0..60 {
        let (backend, name) =
            (backend.clone(), if n % 20 == 7 { "held".into() } else { format!("free-{n}") });
        let tasks = if name == "held" { &mut held } else { &mut free };
        tasks.spawn(async move { backend.commit(guarded(&name)).await });
    }
    let begun = Instant::now();
    while let Some(done) = free.join_next().await {
        done.unwrap().unwrap();
    }
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    assert!(timeout(Duration::from_millis(200), held.join_next()).await.is_err(), "it is still held");
    let released: Option<i64> =
        other.query_first(format!("SELECT RELEASE_LOCK('decnet_{number:016x}')")).await.unwrap();
    assert_eq!(released, Some(1));
    while let Some(done) = held.join_next().await {
        done.unwrap().unwrap();
    }
    assert_eq!(database.texts("SELECT raw_line FROM logs").await.len(), 60);
    backend.close().await;
    repository.close().await;
    database.drop().await;
}

/// The DDL that `reset` sends, which commits whatever stands before it in its transaction.
fn resync(backend: &dyn Backend) -> Option<Unit> {
    let table = SCHEMA.table("logs").unwrap();
    let key = table.columns.iter().find(|column| column.kind == ColumnKind::Serial).unwrap();
    let mut sql = Sql::new(backend.dialect());
    backend.dialect().resync_serial(sql.ddl(), table, key);
    if sql.is_empty() {
        return None;
    }
    let mut unit = Unit::new();
    unit.execute(sql.finish().unwrap());
    Some(unit)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ddl_beside_other_writes_breaks_none_of_them() {
    let (database, repository) = Database::ready().await;
    let backend: Arc<dyn Backend> = database.backend().await;
    let mut tasks = JoinSet::new();
    for n in 0..200 {
        let backend = backend.clone();
        tasks.spawn(async move {
            if n % 20 == 0 {
                return match resync(&*backend) {
                    Some(unit) => backend.commit(unit).await.map(drop),
                    None => Ok(()),
                };
            }
            // Of two steps, so that it needs a savepoint in a group.
            let mut unit = guarded(&format!("{n}"));
            unit.insert(Insert::row(NewLog::new("d", "s", "e", "x").raw_line(format!("{n}"))).unwrap());
            backend.commit(unit).await.map(drop)
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap().unwrap();
    }
    assert_eq!(database.texts("SELECT raw_line FROM logs").await.len(), 2 * 190);
    backend.close().await;
    repository.close().await;
    database.drop().await;
}

/// An account that may only read and write rows.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_without_the_right_to_alter_tables_resets_counters_without_an_error() {
    let (database, repository) = Database::ready().await;
    let user = format!("rows_{}", std::process::id());
    let rights = format!(
        "CREATE USER '{user}'@'%' IDENTIFIED BY 'x';\n\
         GRANT SELECT, INSERT, UPDATE, DELETE ON {}.* TO '{user}'@'%'",
        database.name
    );
    database.sql(&rights).await;
    let url = database.url().expose();
    let (_, host) = url.split_once('@').unwrap();
    let option = if host.contains('?') { "" } else { "?allow-public-key-retrieval=true" };
    let url = format!("mysql://{user}:x@{host}{option}");
    let config = decnet_db_core::config::Config::new(url.parse().unwrap());
    let backend = decnet_db_mysql::DRIVER.backend(&config).await.unwrap();
    backend.commit(guarded("a")).await.unwrap();
    if let Some(unit) = resync(&*backend) {
        backend.commit(unit).await.unwrap();
    }
    backend.close().await;
    repository.close().await;
    database.sql(&format!("DROP USER '{user}'@'%'")).await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn text_that_a_character_set_can_not_hold_is_refused_for_that_reason() {
    let database = Database::with("CHARACTER SET utf8mb4").await;
    let repository = database.open().await;
    repository.initialize().await.unwrap();
    database.sql("ALTER TABLE logs MODIFY raw_line TEXT CHARACTER SET utf8mb3 NOT NULL").await;
    let error = repository.add_log(NewLog::new("d", "s", "e", "x").raw_line("\u{1f4a9}")).await.unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("raw_line") && text.contains("character set") && text.contains("utf8mb3"),
        "{text}"
    );
    repository.close().await;
    database.drop().await;
}
