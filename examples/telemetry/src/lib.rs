//! What decnet-db tells `tracing` and `metrics`, as OpenTelemetry traces and Prometheus metrics.

use anyhow::Result;
use decnet_db::telemetry::DURATION_BOUNDARIES;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanExporter};
use tracing_subscriber::layer::SubscriberExt as _;

/// Where telemetry goes, for the rest of the process's life.
#[derive(Debug)]
pub struct Telemetry {
    traces: SdkTracerProvider,
    metrics: PrometheusHandle,
}

impl Telemetry {
    /// Listens from now on; before a repository is opened, so that its metrics are described.
    ///
    /// # Errors
    /// When somebody listens already.
    pub fn install(exporter: impl SpanExporter + 'static) -> Result<Self> {
        // A service takes the batch exporter, which needs no caller to wait.
        let traces = SdkTracerProvider::builder().with_simple_exporter(exporter).build();
        let layer = tracing_opentelemetry::layer().with_tracer(traces.tracer("decnet-db"));
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(layer))?;
        let metrics = PrometheusBuilder::new()
            .set_buckets_for_metric(
                Matcher::Full("db.client.operation.duration".to_owned()),
                &[[0.0001, 0.00025, 0.0005].as_slice(), &DURATION_BOUNDARIES].concat(),
            )?
            .with_recommended_naming(true)
            .install_recorder()?;
        Ok(Self { traces, metrics })
    }

    /// The metrics as a Prometheus server reads them; `repository.pool()` before it brings the numbers of the connections up to
    /// date.
    pub fn metrics(&self) -> String {
        self.metrics.render()
    }

    /// Sends what was not sent yet.
    ///
    /// # Errors
    /// What the exporter reports.
    pub fn flush(&self) -> Result<()> {
        Ok(self.traces.force_flush()?)
    }
}
