//! What is exported, compared name by name with OpenTelemetry's conventions for databases (v1.44).

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]
#![cfg(feature = "sqlite")]

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use decnet_db::config::{Config, DatabaseUrl};
use decnet_db::contract::{LogQuery, NewLog, NewUser};
use decnet_db::driver::{Driver, OpenFuture};
use decnet_telemetry_example::Telemetry;
use opentelemetry::trace::{SpanKind, Status};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SpanData};

/// How strongly the conventions ask for a name; or why it has no place here.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Level {
    Required,
    /// "Conditionally required": where it is known.
    WhereKnown,
    Recommended,
    OptIn,
    NotHere,
}
use Level::{NotHere, OptIn, Recommended, Required, WhereKnown};

/// Names, each with how strongly it is asked for.
type Names = &'static [(&'static str, Level)];

/// The attributes of a span of a database client.
const SPAN: Names = &[
    ("db.system.name", Required),
    ("db.collection.name", WhereKnown),
    ("db.namespace", WhereKnown),
    ("db.operation.name", WhereKnown),
    ("db.response.status_code", WhereKnown),
    ("error.type", WhereKnown),
    ("server.port", WhereKnown),
    ("db.operation.batch.size", Recommended),
    ("db.query.summary", Recommended),
    ("db.query.text", Recommended),
    ("server.address", Recommended),
    ("db.response.returned_rows", OptIn),
    // Values are never shown.
    ("db.query.parameter", NotHere),
    // No statement calls one.
    ("db.stored_procedure.name", NotHere),
    // Which of a server's addresses was reached is known to the driver's library alone.
    ("network.peer.address", NotHere),
    ("network.peer.port", NotHere),
];

/// The metrics, each with its labels.
const METRICS: &[(&str, Level, Names)] = &[
    (
        "db.client.operation.duration",
        Required,
        &[
            ("db.system.name", Required),
            ("db.collection.name", WhereKnown),
            ("db.namespace", WhereKnown),
            ("db.operation.name", WhereKnown),
            ("db.response.status_code", WhereKnown),
            ("error.type", WhereKnown),
            ("server.port", WhereKnown),
            ("server.address", Recommended),
            // A method has several statements.
            ("db.query.summary", NotHere),
            ("db.query.text", NotHere),
            ("db.stored_procedure.name", NotHere),
        ],
    ),
    // Those below are in development.
    (
        "db.client.connection.count",
        Required,
        &[("db.client.connection.pool.name", Required), ("db.client.connection.state", Required)],
    ),
    ("db.client.connection.max", Recommended, POOL),
    ("db.client.connection.pending_requests", Recommended, POOL),
    ("db.client.connection.timeouts", Recommended, POOL),
    ("db.client.connection.create_time", Recommended, POOL),
    ("db.client.connection.wait_time", Recommended, POOL),
    ("db.client.connection.use_time", Recommended, POOL),
    // The pools have no such bounds.
    ("db.client.connection.idle.max", NotHere, POOL),
    ("db.client.connection.idle.min", NotHere, POOL),
    // The spans have it, for each call.
    ("db.client.response.returned_rows", NotHere, &[]),
];
const POOL: Names = &[("db.client.connection.pool.name", Required)];

/// A server that is a SQLite file: what is known of a server is in its URL, and nobody has to be there.
const SERVER: Driver = Driver::new("server", &["server"], open);

fn open(config: &Config) -> OpenFuture<'_> {
    Box::pin(async move {
        let mut own = config.clone();
        own.url = DatabaseUrl::sqlite(config.url.option("file").unwrap_or(":memory:"))?;
        decnet_db::registry().find("sqlite")?.backend(&own).await
    })
}

const USER: &str = "tester-on-duty";
const PASSWORD: &str = "hunter2";
const VALUE: &str = "203.0.113.77";

/// Some calls that succeed, and some that fail.
async fn work(folder: &Path) {
    let file = folder.join("captures.db");
    let url = format!("server://{USER}:{PASSWORD}@db.example:3307/decnet");
    let mut config = Config::new(url.parse().unwrap());
    config.url = config.url.with_option("file", file.to_str().unwrap());
    let repository = SERVER.connect(&config).await.unwrap();
    repository.initialize().await.unwrap();
    let events = vec![NewLog::new("decky-01", "ssh", "command", VALUE).raw_line("x".repeat(1_000)); 2_000];
    repository.add_logs(events).await.unwrap();
    let user = || NewUser::new("u", USER, "$2b$12$x");
    repository.create_user(user()).await.unwrap();
    repository.create_user(user()).await.unwrap_err();
    repository.get_user_by_username(&"u".repeat(10_000)).await.unwrap();
    repository.set_state(&"k".repeat(256), decnet_db::json::Json::null()).await.unwrap_err();
    repository.get_logs(LogQuery::new().search(VALUE)).await.unwrap();
    repository.pool();
    repository.close().await;
    // Here one connection is for many callers, and they don't wait for it.
    (config.pool.size, config.pool.max_overflow) = (1, 0);
    config.pool.wait_timeout = Duration::from_millis(1);
    let repository = SERVER.connect(&config).await.unwrap();
    let mut reading = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let repository = repository.clone();
        reading.spawn(async move { repository.get_logs(LogQuery::new().limit(1_000)).await.is_err() });
    }
    assert!(reading.join_all().await.contains(&true));
    repository.close().await;
}

