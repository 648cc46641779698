//! `decnet-db logs`.

use decnet_db::reports::latest;

use crate::args::Global;
use crate::connection::{existing, with_open};
use crate::errors::Failure;
use crate::event_lines::EventLines;
use crate::output::Output;
use crate::selection::Selection;

#[derive(clap::Args)]
pub(crate) struct LogsArgs {
    #[command(flatten)]
    selection: Selection,

    /// At most so many events, the latest ones
    #[arg(short = 'n', long, value_name = "N", default_value_t = 50)]
    limit: u32,
}

pub(crate) async fn run(global: &Global, arguments: &LogsArgs, output: &mut Output) -> Result<(), Failure> {
    let filter = arguments.selection.filter()?;
    let config = existing(global)?;
    let events =
        with_open(
            &config,
            async |repository| Ok(latest(&*repository, filter, arguments.limit.into()).await?),
        )
        .await?;
    if events.is_empty() && arguments.limit > 0 {
        arguments.selection.explain();
    }
    if output.is_json() {
        return output.json_lines(&events);
    }
    let lines = EventLines::new();
    output.text(&events.iter().map(|event| lines.line(event)).collect::<String>())
}
