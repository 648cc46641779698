//! A server that fails: killed under load, full, read-only, gone, or refusing.

use std::time::Duration;

use decnet_db_core::ErrorKind;
use decnet_db_core::config::{Config, DatabaseUrl, Host};
use decnet_db_core::contract::{LogFilter, LogQuery, NewLog};
use tokio::task::JoinSet;

use crate::database::{Database, open};
use crate::private::Private;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_acknowledged_row_outlives_kills_and_none_is_there_twice() {
    let server = Private::start("");
    let database = Database::on(&server.url(), "CHARACTER SET utf8mb4").await;
    // A busy machine takes longer than the usual thirty seconds to start a server that was killed; how long callers wait is
    // not what is asked here.
    let mut config = database.config();
    config.pool.wait_timeout = Duration::from_secs(300);
    let repository = open(&config).await.unwrap();
    repository.initialize().await.unwrap();
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut tasks = JoinSet::new();
    for task in 0..64 {
        let (repository, stopped) = (repository.clone(), stopped.clone());
        tasks.spawn(async move {
            let (mut acknowledged, mut unknown) = (Vec::new(), Vec::new());
            let mut n = 0;
            while !*stopped.borrow() {
                n += 1;
                let mark = format!("{task}-{n}");
                let log = NewLog::new("d", "s", "e", "x").raw_line(&mark);
                // Both kinds of unit: those that are put together into one INSERT, and those of several steps.
                let outcome = if n % 2 == 0 {
                    repository.add_log(log).await
                } else {
                    let position = decnet_db_core::json::Json::parse(n.to_string()).unwrap();
                    repository.unit().add_log(log).set_state(&format!("task-{task}"), position).commit().await
                };
                match outcome {
                    Ok(()) => acknowledged.push(mark),
                    Err(error) if error.kind() == ErrorKind::UnknownOutcome => unknown.push(mark),
                    Err(error) => panic!("{error}: {:?}", std::error::Error::source(&error)),
                }
                // Reads get over it unnoticed.
                if n % 16 == 0 {
                    repository.get_max_log_id().await.unwrap();
                }
            }
            (acknowledged, unknown)
        });
    }
    for _ in 0..5 {
        let before = repository.get_max_log_id().await.unwrap();
        while repository.get_max_log_id().await.unwrap() < before + 300 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::task::block_in_place(|| {
            server.script(&["kill"]);
            server.script(&["start"]);
        });
    }
    let before = repository.get_max_log_id().await.unwrap();
    while repository.get_max_log_id().await.unwrap() < before + 300 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stop.send(true).unwrap();
    let (mut acknowledged, mut unknown) = (Vec::new(), Vec::new());
    while let Some(done) = tasks.join_next().await {
        let (good, open) = done.unwrap();
        acknowledged.extend(good);
        unknown.extend(open);
    }
    let mut stored = database.texts("SELECT raw_line FROM logs ORDER BY raw_line").await;
    stored.sort();
    let rows = stored.len();
    stored.dedup();
    assert_eq!(stored.len(), rows, "a row is there twice");
    for mark in &acknowledged {
        assert!(stored.binary_search(mark).is_ok(), "{mark} was acknowledged and is gone");
    }
    assert!(rows <= acknowledged.len() + unknown.len());
    println!("{} acknowledged, {} unknown, {rows} stored", acknowledged.len(), unknown.len());
    repository.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_or_read_only_server_says_so_and_recovers() {
    let server = Private::start("--max-connections=10 --max-allowed-packet=1M");
    let database = Database::on(&server.url(), "CHARACTER SET utf8mb4").await;
    let mut config = database.config();
    config.pool.wait_timeout = Duration::from_secs(1);
    let repository = open(&config).await.unwrap();
    repository.initialize().await.unwrap();

    // More than the server takes in a packet is refused before it is sent, and names what and how much.
    let log = NewLog::new("d", "s", "e", "x").raw_line("x".repeat(2 * 1024 * 1024));
    let error = repository.add_log(log).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("raw_line") && error.to_string().contains("1048576"), "{error}");
    // Many rows that only together are more than that go in.
    let logs = (0..10).map(|_| NewLog::new("d", "s", "e", "x").raw_line("x".repeat(300_000)));
    repository.add_logs(logs.collect()).await.unwrap();

    server.script(&["sql", "SET GLOBAL read_only = 1"]);
    let plain = url_for(&server, "plain", &database.name);
    let reader = open(&Config::new(plain)).await.unwrap();
    let error = reader.add_log(NewLog::new("d", "s", "e", "x")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    assert_eq!(reader.get_total_logs(LogFilter::all()).await.unwrap(), 10);
    server.script(&["sql", "SET GLOBAL read_only = 0"]);
    reader.add_log(NewLog::new("d", "s", "e", "x")).await.unwrap();
    reader.close().await;

    let mut holders = Vec::new();
    let refused = loop {
        match open(&config).await {
            Ok(repository) => holders.push(repository),
            Err(error) => break error,
        }
        assert!(holders.len() < 30);
    };
    assert_eq!(refused.kind(), ErrorKind::Unavailable, "{refused}");
    for holder in holders {
        holder.close().await;
    }
    repository.close().await;
}

/// The URL of an account without special rights.
fn url_for(server: &Private, user: &str, database: &str) -> DatabaseUrl {
    server.script(&[
        "sql",
        &format!(
            "CREATE USER '{user}'@'%' IDENTIFIED BY 'hunter2'; GRANT ALL ON {database}.* TO '{user}'@'%'"
        ),
    ]);
    let url = server.url().parse::<DatabaseUrl>().unwrap();
    url.with_user(user).with_password("hunter2").with_database(database)
}

#[tokio::test]
async fn refusals_at_the_door_are_told_apart_and_show_no_password() {
    let database = Database::empty().await;
    let good = database.url();
    let nobody = DatabaseUrl::new("mysql").unwrap().with_host(Host::new("127.0.0.1", Some(1)));
    for (url, kind, part) in [
        (good.clone().with_password("hunter2"), ErrorKind::Configuration, "password"),
        (good.clone().with_user("stranger").with_password("hunter2"), ErrorKind::Configuration, "stranger"),
        (good.clone().with_database("decnet_no_such"), ErrorKind::Configuration, "decnet_no_such"),
        (
            nobody.with_user("u").with_password("hunter2").with_database("d"),
            ErrorKind::Unavailable,
            "127.0.0.1:1",
        ),
        (
            good.clone().with_option("unix_socket", "/nonexistent/socket"),
            ErrorKind::Unavailable,
            "/nonexistent/socket",
        ),
        (
            good.with_option("sslmode", "required").with_option("ssl_ca", "/nonexistent.pem"),
            ErrorKind::Configuration,
            "ssl",
        ),
    ] {
        let config = Config::new(url);
        let error = open(&config).await.map(drop).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(part), "{error}");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
    }
    database.drop().await;
}

