//! What is replayed, and what is not because it may have happened.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use decnet_db_core::ErrorKind;
use decnet_db_core::config::Config;
use decnet_db_core::contract::{LogFilter, NewBounty, NewLog};
use decnet_db_core::json::Json;
use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use mysql_async::prelude::Queryable;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::database::{Database, open};

/// Counts replays by their reason, in the whole process.
#[derive(Debug, Default)]
struct Replays(Mutex<BTreeMap<String, Arc<AtomicU64>>>);

struct Handle(&'static Replays);

impl Recorder for Handle {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        let reason = key.labels().find(|label| label.key() == "reason").map(|label| label.value().to_owned());
        match reason {
            Some(reason) if key.name() == "decnet_db.replays" => {
                Counter::from_arc(self.0.0.lock().unwrap().entry(reason).or_default().clone())
            }
            _ => Counter::noop(),
        }
    }

    fn register_gauge(&self, _: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::noop()
    }

    fn register_histogram(&self, _: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::noop()
    }
}

fn replays(reason: &str) -> u64 {
    static REPLAYS: OnceLock<&'static Replays> = OnceLock::new();
    let replays = REPLAYS.get_or_init(|| {
        let replays: &'static Replays = Box::leak(Box::default());
        metrics::set_global_recorder(Handle(replays)).map_err(|_| ()).unwrap();
        replays
    });
    replays.0.lock().unwrap().get(reason).map_or(0, |count| count.load(Ordering::Relaxed))
}

async fn until(mut condition: impl FnMut() -> bool) {
    tokio::time::timeout(Duration::from_secs(30), async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    })
    .await
    .expect("it never came to that");
}

