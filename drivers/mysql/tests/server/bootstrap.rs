//! Creating the schema.

use decnet_db_core::ErrorKind;
use mysql_async::prelude::Queryable;
use tokio::task::JoinSet;

use crate::database::Database;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_at_once_make_one_schema() {
    let database = Database::empty().await;
    let mut config = database.config();
    config.seed = config.seed.with_admin_password("correct horse battery");
    let mut tasks = JoinSet::new();
    for _ in 0..20 {
        let config = config.clone();
        tasks.spawn(async move {
            let repository = crate::database::open(&config).await?;
            let done = repository.initialize().await?;
            repository.close().await;
            Ok::<_, decnet_db_core::Error>(done.created)
        });
    }
    let mut created = Vec::new();
    while let Some(done) = tasks.join_next().await {
        created.push(done.unwrap().unwrap());
    }
    assert_eq!(created.iter().filter(|count| **count > 0).count(), 1);
    assert_eq!(database.texts("SELECT version_num FROM alembic_version").await, ["4a914b1d62a0"]);
    assert_eq!(database.texts("SELECT username FROM users").await, ["admin"]);
    database.drop().await;
}

/// Whoever finds all tables takes no lock, so it can add a user while one that had to create a table adds the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_that_another_program_adds_at_the_same_moment_is_found() {
    let (database, repository) = Database::ready().await;
    repository.close().await;
    for missing in ["", "DROP TABLE tarpit_rules"] {
        database.sql(&format!("{missing};\nDELETE FROM users")).await;
        let mut other = database.conn().await;
        other.query_drop(format!("USE {}", database.name)).await.unwrap();
        other.query_drop("BEGIN").await.unwrap();
        other
            .query_drop(
                "INSERT INTO users (uuid, username, password_hash, role, must_change_password) VALUES \
                 ('00000000-0000-0000-0000-000000000001', 'contract-test', 'x', 'admin', 0)",
            )
            .await
            .unwrap();
        let mut config = database.config();
        config.seed.contract_test = true;
        let repository = crate::database::open(&config).await.unwrap();
        let initializing = {
            let repository = repository.clone();
            tokio::spawn(async move { repository.initialize().await })
        };
        database.wait_for_lock_waits(1).await;
        other.query_drop("COMMIT").await.unwrap();
        let done = initializing.await.unwrap().expect("the row is found");
        assert_eq!(done.created > 0, !missing.is_empty());
        assert_eq!(database.texts("SELECT password_hash FROM users").await, ["x"]);
        repository.close().await;
    }
    database.drop().await;
}

#[tokio::test]
async fn the_tables_are_ruling_r3s() {
    let (database, repository) = Database::ready().await;
    // MariaDB's JSON is a LONGTEXT with a collation of its own.
    let collations = database
        .texts("SELECT DISTINCT collation_name FROM information_schema.columns WHERE table_schema = DATABASE() AND collation_name IS NOT NULL \
             AND data_type <> 'json' AND NOT (data_type = 'longtext' AND collation_name = 'utf8mb4_bin')")
        .await;
    assert!(collations == ["utf8mb4_nopad_bin"] || collations == ["utf8mb4_0900_bin"], "{collations:?}");
    let types = database
        .texts(
            "SELECT CONCAT(table_name, '.', column_name, ' ', column_type) FROM information_schema.columns \
             WHERE table_schema = DATABASE() AND table_name IN ('logs', 'state', 'users') ORDER BY table_name, ordinal_position",
        )
        .await;
    for expected in [
        "logs.id bigint",
        "logs.timestamp datetime(6)",
        "logs.decky varchar(255)",
        "logs.raw_line mediumtext",
        "state.key varchar(255)",
        "users.role mediumtext",
        "users.must_change_password tinyint(1)",
    ] {
        assert!(types.iter().any(|column| column.starts_with(expected)), "{expected} in {types:?}");
    }
    repository.close().await;
    database.drop().await;
}

#[tokio::test]
async fn a_database_of_another_program_is_left_alone() {
    let database = Database::empty().await;
    database.sql("CREATE TABLE users (id INT PRIMARY KEY)").await;
    let repository = database.open().await;
    let error = repository.initialize().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert_eq!(database.texts("SHOW TABLES").await, ["users"]);
    repository.close().await;
    database.drop().await;
}

