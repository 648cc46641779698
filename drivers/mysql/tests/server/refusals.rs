//! Servers that are set up so that something can't work: what is said, and before what.

use std::time::{Duration, Instant};

use decnet_db_core::config::{Config, DatabaseUrl};
use decnet_db_core::contract::{LogFilter, NewBounty, NewLog};
use decnet_db_core::sql::{Sql, Statement};
use decnet_db_core::{Error, ErrorKind};

use crate::database::{Database, open};
use crate::private::Private;

fn log() -> NewLog {
    NewLog::new("d", "s", "e", "203.0.113.7")
}

#[track_caller]
fn is_configuration(error: &Error, words: &[&str]) {
    let text = error.to_string();
    assert_eq!(error.kind(), ErrorKind::Configuration, "{text}");
    for word in words {
        assert!(text.contains(word), "{word}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_based_binary_log_is_refused_before_the_first_table() {
    let server = Private::start("--log-bin=binary --server-id=7 --binlog-format=STATEMENT");
    let database = Database::on(&server.url(), "CHARACTER SET utf8mb4").await;
    let repository = database.open().await;
    let error = repository.initialize().await.unwrap_err();
    is_configuration(&error, &["binlog_format=STATEMENT", "MIXED", "nothing was created"]);
    assert!(database.texts("SHOW TABLES").await.is_empty());
    // Put right, it goes on without a restart of the program. Sessions take the setting when they begin.
    server.script(&["sql", "SET GLOBAL binlog_format = MIXED"]);
    repository.close().await;
    let repository = database.open().await;
    repository.initialize().await.unwrap();
    repository.add_log(log()).await.unwrap();
    // Turned back later, writes are refused with the same advice.
    server.script(&["sql", "SET GLOBAL binlog_format = STATEMENT"]);
    repository.close().await;
    let repository = database.open().await;
    let error = repository.add_log(log()).await.unwrap_err();
    is_configuration(&error, &["binlog_format", "MIXED"]);
    assert_eq!(repository.get_total_logs(LogFilter::all()).await.unwrap(), 1);
    repository.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn our_tables_are_innodbs_whatever_the_server_would_choose() {
    let server = Private::start("--default-storage-engine=MyISAM --innodb-default-row-format=compact");
    let database = Database::on(&server.url(), "CHARACTER SET utf8mb4").await;
    let repository = database.open().await;
    repository.initialize().await.unwrap();
    repository.add_bounty(NewBounty::new("d", "s", "203.0.113.7", "credential")).await.unwrap();
    let other = format!(
        "SELECT CONCAT(table_name, ' ', engine, ' ', row_format) FROM information_schema.tables WHERE table_schema = '{}' \
         AND NOT (engine = 'InnoDB' AND row_format = 'Dynamic')",
        database.name
    );
    assert_eq!(database.texts(&other).await, Vec::<String>::new());
    repository.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_table_is_added_beside_one_of_another_storage_engine() {
    let database = Database::empty().await;
    database
        .sql(
            "CREATE TABLE state (`key` VARCHAR(200) NOT NULL, value MEDIUMTEXT NOT NULL, PRIMARY KEY (`key`)) \
             ENGINE = MyISAM CHARACTER SET utf8mb4",
        )
        .await;
    let repository = database.open().await;
    let error = repository.initialize().await.unwrap_err();
    is_configuration(&error, &["state (MyISAM)", "ENGINE=InnoDB", "nothing was changed"]);
    assert_eq!(database.texts("SHOW TABLES").await, ["state"]);
    database.sql("ALTER TABLE state ENGINE = InnoDB, ROW_FORMAT = DYNAMIC").await;
    repository.initialize().await.unwrap();
    repository.set_state("k", serde_json::json!(1).into()).await.unwrap();
    repository.close().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_or_an_account_that_wants_tls_is_told_apart_from_a_wrong_password() {
    let server = Private::start("");
    let url: DatabaseUrl = server.url().parse().unwrap();
    let fresh = |user: &str, password: &str| {
        let url = url.clone().with_user(user).with_password(password);
        Config::new(url.with_option("allow-public-key-retrieval", "true"))
    };
    server.script(&[
        "sql",
        "CREATE USER tls@'%' IDENTIFIED BY 'x' REQUIRE SSL; GRANT ALL ON *.* TO tls@'%'; \
         CREATE USER plain@'%' IDENTIFIED BY 'x'; GRANT ALL ON *.* TO plain@'%'",
    ]);
    // Loopback: not encrypted unless the URL says so.
    let error = open(&fresh("tls", "x")).await.map(drop).unwrap_err();
    is_configuration(&error, &["REQUIRE SSL", "ssl-mode=required"]);
    open(&fresh("plain", "x")).await.unwrap().close().await;
    let error = open(&fresh("plain", "wrong")).await.map(drop).unwrap_err();
    is_configuration(&error, &["password"]);
    server.script(&["sql", "SET GLOBAL require_secure_transport = ON"]);
    let error = open(&fresh("plain", "x")).await.map(drop).unwrap_err();
    // MariaDB 10.11 refuses it as a wrong password, MySQL by name (3159).
    is_configuration(&error, &["ssl-mode=required"]);
    // The server's sentence once.
    let text = format!("{error:#}");
    assert!(text.matches("insecure transport").count() <= 1, "{text}");
}

/// A query that takes so many seconds.
fn sleeping(backend: &dyn decnet_db_core::driver::Backend, sleep: &'static str) -> Statement {
    let mut sql = Sql::new(backend.dialect());
    sql.push(sleep);
    sql.finish().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pool_is_small_again_after_a_burst() {
    let (database, repository) = Database::ready().await;
    let mut config = database.config();
    config.pool.recycle = Duration::from_secs(5);
    let backend = decnet_db_mysql::DRIVER.backend(&config).await.unwrap();
    let mut burst = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let backend = backend.clone();
        burst.spawn(async move { backend.query(sleeping(&*backend, "SELECT SLEEP(0.5)")).await.map(drop) });
    }
    while let Some(done) = burst.join_next().await {
        done.unwrap().unwrap();
    }
    assert!(backend.pool().open > 1, "{:?}", backend.pool());
    let begun = Instant::now();
    // Nobody asks for a connection meanwhile: it is the pool itself that looks.
    while backend.pool().open > 0 {
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", backend.pool());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    backend.close().await;
    repository.close().await;
    database.drop().await;
}

#[test]
fn a_repository_whose_runtime_has_ended_says_so() {
    let runtime =
        || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let first = runtime();
    let (database, repository) = first.block_on(Database::ready());
    drop(first);
    let second = runtime();
    second.block_on(async {
        // Of several statements, as a single one needs no task.
        let unit = repository.unit().add_log(log()).set_state("k", serde_json::json!(1));
        let error = unit.commit().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
        assert!(
            error.to_string().contains("the async runtime in which the repository was opened has ended"),
            "{error}"
        );
        database.drop().await;
    });
}