#[tokio::test]
async fn the_next_host_of_the_list_is_tried() {
    let (database, first) = Database::ready().await;
    first.close().await;
    let url = database.url().expose().replacen('@', "@127.0.0.1:1,", 1);
    let repository = open(&Config::new(url.parse().unwrap())).await.unwrap();
    assert_eq!(repository.get_logs(LogQuery::new()).await.unwrap(), []);
    repository.close().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_the_server_ended_is_replaced_unnoticed() {
    let (database, repository) = Database::ready().await;
    for _ in 0..3 {
        database.end_connections().await;
        repository.add_log(NewLog::new("d", "s", "e", "x")).await.unwrap();
        database.end_connections().await;
        repository.get_logs(LogQuery::new()).await.unwrap();
    }
    assert_eq!(repository.get_total_logs(LogFilter::all()).await.unwrap(), 3);
    repository.close().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_server_is_away_callers_wait_once_and_hear_so() {
    let server = Private::start("");
    let database = Database::on(&server.url(), "CHARACTER SET utf8mb4").await;
    let mut config = database.config();
    config.pool.wait_timeout = Duration::from_secs(2);
    let repository = open(&config).await.unwrap();
    repository.initialize().await.unwrap();
    server.script(&["stop"]);
    let started = std::time::Instant::now();
    let mut tasks = JoinSet::new();
    for n in 0..64 {
        let repository = repository.clone();
        tasks.spawn(async move {
            let log = NewLog::new("d", "s", "e", "x");
            let outcome = if n % 2 == 0 {
                repository.add_log(log).await
            } else {
                repository.get_max_log_id().await.map(drop)
            };
            outcome.unwrap_err()
        });
    }
    while let Some(done) = tasks.join_next().await {
        assert_eq!(done.unwrap().kind(), ErrorKind::Unavailable);
    }
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    server.script(&["start"]);
    repository.add_log(NewLog::new("d", "s", "e", "x")).await.unwrap();
    assert_eq!(repository.get_total_logs(LogFilter::all()).await.unwrap(), 1);
    repository.close().await;
}
