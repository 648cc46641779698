//! Transactions that commit behind others with higher ids, on a server.

use std::time::Duration;

use decnet_db::watch::{Token, Watch};
use mysql_async::prelude::Queryable;

use crate::support::Database;
use crate::{event, events, lines, nothing, numbers, watching};

/// A connection past the library.
async fn connection(database: &Database) -> mysql_async::Conn {
    let options = mysql_async::Opts::from_url(&database.url).unwrap();
    mysql_async::Conn::new(options).await.unwrap()
}

/// Begins a transaction that holds ids without showing its events.
async fn hold(connection: &mut mysql_async::Conn, lines: &[&str]) {
    connection.query_drop("BEGIN").await.unwrap();
    for line in lines {
        let insert = "INSERT INTO logs (timestamp, decky, service, event_type, attacker_ip, raw_line, fields) \
                      VALUES ('2026-01-02 03:04:05', 'd', 's', 'e', '192.0.2.1', ?, '{}')";
        connection.exec_drop(insert, (line,)).await.unwrap();
    }
}

async fn finish(connection: &mut mysql_async::Conn, end: &str) {
    connection.query_drop(end).await.unwrap();
}

#[test]
fn what_commits_late_comes_once() {
    crate::support::mysql(async |database: Database| {
        let mut watcher = watching(&database.repository, Watch::new()).await;
        let mut filtered = watching(&database.repository, Watch::new().search("service:s")).await;
        let (mut one, mut two) = (connection(&database).await, connection(&database).await);
        hold(&mut one, &["late 1", "late 2"]).await;
        hold(&mut two, &["never"]).await;
        database.add_logs(events(0..10)).await.unwrap();
        assert_eq!(lines(&mut watcher, 10).await, numbers(0..10));
        nothing(&mut watcher).await;
        finish(&mut two, "ROLLBACK").await;
        finish(&mut one, "COMMIT").await;
        assert_eq!(lines(&mut watcher, 2).await, ["late 1", "late 2"]);
        assert_eq!(lines(&mut filtered, 2).await, ["late 1", "late 2"]);
        database.add_logs(events(10..12)).await.unwrap();
        assert_eq!(lines(&mut watcher, 2).await, numbers(10..12));
        nothing(&mut watcher).await;
        nothing(&mut filtered).await;
        // `get_logs_after_id` has missed them.
        let newest = database.get_max_log_id().await.unwrap();
        assert!(database.get_logs_after_id(newest, 50, Default::default()).await.unwrap().is_empty());
    });
}

#[test]
fn what_was_open_before_the_watch_began_comes_too() {
    crate::support::mysql(async |database: Database| {
        let mut one = connection(&database).await;
        hold(&mut one, &["late"]).await;
        database.add_logs(events(0..10)).await.unwrap();
        let mut watcher = watching(&database.repository, Watch::new()).await;
        finish(&mut one, "COMMIT").await;
        assert_eq!(lines(&mut watcher, 1).await, ["late"]);
        nothing(&mut watcher).await;
    });
}

#[test]
fn a_token_remembers_what_is_open() {
    crate::support::mysql(async |database: Database| {
        let (mut one, mut two) = (connection(&database).await, connection(&database).await);
        let mut watcher = watching(&database.repository, Watch::new()).await;
        hold(&mut one, &["late 1"]).await;
        database.add_logs(events(0..5)).await.unwrap();
        hold(&mut two, &["late 2"]).await;
        database.add_logs(events(5..10)).await.unwrap();
        assert_eq!(lines(&mut watcher, 8).await, numbers(0..8));
        let token = watcher.token().to_string();
        assert!(token.contains(','), "{token}");
        drop(watcher);
        let database = database.reopened().await;
        finish(&mut one, "COMMIT").await;
        // So many that a feed that begins does not look so far back.
        for part in 0..21 {
            database.add_logs(events(10 + 1_000 * part..1_010 + 1_000 * part)).await.unwrap();
        }
        let after = || Watch::new().after(token.parse::<Token>().unwrap());
        let mut watcher = watching(&database.repository, after()).await;
        let mut second = watching(&database.repository, after()).await;
        for watcher in [&mut watcher, &mut second] {
            assert_eq!(lines(watcher, 1).await, ["late 1"]);
            assert_eq!(lines(watcher, 21_002).await, numbers(8..21_010));
            nothing(watcher).await;
        }
        let later = watcher.token();
        finish(&mut two, "COMMIT").await;
        for watcher in [&mut watcher, &mut second] {
            assert_eq!(lines(watcher, 1).await, ["late 2"]);
            nothing(watcher).await;
        }
        let mut third = watching(&database.repository, Watch::new().after(later)).await;
        assert_eq!(lines(&mut third, 1).await, ["late 2"]);
        let mut last = watching(&database.repository, Watch::new().after(third.token())).await;
        nothing(&mut last).await;
        database.repository.close().await;
    });
}

#[test]
fn nobody_waits_for_ever() {
    crate::support::mysql(async |database: Database| {
        let mut one = connection(&database).await;
        let what = Watch::new().poll(Duration::from_millis(20)).patience(Duration::from_millis(100));
        let mut watcher = watching(&database.repository, what).await;
        hold(&mut one, &["too late"]).await;
        database.add_log(event("0")).await.unwrap();
        assert_eq!(lines(&mut watcher, 1).await, ["0"]);
        assert!(watcher.token().to_string().contains('.'));
        let begun = std::time::Instant::now();
        // An event carries the news that nothing is missing any more.
        loop {
            assert!(begun.elapsed() < crate::BOUND);
            database.add_log(event("x")).await.unwrap();
            assert_eq!(lines(&mut watcher, 1).await, ["x"]);
            nothing(&mut watcher).await;
            if !watcher.token().to_string().contains('.') {
                break;
            }
        }
        finish(&mut one, "COMMIT").await;
        nothing(&mut watcher).await;
    });
}
