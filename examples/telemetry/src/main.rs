//! Stores and reads an event, and prints the spans and the metrics of that.
//!
//!     cargo run -p decnet-telemetry-example -- sqlite:///captures.db

#![allow(clippy::print_stdout, reason = "it prints what it saw")]

use decnet_db::contract::{LogQuery, NewLog};
use decnet_telemetry_example::Telemetry;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let telemetry = Telemetry::install(opentelemetry_stdout::SpanExporter::default())?;
    let url = std::env::args().nth(1).unwrap_or_else(|| "sqlite:///:memory:".to_owned());
    let repository = decnet_db::connect(&url).await?;
    repository.initialize().await?;
    repository.add_log(NewLog::new("decky-01", "ssh", "connect", "203.0.113.7")).await?;
    repository.get_logs(LogQuery::new().search("service:ssh")).await?;
    // What an HTTP handler for `/metrics` does.
    repository.pool();
    println!("{}", telemetry.metrics());
    repository.close().await;
    telemetry.flush()
}
