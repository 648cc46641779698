//! Each contract method has a span and metrics, whoever added it, and so have its statements.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use decnet_db::Repository;
use decnet_db::call::{call, methods};
use decnet_db::config::Config;
use decnet_db::contract::NewLog;
use decnet_db::{EngineError, Error, ErrorCode, ErrorKind};
use decnet_db_conformance::samples;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

use crate::plain::Plain;
use crate::recording;

/// A span that was closed, with all that was recorded on it.
#[derive(Debug, Clone, Default, PartialEq)]
struct Seen {
    name: String,
    fields: BTreeMap<&'static str, String>,
}

impl Visit for Seen {
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.fields.insert(field.name(), value.to_string());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.fields.insert(field.name(), format!("{value:?}"));
    }
}

/// Keeps spans, in the order of their creation.
#[derive(Clone, Default)]
struct Spans(Arc<Mutex<Vec<(Id, Seen)>>>);

impl<S: tracing::Subscriber> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, _: Context<'_, S>) {
        let mut seen = Seen { name: attributes.metadata().name().to_owned(), ..Seen::default() };
        attributes.record(&mut seen);
        self.0.lock().unwrap().push((id.clone(), seen));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut spans = self.0.lock().unwrap();
        // Ids are given again once a span is closed: the last one is meant.
        if let Some((_, seen)) = spans.iter_mut().rfind(|(known, _)| known == id) {
            values.record(seen);
        }
    }
}

/// A counter or histogram: name, operation, error type if it has one, number of recorded values.
type Metric = (String, String, Option<String>, u64);

/// The spans and metrics of some work, which goes on in this thread only.
fn observed(work: impl Future<Output = ()>) -> (Vec<Seen>, Vec<Metric>) {
    let spans = Spans::default();
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(spans.clone()), || {
        metrics::with_local_recorder(&recorder, || runtime.block_on(work));
    });
    let metrics = snapshotter.snapshot().into_vec().into_iter().map(|(key, _, _, value)| {
        let key = key.key();
        let label = |name: &str| {
            let label = key.labels().find(|label| label.key() == name);
            label.map(|label| label.value().to_owned())
        };
        let count = match value {
            DebugValue::Counter(count) => count,
            DebugValue::Histogram(values) => values.len() as u64,
            DebugValue::Gauge(_) => 0,
        };
        assert_eq!(label("db.system.name").as_deref(), Some("plain"));
        (key.name().to_owned(), label("db.operation.name").unwrap(), label("error.type"), count)
    });
    let mut metrics: Vec<_> = metrics.collect();
    metrics.sort();
    let spans = std::mem::take(&mut *spans.0.lock().unwrap());
    (spans.into_iter().map(|(_, seen)| seen).collect(), metrics)
}

/// Spans and metrics of one call by name.
fn observed_call(repository: &dyn Repository, method: &str) -> (Vec<Seen>, Vec<Metric>) {
    let samples = samples::one_each();
    let (_, arguments) = samples.into_iter().find(|(name, _)| *name == method).expect("a sample");
    observed(async {
        let _ = call(repository, method, arguments).await;
    })
}

/// The method's own span, and those of its statements.
fn apart<'a>(spans: &'a [Seen], method: &str) -> (&'a Seen, &'a [Seen]) {
    let Some((own, inner)) = spans.split_first() else { panic!("{method} has no span") };
    assert_eq!(own.name, format!("db.{method}"));
    for span in inner {
        assert!(matches!(span.name.as_str(), "db.query" | "db.unit"), "{method}: {span:?}");
    }
    (own, inner)
}

#[test]
fn each_method_has_one_span_and_is_counted_once() {
    let repository = recording::instrumented(&Plain, None);
    for method in methods() {
        let (spans, metrics) = observed_call(&*repository, method.name);
        let (span, _) = apart(&spans, method.name);
        assert_eq!(span.fields["otel.kind"], "client");
        assert_eq!(span.fields["db.system.name"], "plain");
        assert_eq!(span.fields["db.operation.name"], method.name);
        assert_eq!(span.fields.get("error.type"), None, "{}", method.name);
        let operation = method.name.to_owned();
        assert_eq!(metrics, [("db.client.operation.duration".to_owned(), operation, None, 1)]);
    }
}

