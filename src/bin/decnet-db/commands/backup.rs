//! `decnet-db backup`.

use std::path::PathBuf;

use decnet_db::Error;
use decnet_db::backup::{BackupOptions, backup};
use decnet_db::transfer::BackupReport;
use indicatif::{HumanBytes, HumanCount};
use serde::Serialize;

use super::copy::compared;
use crate::args::Global;
use crate::bar::Bar;
use crate::connection::{existing, with_open};
use crate::errors::Failure;
use crate::output::Output;
use crate::stop::signal;

#[derive(clap::Args)]
#[command(after_long_help = BACKUP_HELP)]
pub(crate) struct BackupArgs {
    /// The file to write, such as decnet-2026-01-31.db
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Replace the file if it is there, once the new one is whole
    #[arg(long)]
    overwrite: bool,
}

const BACKUP_HELP: &str = "\
The file holds what had been committed at one moment, which is shown; DECNET goes on writing meanwhile. From a SQLite \
database it is a copy of the file's pages, other programs' tables included; from MySQL and MariaDB DECNET's tables are copied \
into a new SQLite file. Then the rows and a checksum of each table are compared with the database as it was at that moment.

The file appears under its name when it is whole, compared and on the disk, for its owner alone. Until then it is beside that \
name, as .FILE.*.partial; what a kill -9 leaves of it may be deleted. While a backup runs, the database keeps what is \
overwritten: the write-ahead log of SQLite, or the undo log of a server, grows.

To restore: --url sqlite:///FILE, or `decnet-db copy --from sqlite:///FILE --to URL`.

Exit code 5: the file is there already, or differs from the database, and was thrown away.";

/// The report as JSON shows it.
#[derive(Serialize)]
struct Report<'a> {
    from: String,
    file: String,
    #[serde(flatten)]
    done: &'a BackupReport,
}

pub(crate) async fn run(global: &Global, arguments: &BackupArgs, output: &mut Output) -> Result<(), Failure> {
    let config = existing(global)?;
    let mut options = BackupOptions::default();
    if arguments.overwrite {
        options = options.overwrite();
    }
    let done = with_open(&config, async |source| {
        let bar = Bar::new();
        let mut on = |event| bar.show(event);
        tokio::select! {
            result = backup(&*source, &arguments.file, &options, &mut on) => Ok(result?),
            Ok(()) = signal() => {
                let message = "stopped before the backup was complete; nothing is left of it".to_owned();
                Err(Failure::from(Error::Unavailable { message, source: None }))
            }
        }
    })
    .await
    .map_err(|failure| match &failure {
        Failure::Library { error: Error::Conflict { message, .. }, .. }
            if message.contains("is there already") =>
        {
            failure.or_hint("--overwrite replaces it once the new one is whole")
        }
        _ => failure,
    })?;
    let file = arguments.file.display().to_string();
    if output.is_json() {
        return output.json(&Report { from: config.url.to_string(), file, done: &done });
    }
    output.text(&format!(
        "from    {}\nfile    {file}\nmoment  {}\nsize    {}\n\n{}\nequal: {} rows in {} tables\n",
        config.url,
        done.moment,
        HumanBytes(done.bytes),
        compared(&done.verification),
        HumanCount(done.rows),
        done.verification.tables.len(),
    ))
}
