//! What other transactions and lost connections do to units.
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests too")]

mod server;
#[allow(dead_code, unused_imports, unused_macros, reason = "the tests of segments need more")]
mod support;

use std::sync::Arc;

use decnet_db::config::{Config, DatabaseUrl};
use decnet_db::contract::{NewLog, NewUser};
use decnet_db::{ErrorKind, connect_with};

use crate::support::{Database, with_database};

fn log(line: String) -> NewLog {
    NewLog::new("d", "s", "e", "203.0.113.7").raw_line(line)
}

#[tokio::test(flavor = "multi_thread")]
async fn units_and_reads_outlive_their_connections() {
    with_database("lost", async |Database { repository, url }| {
        let killer = server::client(&url).await.unwrap();
        let (mut stored, mut unknown) = (0, 0);
        for round in 0..20 {
            let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() \
                        AND usename = current_user AND pid <> pg_backend_pid()";
            let (killed, written) =
                tokio::join!(killer.batch_execute(kill), repository.add_log(log(round.to_string())));
            killed.unwrap();
            match written {
                Ok(()) => stored += 1,
                // Lost inside of COMMIT.
                Err(error) if error.kind() == ErrorKind::UnknownOutcome => unknown += 1,
                Err(error) => panic!("round {round}: {error}"),
            }
        }
        let found = repository.get_total_logs(Default::default()).await.unwrap();
        assert!((stored..=stored + unknown).contains(&found), "{stored} + {unknown}, found {found}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn units_that_lock_each_other_out_are_replayed() {
    with_database("deadlock", async |Database { repository, .. }| {
        for name in ["a", "b"] {
            repository.create_user(NewUser::new(name, name, "hash")).await.unwrap();
        }
        let tasks = (0..6).map(|number| {
            let repository = Arc::clone(&repository);
            tokio::spawn(async move {
                let [first, second] = if number % 2 == 0 { ["a", "b"] } else { ["b", "a"] };
                let unit =
                    repository.unit().update_user_role(first, "admin").update_user_role(second, "admin");
                unit.add_log(log(number.to_string())).commit().await
            })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap().unwrap();
        }
        assert_eq!(repository.get_total_logs(Default::default()).await.unwrap(), 6);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_that_another_program_adds_meanwhile_is_found() {
    with_database("seed", async |database| {
        let other = server::client(&database.url).await.unwrap();
        let user = "BEGIN; INSERT INTO users (uuid, username, password_hash, role, must_change_password) VALUES \
                    ('00000000-0000-0000-0000-000000000001', 'contract-test', 'x', 'admin', FALSE)";
        other.batch_execute(user).await.unwrap();
        let mut config = database.config();
        config.seed.contract_test = true;
        let repository = connect_with(&config).await.unwrap();
        let initializing = {
            let repository = Arc::clone(&repository);
            tokio::spawn(async move { repository.initialize().await })
        };
        let waiting = "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let watcher = server::client(&database.url).await.unwrap();
        while watcher.query(waiting, &[]).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        other.batch_execute("COMMIT").await.unwrap();
        initializing.await.unwrap().expect("the user is found");
        assert_eq!(repository.list_users().await.unwrap()[0].password_hash, "x");
        repository.close().await;
    })
    .await;
}

#[tokio::test]
async fn what_keeps_a_database_from_opening_is_said() {
    let url = server::url().parse::<DatabaseUrl>().unwrap();
    let refused =
        async |url: DatabaseUrl| connect_with(&Config::new(url)).await.err().expect("it does not open");
    let error = refused(url.clone().with_password("hunter2")).await;
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    assert!(!error.to_string().contains("hunter2"), "{error}");
    let error = refused(url.clone().with_database("decnet_not_there")).await;
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    let error = refused(url.with_option("no_such_option", "1")).await;
    assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
    let error = refused("postgres://u:p@127.0.0.1:1/d".parse().unwrap()).await;
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_too_many_clients_is_waited_for() {
    with_database("clients", async |Database { repository, url }| {
        let admin = server::client(&url).await.unwrap();
        let others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
                      AND backend_type = 'client backend'";
        admin.batch_execute(&format!("SELECT pg_terminate_backend(pid) {others}")).await.unwrap();
        let count = format!("SELECT COUNT(*) {others}");
        while admin.query_one(&count, &[]).await.unwrap().get::<_, i64>(0) > 0 {
            tokio::task::yield_now().await;
        }
        let name: String = admin.query_one("SELECT current_database()::text", &[]).await.unwrap().get(0);
        admin.batch_execute(&format!("ALTER DATABASE {name} CONNECTION LIMIT 2")).await.unwrap();
        let holder = server::client(&url).await.unwrap();
        let refused = server::client(&url).await.map(drop).unwrap_err();
        assert_eq!(refused.code().map(|code| code.code()), Some("53300"), "{refused}");

        let mut write = std::pin::pin!(repository.add_log(log("waited".to_owned())));
        let early = tokio::time::timeout(std::time::Duration::from_millis(700), &mut write).await;
        assert!(early.is_err(), "it did not wait: {early:?}");
        drop(holder);
        write.await.unwrap();
        assert_eq!(repository.get_total_logs(Default::default()).await.unwrap(), 1);
    })
    .await;
}
