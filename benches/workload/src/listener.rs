//! Somebody who listens to telemetry: spans with their fields are kept until they close, metrics are summed up.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, Result};
use metrics::{
    Counter, CounterFn, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
};
use metrics_util::registry::{Registry, Storage};
use tracing::Subscriber;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

static SPANS: AtomicU64 = AtomicU64::new(0);
static FIELDS: AtomicU64 = AtomicU64::new(0);
static OPERATIONS: AtomicU64 = AtomicU64::new(0);

/// Begins to listen, for the rest of the process's life.
///
/// # Errors
/// When somebody listens already.
pub fn install() -> Result<()> {
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(Recording))
        .context("can't listen to spans")?;
    let recorder = Summing { registry: Registry::new(Sums) };
    metrics::set_global_recorder(recorder).ok().context("can't listen to metrics")
}

/// How much was heard.
pub fn heard() -> Heard {
    let [spans, fields, operations] = [&SPANS, &FIELDS, &OPERATIONS].map(|all| all.load(Ordering::Relaxed));
    Heard { spans, fields, operations }
}

/// See [`heard`].
#[derive(Debug, Clone, Copy, serde::Serialize)]
pub struct Heard {
    /// Spans that were closed.
    pub spans: u64,
    /// What was recorded on them.
    pub fields: u64,
    /// Calls that were counted.
    pub operations: u64,
}

/// What was recorded on a span, as an exporter would keep it.
#[derive(Default)]
struct Recorded(Vec<(&'static str, String)>);

impl Visit for Recorded {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.push((field.name(), value.to_owned()));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.push((field.name(), value.to_string()));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.push((field.name(), format!("{value:?}")));
    }
}

struct Recording;

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Recording {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut recorded = Recorded::default();
        attributes.record(&mut recorded);
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(recorded);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(recorded) = span.extensions_mut().get_mut::<Recorded>()
        {
            values.record(recorded);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if let Some(span) = context.span(&id)
            && let Some(recorded) = span.extensions_mut().remove::<Recorded>()
        {
            SPANS.fetch_add(1, Ordering::Relaxed);
            FIELDS.fetch_add(recorded.0.len() as u64, Ordering::Relaxed);
        }
    }
}

/// Keeps one sum for each metric and its labels.
struct Sums;

struct Sum(AtomicU64);

impl CounterFn for Sum {
    fn increment(&self, value: u64) {
        self.0.fetch_add(value, Ordering::Relaxed);
    }

    fn absolute(&self, value: u64) {
        self.0.store(value, Ordering::Relaxed);
    }
}

/// A histogram with a bucket for each power of two of microseconds.
struct Buckets {
    counts: [AtomicU64; 32],
    /// Whether what is recorded are calls.
    of_calls: bool,
}

impl HistogramFn for Buckets {
    fn record(&self, seconds: f64) {
        let microseconds = (seconds * 1e6) as u32;
        let bucket = (32 - microseconds.leading_zeros()).min(31) as usize;
        self.counts[bucket].fetch_add(1, Ordering::Relaxed);
        OPERATIONS.fetch_add(u64::from(self.of_calls), Ordering::Relaxed);
    }
}

impl Storage<Key> for Sums {
    type Counter = Arc<Sum>;
    type Gauge = Arc<AtomicU64>;
    type Histogram = Arc<Buckets>;

    fn counter(&self, _: &Key) -> Arc<Sum> {
        Arc::new(Sum(AtomicU64::new(0)))
    }

    fn gauge(&self, _: &Key) -> Arc<AtomicU64> {
        Arc::new(AtomicU64::new(0))
    }

    fn histogram(&self, key: &Key) -> Arc<Buckets> {
        Arc::new(Buckets {
            counts: std::array::from_fn(|_| AtomicU64::new(0)),
            of_calls: key.name() == "db.client.operation.duration",
        })
    }
}

struct Summing {
    registry: Registry<Key, Sums>,
}

impl Recorder for Summing {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        self.registry.get_or_create_counter(key, |counter| Counter::from_arc(counter.clone()))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        self.registry.get_or_create_gauge(key, |gauge| Gauge::from_arc(gauge.clone()))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        self.registry.get_or_create_histogram(key, |histogram| Histogram::from_arc(histogram.clone()))
    }
}