fn json(text: &str) -> Json {
    Json::parse(text.to_owned()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unit_that_waits_too_long_for_a_lock_is_replayed() {
    let (database, first) = Database::ready().await;
    first.set_state("k", json("0")).await.unwrap();
    first.close().await;
    let mut config = database.config();
    config.pool.wait_timeout = Duration::from_secs(2);
    let repository = open(&config).await.unwrap();
    let before = replays("lock_wait");
    let mut other = database.conn().await;
    other.query_drop(format!("USE {}", database.name)).await.unwrap();
    other.query_drop("BEGIN").await.unwrap();
    other.query_drop("UPDATE state SET value = '1'").await.unwrap();
    let write = tokio::spawn({
        let repository = repository.clone();
        async move { repository.set_state("k", json("2")).await }
    });
    until(|| replays("lock_wait") > before).await;
    other.query_drop("ROLLBACK").await.unwrap();
    write.await.unwrap().unwrap();
    assert_eq!(repository.get_state("k").await.unwrap(), Some(json("2")));
    repository.close().await;
    other.disconnect().await.unwrap();
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unit_that_loses_a_deadlock_is_replayed() {
    let (database, repository) = Database::ready().await;
    for key in ["a", "b"] {
        repository.set_state(key, json("0")).await.unwrap();
    }
    let before = replays("deadlock");
    let mut other = database.conn().await;
    other.query_drop(format!("USE {}", database.name)).await.unwrap();
    // The other transaction has written more, so the server chooses the unit to give way.
    other.query_drop("BEGIN").await.unwrap();
    let rows = "INSERT INTO state WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) \
                SELECT CONCAT('x', i), '1' FROM n";
    other.query_drop(rows).await.unwrap();
    other.query_drop("UPDATE state SET value = '1' WHERE `key` = 'b'").await.unwrap();
    let write = tokio::spawn({
        let repository = repository.clone();
        async move { repository.unit().set_state("a", json("2")).set_state("b", json("2")).commit().await }
    });
    // The unit has `a` and waits for `b`; then the other one wants `a`.
    database.wait_for_lock_waits(1).await;
    other.query_drop("UPDATE state SET value = '1' WHERE `key` = 'a'").await.unwrap();
    until(|| replays("deadlock") > before).await;
    other.query_drop("COMMIT").await.unwrap();
    write.await.unwrap().unwrap();
    for key in ["a", "b"] {
        assert_eq!(repository.get_state(key).await.unwrap(), Some(json("2")));
    }
    repository.close().await;
    other.disconnect().await.unwrap();
    database.drop().await;
}

/// What a proxy does when a client sends a certain text for the first time.
#[derive(Clone, Copy)]
enum Cut {
    /// The server does not get it.
    Before,
    /// The server gets it, the client never hears the answer.
    After,
}

/// A proxy in front of the server that cuts the first connection which sends `word`.
async fn proxy(server: String, word: &'static str, cut: Cut) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let cuts = Arc::new(AtomicUsize::new(0));
    tokio::spawn({
        let cuts = cuts.clone();
        async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(relay(client, server.clone(), word, cut, cuts.clone()));
            }
        }
    });
    (port, cuts)
}

async fn relay(
    client: TcpStream,
    server: String,
    word: &'static str,
    cut: Cut,
    cuts: Arc<AtomicUsize>,
) -> std::io::Result<()> {
    let server = TcpStream::connect(server).await?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let back =
        tokio::spawn(
            async move { tokio::io::copy(&mut from_server, &mut to_client).await.map(|_| from_server) },
        );
    let mut buffer = vec![0; 65_536];
    loop {
        let count = from_client.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        let sent = &buffer[..count];
        let hit = sent.windows(word.len()).any(|window| window == word.as_bytes());
        if hit && cuts.fetch_add(1, Ordering::SeqCst) == 0 {
            back.abort();
            if let Cut::After = cut {
                to_server.write_all(sent).await?;
                // The server ends the connection when it has done all that was sent.
                to_server.shutdown().await?;
            }
            let _ = back.await;
            return Ok(());
        }
        to_server.write_all(sent).await?;
    }
}

async fn through(database: &Database, word: &'static str, cut: Cut) -> (Config, Arc<AtomicUsize>) {
    let (port, cuts) = proxy(database.address().await, word, cut).await;
    (Config::new(database.url_through(port)), cuts)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_lost_before_commit_is_replayed_once() {
    let (database, first) = Database::ready().await;
    for cut in [Cut::Before, Cut::After] {
        for word in ["START TRANSACTION", "INSERT INTO logs", "GET_LOCK", "INSERT INTO bounty"] {
            let before = replays("connection_lost");
            let (config, cuts) = through(&database, word, cut).await;
            let repository = open(&config).await.unwrap();
            let rows = first.get_total_logs(LogFilter::all()).await.unwrap();
            repository
                .unit()
                .add_log(NewLog::new("d", "s", "e", "x"))
                .add_bounty(NewBounty::new("d", "s", "x", "t").payload(word))
                .commit()
                .await
                .unwrap();
            assert!(cuts.load(Ordering::SeqCst) >= 2, "{word}");
            assert!(replays("connection_lost") > before);
            assert_eq!(first.get_total_logs(LogFilter::all()).await.unwrap(), rows + 1, "{word}");
            repository.close().await;
        }
    }
    first.close().await;
    database.drop().await;
}

/// At COMMIT, and at a statement that commits by itself: the latter is found by what it inserts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_lost_at_commit_has_an_unknown_outcome() {
    let (database, first) = Database::ready().await;
    for (word, several) in [("\x03COMMIT", true), ("the only statement", false)] {
        for cut in [Cut::Before, Cut::After] {
            let (config, _) = through(&database, word, cut).await;
            let repository = open(&config).await.unwrap();
            let rows = first.get_total_logs(LogFilter::all()).await.unwrap();
            let log = NewLog::new("d", "s", "e", "x").raw_line("the only statement");
            let mut unit = repository.unit().add_log(log);
            if several {
                unit = unit.set_state("k", json("1"));
            }
            let error = unit.commit().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UnknownOutcome, "{error}");
            if let Cut::After = cut {
                while first.get_total_logs(LogFilter::all()).await.unwrap() == rows {
                    tokio::task::yield_now().await;
                }
            }
            // Whatever it was, the next write works.
            repository.add_log(NewLog::new("d", "s", "e", "x")).await.unwrap();
            repository.close().await;
        }
    }
    assert_eq!(first.get_total_logs(LogFilter::all()).await.unwrap(), 6);
    first.close().await;
    database.drop().await;
}

/// Before a statement that commits by itself is sent it is prepared; what is lost then is replayed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_lost_before_the_only_statement_is_replayed_once() {
    let (database, first) = Database::ready().await;
    for cut in [Cut::Before, Cut::After] {
        let (config, cuts) = through(&database, "INSERT INTO logs", cut).await;
        let repository = open(&config).await.unwrap();
        let before = replays("connection_lost");
        let rows = first.get_total_logs(LogFilter::all()).await.unwrap();
        repository.add_log(NewLog::new("d", "s", "e", "x")).await.unwrap();
        assert!(cuts.load(Ordering::SeqCst) >= 2);
        assert!(replays("connection_lost") > before);
        assert_eq!(first.get_total_logs(LogFilter::all()).await.unwrap(), rows + 1);
        repository.close().await;
    }
    first.close().await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_get_over_a_lost_connection() {
    let (database, first) = Database::ready().await;
    first.set_state("k", json("1")).await.unwrap();
    for cut in [Cut::Before, Cut::After] {
        let (config, _) = through(&database, "SELECT value FROM state", cut).await;
        let repository = open(&config).await.unwrap();
        assert_eq!(repository.get_state("k").await.unwrap(), Some(json("1")));
        repository.close().await;
    }
    first.close().await;
    database.drop().await;
}
