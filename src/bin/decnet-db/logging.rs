//! What the library has to say, on standard error.

use std::fmt;
use std::io::{self, IsTerminal as _};

use decnet_db::Error;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{FmtSpan, Writer};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::registry::LookupSpan;

use crate::errors::{Failure, one_line};

const VARIABLES: [&str; 2] = ["DECNET_LOG", "RUST_LOG"];

/// The MySQL client library reports each error that it returns, also those that are an answer, such as that a table is not
/// there yet; what matters of them the tool says itself.
const WARNINGS: &str = "warn,mysql_async=off";

/// Installs the subscriber: by `-v`, else by the environment, else warnings as plain lines.
pub(crate) fn start(verbose: u8) -> Result<(), Failure> {
    let filter = match verbose {
        0 => from_environment()?,
        1 => Some(format!("{WARNINGS},decnet_db=info")),
        2 => Some("info,decnet_db=debug".to_owned()),
        _ => Some("debug,decnet_db=trace".to_owned()),
    };
    let filter = filter.as_deref().map(EnvFilter::new);
    let builder = tracing_subscriber::fmt().with_writer(io::stderr);
    match filter {
        None => builder.with_env_filter(EnvFilter::new(WARNINGS)).event_format(Plain).init(),
        Some(filter) => builder
            .with_env_filter(filter)
            .with_ansi(io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none())
            .with_span_events(FmtSpan::CLOSE)
            .init(),
    }
    Ok(())
}

/// The first variable that is set and not empty.
fn from_environment() -> Result<Option<String>, Failure> {
    for name in VARIABLES {
        let Some(value) = std::env::var_os(name).filter(|value| !value.is_empty()) else { continue };
        let text = value.to_string_lossy();
        EnvFilter::builder().parse(&text).map_err(|error| {
            let allowed = "warn, info, debug, trace, or a filter such as decnet_db=debug";
            Error::configuration(format!("{name} is {text:?}: {error}; allowed are {allowed}"))
        })?;
        return Ok(Some(text.into_owned()));
    }
    Ok(None)
}

/// One line an event, in the form of the tool's own errors.
struct Plain;

impl<S, N> FormatEvent<S, N> for Plain
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut out: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let level = if *event.metadata().level() == Level::ERROR { "error" } else { "warning" };
        // Not straight to `out`: it would have colours in a file too, and let line breaks through.
        let mut text = String::new();
        context.field_format().format_fields(Writer::new(&mut text), event)?;
        writeln!(out, "decnet-db: {level}: {}", one_line(&text))
    }
}
