//! Several hosts in one URL: which one is used, and when another one is.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    dead_code,
    reason = "helpers of tests are tests too, and other tests use more of them"
)]

mod client;
#[path = "server/database.rs"]
mod database;
#[path = "server/private.rs"]
mod private;

use std::time::{Duration, Instant};

use decnet_db_core::ErrorKind;
use decnet_db_core::config::{Config, DatabaseUrl};
use decnet_db_core::contract::{LogFilter, NewLog};

use database::open;
use private::Private;

/// Two servers with a database of the same name, and the schema in both; they know nothing of each other, so that it can be
/// seen where a row went.
struct Pair {
    servers: [Private; 2],
    name: String,
}

impl Pair {
    async fn start() -> Self {
        let servers = [Private::start(""), Private::start("")];
        let name = "decnet_pair".to_owned();
        for server in &servers {
            server.script(&["sql", &format!("CREATE DATABASE {name} CHARACTER SET utf8mb4")]);
            // Without the right to write while read_only is set.
            server.script(&[
                "sql",
                &format!("CREATE USER plain@'%' IDENTIFIED BY 'x'; GRANT ALL ON {name}.* TO plain@'%'"),
            ]);
        }
        let pair = Self { servers, name };
        for n in 0..2 {
            let repository = open(&Config::new(pair.url(&[n]))).await.unwrap();
            repository.initialize().await.unwrap();
            repository.close().await;
        }
        pair
    }

    fn url(&self, hosts: &[usize]) -> DatabaseUrl {
        let hosts: Vec<_> = hosts
            .iter()
            .map(|n| self.servers[*n].url().parse::<DatabaseUrl>().unwrap().hosts()[0].to_string())
            .collect();
        format!("mysql://plain:x@{}/{}?allow-public-key-retrieval=true", hosts.join(","), self.name)
            .parse()
            .unwrap()
    }

    fn rows(&self, server: usize) -> usize {
        self.servers[server]
            .script(&["sql", &format!("SELECT COUNT(*) AS n FROM {}.logs", self.name)])
            .split_whitespace()
            .last()
            .and_then(|text| text.parse().ok())
            .unwrap()
    }
}

fn log() -> NewLog {
    NewLog::new("d", "s", "e", "x")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_go_to_the_first_host_that_takes_them_and_move_with_that() {
    let pair = Pair::start().await;
    pair.servers[0].script(&["sql", "SET GLOBAL read_only = 1"]);
    let repository = open(&Config::new(pair.url(&[0, 1]))).await.unwrap();
    repository.add_log(log()).await.unwrap();
    assert_eq!((pair.rows(0), pair.rows(1)), (0, 1), "the first is read-only");

    // The roles change, as in a failover by hand: the pool follows at the first refusal.
    pair.servers[0].script(&["sql", "SET GLOBAL read_only = 0"]);
    pair.servers[1].script(&["sql", "SET GLOBAL read_only = 1"]);
    let begun = Instant::now();
    repository.add_log(log()).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!((pair.rows(0), pair.rows(1)), (1, 1));
    assert_eq!(repository.get_total_logs(LogFilter::all()).await.unwrap(), 1, "reads too");
    repository.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_host_is_left_within_seconds_and_remembered() {
    let pair = Pair::start().await;
    let repository = open(&Config::new(pair.url(&[0, 1]))).await.unwrap();
    repository.add_log(log()).await.unwrap();
    assert_eq!((pair.rows(0), pair.rows(1)), (1, 0));
    pair.servers[0].script(&["freeze"]);
    let begun = Instant::now();
    let outcome = repository.add_log(log()).await;
    if let Err(error) = outcome {
        // Something was sent.
        assert_eq!(error.kind(), ErrorKind::UnknownOutcome, "{error}");
    }
    repository.add_log(log()).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
    // Many after another, of which none waits for the frozen host: that alone would take three seconds. All of them together
    // have no bound, since that would measure how busy the machine is.
    for _ in 0..20 {
        let begun = Instant::now();
        repository.add_log(log()).await.unwrap();
        repository.get_total_logs(LogFilter::all()).await.unwrap();
        assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    }
    // A process that knows nothing of it.
    let begun = Instant::now();
    let other = open(&Config::new(pair.url(&[0, 1]))).await.unwrap();
    other.add_log(log()).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    other.close().await;
    pair.servers[0].script(&["thaw"]);
    repository.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_none_takes_writes_reads_go_on_and_writes_say_why_not() {
    let pair = Pair::start().await;
    for server in &pair.servers {
        server.script(&["sql", "SET GLOBAL read_only = 1"]);
    }
    let mut config = Config::new(pair.url(&[0, 1]));
    config.pool.wait_timeout = Duration::from_secs(1);
    let repository = open(&config).await.unwrap();
    assert_eq!(repository.get_total_logs(LogFilter::all()).await.unwrap(), 0);
    let error = repository.add_log(log()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.to_string().contains("is read-only"), "{error}");
    pair.servers[1].script(&["sql", "SET GLOBAL read_only = 0"]);
    repository.add_log(log()).await.unwrap();
    assert_eq!((pair.rows(0), pair.rows(1)), (0, 1));
    repository.close().await;

    // Who only reads takes the first that is there.
    pair.servers[1].script(&["sql", &format!("DELETE FROM {}.logs", pair.name)]);
    let reader = open(&Config::new(pair.url(&[0, 1]).with_option("access", "read"))).await.unwrap();
    pair.servers[1].script(&["stop"]);
    assert_eq!(reader.get_total_logs(LogFilter::all()).await.unwrap(), 0);
    reader.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_go_back_to_the_first_host_when_it_is_fit_again() {
    let pair = Pair::start().await;
    pair.servers[0].script(&["sql", "SET GLOBAL read_only = 1"]);
    let repository = open(&Config::new(pair.url(&[0, 1]))).await.unwrap();
    repository.add_log(log()).await.unwrap();
    pair.servers[0].script(&["sql", "SET GLOBAL read_only = 0"]);
    let begun = Instant::now();
    while pair.rows(0) == 0 {
        assert!(begun.elapsed() < Duration::from_secs(60));
        repository.add_log(log()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    repository.close().await;
}
