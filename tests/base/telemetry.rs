//! Each contract method has a span and metrics, whoever added it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use decnet_db::Repository;
use decnet_db::call::{call, methods};
use decnet_db::{Error, ErrorKind};
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

/// A counter or histogram: name, operation, error type, number of recorded values.
type Metric = (String, String, String, u64);

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
            label.map(|label| label.value().to_owned()).unwrap_or_default()
        };
        let count = match value {
            DebugValue::Counter(count) => count,
            DebugValue::Histogram(values) => values.len() as u64,
            DebugValue::Gauge(_) => 0,
        };
        assert_eq!(label("db.system.name"), "plain");
        (key.name().to_owned(), label("db.operation.name"), label("error.type"), count)
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

#[test]
fn each_method_has_one_span_and_is_counted_once() {
    let repository = recording::instrumented(&Plain, None);
    for method in methods() {
        let (spans, metrics) = observed_call(&*repository, method.name);
        let [span] = spans.as_slice() else { panic!("{}: {spans:?}", method.name) };
        assert_eq!(span.name, format!("db.{}", method.name));
        assert_eq!(span.fields["otel.kind"], "client");
        assert_eq!(span.fields["db.system.name"], "plain");
        assert_eq!(span.fields["db.operation.name"], method.name);
        assert_eq!(span.fields.get("error.type"), None, "{}", method.name);
        let operation = method.name.to_owned();
        assert_eq!(
            metrics,
            [
                ("db.client.operation.duration".to_owned(), operation.clone(), String::new(), 1),
                ("db.client.operations".to_owned(), operation, String::new(), 1),
            ]
        );
    }
}

#[test]
fn a_failed_call_says_how_it_failed_and_not_with_what() {
    const SECRET: &str = "hunter2";
    let fails = || Error::backend(SECRET, std::io::Error::other(SECRET));
    let repository = recording::instrumented(&Plain, Some(fails));
    for method in methods() {
        let (spans, metrics) = observed_call(&*repository, method.name);
        let [span] = spans.as_slice() else { panic!("{}: {spans:?}", method.name) };
        if !span.fields.contains_key("error.type") {
            // A call that has nothing to do doesn't reach the backend.
            assert_eq!(method.name, "add_logs", "{span:?}");
            continue;
        }
        assert_eq!(span.fields["error.type"], "backend");
        assert_eq!(span.fields["otel.status_code"], "ERROR");
        assert!(metrics.iter().all(|(.., kind, count)| kind == "backend" && *count == 1), "{metrics:?}");
        assert!(!format!("{span:?}{metrics:?}").contains(SECRET), "{span:?} {metrics:?}");
    }
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
    assert_eq!(names, ["db.unit", "db.update_user_password", "db.get_user_by_username"]);
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
    assert_eq!(metrics[1].2, "invalid_input");
}