/// The tables that a text names, by the words before them.
fn tables(text: &str, known: &[&'static str]) -> BTreeSet<&'static str> {
    let words: Vec<_> = text.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let named = words.windows(2).filter(|two| matches!(two[0], "FROM" | "JOIN" | "INTO" | "UPDATE"));
    named.filter_map(|two| known.iter().find(|table| **table == two[1]).copied()).collect()
}

#[test]
fn a_method_is_named_with_its_table_where_it_has_one_alone() {
    let known: Vec<_> = decnet_db::contract::tables::SCHEMA.tables.iter().map(|table| table.name).collect();
    let repository = recording::instrumented(&Plain, None);
    let mut wrong = Vec::new();
    for method in methods() {
        let (spans, _) = observed_call(&*repository, method.name);
        let (own, inner) = apart(&spans, method.name);
        let texts = inner.iter().filter_map(|span| span.fields.get("db.query.text"));
        let mut named: BTreeSet<_> = texts.flat_map(|text| tables(text, &known)).collect();
        // Asks a second table of an attacker that there is; here is none.
        named.extend((method.name == "bump_attacker_ipv6_leak").then_some("attacker_identities"));
        let only = named.first().filter(|_| named.len() == 1);
        let said = own.fields.get("db.collection.name");
        let title = only.map_or(method.name.to_owned(), |table| format!("{} {table}", method.name));
        if said.map(String::as_str) != only.copied() || own.fields["otel.name"] != title {
            wrong.push(format!("{}: {said:?} instead of {named:?}", method.name));
        }
    }
    assert!(wrong.is_empty(), "core/src/telemetry/collections.rs is wrong: {wrong:#?}");
}

#[test]
fn a_statement_is_summed_up_by_its_operation_and_table() {
    let repository = recording::instrumented(&Plain, None);
    let mut without = Vec::new();
    for method in methods() {
        let (spans, _) = observed_call(&*repository, method.name);
        for span in apart(&spans, method.name).1 {
            let summary = &span.fields["db.query.summary"];
            assert_eq!(&span.fields["otel.name"], summary);
            assert!(summary.len() <= 255 && !span.fields["db.query.text"].is_empty(), "{span:?}");
            let first = span.fields["db.query.text"].split(' ').next().unwrap().replace("WITH", "SELECT");
            let words: Vec<_> = summary.split(' ').filter(|word| *word != "BATCH").collect();
            match words.first() {
                None => assert_eq!(summary, "BATCH"),
                Some(operation) => assert_eq!(*operation, first, "{span:?}"),
            }
            // A unit may have several tables.
            if words.len() == 1 && span.name == "db.query" {
                without.push(format!("{}: {}", method.name, span.fields["db.query.text"]));
            }
            let batch = span.fields.get("db.operation.batch.size").map(|size| size.parse::<u64>().unwrap());
            assert_eq!(batch.is_some_and(|size| size >= 2), summary.starts_with("BATCH"), "{span:?}");
            assert!(batch.is_none_or(|size| size >= 2), "{span:?}");
        }
    }
    assert!(without.is_empty(), "no table, neither by `select`, `from` nor `about`: {without:#?}");
}

#[test]
fn a_batch_says_how_many_it_has() {
    let repository = recording::instrumented(&Plain, None);
    let rows = |count: usize| vec![NewLog::new("decky-01", "ssh", "command", "203.0.113.7"); count];
    let (spans, metrics) = observed(async {
        repository.add_logs(rows(3)).await.unwrap();
        repository.add_logs(rows(1)).await.unwrap();
        let unit = repository.unit().add_logs(rows(2));
        unit.set_state("k", serde_json::json!(1)).commit().await.unwrap();
    });
    let shown: Vec<_> = spans
        .iter()
        .map(|span| {
            let field = |name: &str| span.fields.get(name).map_or("", String::as_str);
            let collection = field("db.collection.name");
            (field("otel.name"), field("db.operation.name"), collection, field("db.operation.batch.size"))
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("add_logs logs", "add_logs", "logs", "3"),
            ("BATCH INSERT logs", "BATCH INSERT", "logs", "3"),
            ("add_logs logs", "add_logs", "logs", ""),
            ("INSERT logs", "INSERT", "logs", ""),
            ("BATCH INSERT", "BATCH INSERT", "", "3"),
        ]
    );
    let text = &spans[1].fields["db.query.text"];
    assert!(text.starts_with("INSERT INTO logs (") && text.matches("VALUES").count() == 1, "{text}");
    assert!(spans[4].fields["db.query.text"].contains("; INSERT INTO state "), "{:?}", spans[4]);
    // A unit that the program commits is an operation too; it has one span.
    let operations: Vec<_> = metrics.iter().map(|(_, operation, ..)| operation.as_str()).collect();
    assert_eq!(operations, ["add_logs", "unit"]);
}

#[test]
fn a_failed_call_says_how_it_failed_and_not_with_what() {
    const SECRET: &str = "hunter2";
    let fails = || Error::backend(SECRET, std::io::Error::other(SECRET));
    let repository = recording::instrumented(&Plain, Some(fails));
    for method in methods() {
        let (spans, metrics) = observed_call(&*repository, method.name);
        let (span, inner) = apart(&spans, method.name);
        if !span.fields.contains_key("error.type") {
            // A call that has nothing to do doesn't reach the backend.
            assert_eq!(method.name, "add_logs", "{span:?}");
            continue;
        }
        for span in [span].into_iter().chain(inner) {
            assert_eq!(span.fields["error.type"], "backend");
            assert_eq!(span.fields["otel.status_code"], "ERROR");
            assert!(!span.fields.contains_key("db.response.status_code"), "{span:?}");
        }
        let failed = |kind: &Option<String>| kind.as_deref() == Some("backend");
        assert!(metrics.iter().all(|(.., kind, count)| failed(kind) && *count == 1), "{metrics:?}");
        assert!(!format!("{spans:?}{metrics:?}").contains(SECRET), "{spans:?} {metrics:?}");
    }
}

#[test]
fn the_engines_code_says_how_it_failed() {
    let fails =
        || Error::backend("x", EngineError::from(anyhow::anyhow!("x")).with_code(ErrorCode::MySql(1062)));
    let repository = recording::instrumented(&Plain, Some(fails));
    let (spans, metrics) = observed_call(&*repository, "get_state");
    assert_eq!(spans.len(), 2);
    for span in &spans {
        assert_eq!(span.fields["error.type"], "1062");
        assert_eq!(span.fields["db.response.status_code"], "1062");
    }
    assert_eq!(metrics[0].2.as_deref(), Some("1062"));
}

#[test]
fn rows_are_counted_where_a_method_returns_them() {
    let repository = recording::instrumented(&Plain, None);
    let rows = |method: &str| {
        let (spans, _) = observed_call(&*repository, method);
        spans[0].fields.get("db.response.returned_rows").cloned()
    };
    assert_eq!(rows("get_logs").as_deref(), Some("0"));
    assert_eq!(rows("get_all_bounties_by_ip").as_deref(), Some("0"));
    assert_eq!(rows("get_user_by_uuid").as_deref(), Some("0"));
    assert_eq!(rows("get_total_logs"), None);
    assert_eq!(rows("delete_user"), None);
}

#[test]
fn values_that_were_passed_are_on_no_span() {
    let repository = recording::instrumented(&Plain, None);
    let (spans, _) = observed(async {
        let unit = repository.unit().update_user_password("u", "hunter2-hash", true);
        unit.set_state("k", serde_json::json!("hunter2")).commit().await.unwrap();
        repository.update_user_password("u", "hunter2-hash", true).await.unwrap();
        repository.get_user_by_username("hunter2").await.unwrap();
    });
    let names: Vec<_> = spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(
        names,
        ["db.unit", "db.update_user_password", "db.unit", "db.get_user_by_username", "db.query"]
    );
    assert!(!format!("{spans:?}").contains("hunter2"), "{spans:?}");
}

#[test]
fn arguments_that_are_refused_are_reported_as_such() {
    let repository = recording::instrumented(&Plain, None);
    let (spans, metrics) = observed(async {
        let error = repository.set_state(&"k".repeat(256), decnet_db::json::Json::null()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    });
    assert_eq!(spans[0].fields["error.type"], "invalid_input");
    assert_eq!(metrics[0].2.as_deref(), Some("invalid_input"));
}

/// The fields of the events.
#[derive(Clone, Default)]
struct Events(Arc<Mutex<Vec<Seen>>>);

impl<S: tracing::Subscriber> Layer<S> for Events {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let mut seen = Seen { name: event.metadata().target().to_owned(), ..Seen::default() };
        event.record(&mut seen);
        self.0.lock().unwrap().push(seen);
    }
}

/// The events of storing and reading a value in a database that is opened so.
fn events(change: impl FnOnce(&mut Config)) -> Vec<Seen> {
    let events = Events::default();
    let mut config = Config::new("plain://tester:hunter2@db.example/decnet".parse().unwrap());
    change(&mut config);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    tracing::subscriber::with_default(tracing_subscriber::registry().with(events.clone()), || {
        runtime.block_on(async {
            let repository = recording::DRIVER.connect(&config).await.unwrap();
            repository.get_user_by_username("hunter2").await.unwrap();
            repository.set_state("hunter2", decnet_db::json::Json::null()).await.unwrap();
        });
    });
    std::mem::take(&mut *events.0.lock().unwrap())
}

#[test]
fn a_slow_statement_is_a_warning_with_its_summary_and_no_value() {
    let slow = events(|config| config.slow_after = Some(Duration::ZERO));
    let summaries: Vec<_> = slow.iter().map(|event| event.fields["summary"].as_str()).collect();
    assert_eq!(summaries, ["SELECT users", "INSERT state"]);
    for event in &slow {
        assert_eq!(event.name, "decnet_db::slow");
        assert_eq!(event.fields["rows"], "0");
        assert!(event.fields["milliseconds"].parse::<f64>().unwrap() >= 0.0);
    }
    assert!(!format!("{slow:?}").contains("hunter2"), "{slow:?}");
    assert_eq!(events(|config| config.slow_after = Some(Duration::from_secs(600))), []);
    assert_eq!(events(|_| {}), []);
}