#[tokio::test]
async fn without_a_schema_calls_say_that_it_is_missing() {
    let database = Database::empty().await;
    let repository = database.open().await;
    for error in [
        repository.get_state("k").await.unwrap_err(),
        repository.add_log(decnet_db_core::contract::NewLog::new("d", "s", "e", "x")).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains("init"), "{error}");
    }
    repository.close().await;
    database.drop().await;
}

/// Tables as DECNET makes them in a database with the usual collation: added ones take it, what they can't hold is
/// refused, and fractions are cut.
#[tokio::test]
async fn tables_that_decnet_made_are_used_as_they_are() {
    use decnet_db_core::contract::{BountyFilter, LogQuery, NewBounty, NewLog, NewUser};
    let database = Database::with("CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci").await;
    database
        .sql(
            "CREATE TABLE bounty (id INTEGER NOT NULL AUTO_INCREMENT, timestamp DATETIME NOT NULL, decky VARCHAR(255) NOT NULL, service VARCHAR(255) NOT NULL, attacker_ip VARCHAR(255) NOT NULL, bounty_type VARCHAR(255) NOT NULL, payload TEXT NOT NULL, PRIMARY KEY (id));\n\
             CREATE TABLE logs (id INTEGER NOT NULL AUTO_INCREMENT, timestamp DATETIME NOT NULL, decky VARCHAR(255) NOT NULL, service VARCHAR(255) NOT NULL, event_type VARCHAR(255) NOT NULL, attacker_ip VARCHAR(255) NOT NULL, raw_line TEXT NOT NULL, fields TEXT NOT NULL, msg TEXT, trace_id VARCHAR(255), span_id VARCHAR(255), PRIMARY KEY (id));\n\
             CREATE TABLE users (uuid VARCHAR(255) NOT NULL, username VARCHAR(255) NOT NULL, password_hash VARCHAR(255) NOT NULL, `role` VARCHAR(255) NOT NULL, must_change_password BOOL NOT NULL, tokens_valid_from DATETIME, PRIMARY KEY (uuid), UNIQUE KEY ix_users_username (username));\n",
        )
        .await;
    let repository = database.open().await;
    repository.initialize().await.unwrap();
    // MariaDB's JSON is a LONGTEXT with a collation of its own.
    let collations = database
        .texts(
            "SELECT DISTINCT table_collation FROM information_schema.tables WHERE table_schema = DATABASE()",
        )
        .await;
    assert_eq!(collations, ["utf8mb4_unicode_ci"]);

    repository
        .add_log(NewLog::new("d", "s", "e", "x").timestamp("2026-12-31T23:59:59.999999Z".parse().unwrap()))
        .await
        .unwrap();
    let log = repository.get_logs(LogQuery::default()).await.unwrap().remove(0);
    assert_eq!(log.timestamp.to_string(), "2026-12-31T23:59:59Z");

    let error =
        repository.add_log(NewLog::new("d", "s", "e", "x").raw_line("x".repeat(65_536))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("raw_line") && error.to_string().contains("65535"), "{error}");
    let error = repository.update_user_role("nobody", &"x".repeat(70_000)).await;
    assert!(error.is_ok(), "no row, nothing to refuse: {error:?}");

    for payload in ["secret", "Secret", "secret"] {
        repository
            .add_bounty(NewBounty::new("d", "s", "203.0.113.7", "credential").payload(payload))
            .await
            .unwrap();
    }
    assert_eq!(repository.get_total_bounties(BountyFilter::default()).await.unwrap(), 2);
    repository.create_user(NewUser::new("u", "Admin", "x")).await.unwrap();
    assert_eq!(repository.get_user_by_username("admin").await.unwrap(), None);
    assert!(repository.get_user_by_username("Admin").await.unwrap().is_some());

    // One key for the table's collation, two for the contract: refused, not merged.
    let one = decnet_db_core::json::Json::parse("1".to_owned()).unwrap();
    repository.set_state("Cursor", one.clone()).await.unwrap();
    repository.set_state("Cursor", one.clone()).await.unwrap();
    let error = repository
        .set_state("cursor", decnet_db_core::json::Json::parse("2".to_owned()).unwrap())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert_eq!(repository.get_state("Cursor").await.unwrap(), Some(one));
    repository.close().await;
    database.drop().await;
}