fn names<'a>(list: impl IntoIterator<Item = &'a (&'static str, Level)>, given: bool) -> BTreeSet<String> {
    let list = list.into_iter().filter(|(_, level)| (*level != NotHere) == given);
    list.map(|(name, _)| (*name).to_owned()).collect()
}

/// A name as Prometheus writes it.
fn prometheus(name: &str) -> String {
    name.replace('.', "_")
}

fn attribute(span: &SpanData, name: &str) -> Option<String> {
    let found = span.attributes.iter().find(|attribute| attribute.key.as_str() == name);
    found.map(|attribute| attribute.value.to_string())
}

#[test]
fn what_is_exported_is_what_the_conventions_name() {
    let spans = InMemorySpanExporter::default();
    let telemetry = Telemetry::install(spans.clone()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(work(folder.path()));
    telemetry.flush().unwrap();
    let spans = spans.get_finished_spans().unwrap();
    let text = telemetry.metrics();

    check_spans(&spans);
    check_metrics(&text);
    for secret in [USER, PASSWORD, VALUE] {
        assert!(!format!("{spans:?}{text}").contains(secret), "{secret} is shown");
    }
}

fn check_spans(spans: &[SpanData]) {
    let is_theirs =
        |name: &str| ["db.", "server.", "error.", "network."].iter().any(|prefix| name.starts_with(prefix));
    let seen: BTreeSet<_> = spans
        .iter()
        .flat_map(|span| span.attributes.iter().map(|attribute| attribute.key.as_str().to_owned()))
        .filter(|name| is_theirs(name))
        .collect();
    assert_eq!(seen, names(SPAN, true), "attributes of spans");

    for span in spans {
        assert_eq!(span.span_kind, SpanKind::Client, "{}", span.name);
        for (name, level) in SPAN {
            assert!(*level != Required || attribute(span, name).is_some(), "{name} of {}", span.name);
        }
        let target = attribute(span, "db.collection.name");
        let operation = attribute(span, "db.operation.name").unwrap();
        let title = [operation].into_iter().chain(target).collect::<Vec<_>>().join(" ");
        let title = attribute(span, "db.query.summary").unwrap_or(title);
        assert_eq!(span.name, title);
        let failed = matches!(span.status, Status::Error { .. });
        assert_eq!(attribute(span, "error.type").is_some(), failed, "{}", span.name);
        assert_ne!(attribute(span, "db.operation.batch.size").as_deref(), Some("1"));
        let place = ["db.namespace", "server.address", "server.port"].map(|name| attribute(span, name));
        assert_eq!(place, ["decnet", "db.example", "3307"].map(|value| Some(value.to_owned())));
    }
    let shown: BTreeSet<_> = spans.iter().map(|span| &*span.name).collect();
    for name in ["add_logs logs", "BATCH INSERT logs", "create_user users", "get_logs logs", "SELECT logs"] {
        assert!(shown.contains(name), "{name} is not among {shown:?}");
    }
    let refused = spans.iter().find(|span| attribute(span, "db.response.status_code").is_some()).unwrap();
    assert_eq!(attribute(refused, "error.type"), attribute(refused, "db.response.status_code"));
}

fn check_metrics(text: &str) {
    let mut known = BTreeSet::new();
    for (metric, level, labels) in METRICS {
        let name = prometheus(metric);
        known.insert(name.clone());
        let lines: Vec<_> = text.lines().filter(|line| line.starts_with(&name)).collect();
        assert_eq!(!lines.is_empty(), *level != NotHere, "{metric} in {text}");
        if *level == NotHere {
            continue;
        }
        let mut seen = BTreeSet::new();
        for line in lines {
            let (_, rest) = line.split_once('{').unwrap();
            let (inside, _) = rest.split_once('}').unwrap();
            let here: BTreeSet<_> =
                inside.split("\",").filter_map(|label| label.split('=').next()).map(str::to_owned).collect();
            for (label, level) in *labels {
                assert!(*level != Required || here.contains(&prometheus(label)), "{label} of {line}");
            }
            seen.extend(here.into_iter().filter(|label| label != "le" && label != "quantile"));
        }
        let wanted: BTreeSet<_> = names(*labels, true).iter().map(|name| prometheus(name)).collect();
        assert_eq!(seen, wanted, "labels of {metric}");
    }
    for line in text.lines().filter(|line| line.starts_with("db_")) {
        let name = line.split('{').next().unwrap();
        let is_known = known.iter().any(|known| {
            let rest = name.strip_prefix(known.as_str());
            rest.is_some_and(|rest| {
                ["", "_bucket", "_sum", "_count", "_total"].contains(&rest.trim_start_matches("_seconds"))
            })
        });
        assert!(is_known, "{name} is not in the conventions");
    }
    // The boundaries that the conventions ask for, beside finer ones.
    for boundary in decnet_db::telemetry::DURATION_BOUNDARIES {
        assert!(text.contains(&format!("le=\"{boundary}\"")), "{boundary}");
    }
    assert!(text.contains("db_client_connection_pool_name=\"captures.db\""), "{text}");
    assert!(text.contains("# HELP db_client_operation_duration_seconds "), "{text}");
}
