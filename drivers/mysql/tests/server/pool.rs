//! What the pool of connections tells of itself.

use std::collections::BTreeMap;
use std::time::Duration;

use decnet_db_core::ErrorKind;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use mysql_async::prelude::Queryable;

use crate::database::{Database, open};

#[test]
fn a_caller_waits_for_a_connection_and_is_counted() {
    let recorder = DebuggingRecorder::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let pool = metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let (database, first) = Database::ready().await;
            first.close().await;
            let mut config = database.config();
            (config.pool.size, config.pool.max_overflow) = (1, 0);
            config.pool.wait_timeout = Duration::from_secs(1);
            let repository = open(&config).await.unwrap();
            // The first caller has the one connection, and its statement waits for the table.
            let mut other = database.conn().await;
            other.query_drop(format!("LOCK TABLES {}.logs WRITE", database.name)).await.unwrap();
            let reading = tokio::spawn({
                let repository = repository.clone();
                async move { repository.get_max_log_id().await }
            });
            tokio::task::yield_now().await;
            let refused = repository.get_state("k").await.unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Unavailable);
            other.query_drop("UNLOCK TABLES").await.unwrap();
            assert_eq!(reading.await.unwrap().unwrap(), 0);
            repository.pool();
            repository.close().await;
            let pool = format!("{}/{}", config.url.hosts()[0], database.name);
            database.drop().await;
            pool
        })
    });
    let mut seen = BTreeMap::new();
    for (key, _, _, value) in recorder.snapshotter().snapshot().into_vec() {
        let labels: BTreeMap<_, _> =
            key.key().labels().map(|label| (label.key().to_owned(), label.value().to_owned())).collect();
        if let Some(name) = key.key().name().strip_prefix("db.client.connection.") {
            assert_eq!(labels["db.client.connection.pool.name"], pool, "{name}");
            let state = labels.get("db.client.connection.state").cloned().unwrap_or_default();
            seen.insert((name.to_owned(), state), value);
        }
    }
    let value = |name: &str, state: &str| &seen[&(name.to_owned(), state.to_owned())];
    let gauge = |name: &str, state: &str| match value(name, state) {
        DebugValue::Gauge(gauge) => gauge.into_inner(),
        other => panic!("{name} is {other:?}"),
    };
    let times = |name: &str| match value(name, "") {
        DebugValue::Histogram(times) => times.len(),
        other => panic!("{name} is {other:?}"),
    };
    assert_eq!((gauge("count", "idle"), gauge("count", "used"), gauge("max", "")), (1.0, 0.0, 1.0));
    assert_eq!(gauge("pending_requests", ""), 0.0);
    assert!(matches!(value("timeouts", ""), DebugValue::Counter(1)), "{seen:?}");
    // Whoever got a connection has waited for it, if only for a moment, and has given it back.
    assert!(times("wait_time") > 0 && times("wait_time") == times("use_time"), "{seen:?}");
}
