//! The command line.

use clap::{ArgAction, Parser, Subcommand};

use crate::commands::backup::BackupArgs;
use crate::commands::call::CallArgs;
use crate::commands::check::CheckArgs;
use crate::commands::completions::CompletionsArgs;
use crate::commands::copy::CopyArgs;
use crate::commands::export::ExportArgs;
use crate::commands::histogram::HistogramArgs;
use crate::commands::init::InitArgs;
use crate::commands::logs::LogsArgs;
use crate::commands::methods::MethodsArgs;
use crate::commands::new_driver::NewDriverArgs;
use crate::commands::prune::PruneArgs;
use crate::commands::reset::ResetArgs;
use crate::commands::show::ShowArgs;
use crate::commands::status::StatusArgs;
use crate::commands::top::TopArgs;
use crate::ingest::IngestArgs;

/// Looks at a DECNET database, creates it, fills it, and calls the repository's methods by name.
#[derive(Parser)]
#[command(name = "decnet-db", version, max_term_width = 120, after_long_help = AFTER_HELP)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The heading of the options that every command has: its own come first.
const OF_EVERY_COMMAND: &str = "Options of every command (`decnet-db help` has more about them)";

/// Options of every command.
#[derive(clap::Args)]
pub(crate) struct Global {
    /// The database, as sqlite:///PATH or mysql://USER:PASSWORD@HOST/DATABASE [default: what the environment says]
    #[arg(long, global = true, value_name = "URL", help_heading = OF_EVERY_COMMAND)]
    pub(crate) url: Option<String>,

    /// Print JSON instead of text
    #[arg(long, global = true, help_heading = OF_EVERY_COMMAND)]
    pub(crate) json: bool,

    /// Tell on standard error what is going on; -vv and -vvv tell more
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = OF_EVERY_COMMAND)]
    pub(crate) verbose: u8,
}

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// List the database drivers in this program
    Drivers,

    /// Show versions, schema, size, events, row counts and connections of the database
    Status(StatusArgs),

    /// Say whether the database can be trusted: settings, integrity, references, room; nothing is written
    Check(CheckArgs),

    /// Create what the database lacks: the file, the tables, the administrator
    ///
    /// What exists is never altered, so running it again is safe. The administrator gets the password in
    /// DECNET_ADMIN_PASSWORD and has to change it at the first login; without that variable nobody is created.
    Init(InitArgs),

    /// Store what honeypots captured, each line once
    ///
    /// Reads DECNET's own JSON lines, the RFC 5424 lines of its deckies, and the JSON logs of Cowrie, OpenCanary and Dionaea, and
    /// tells them apart line by line; --mapping describes others. Lines that docker or a syslog daemon wrapped are unwrapped.
    /// The database and its tables are created when they are not there. The last line of a file waits until its line break is
    /// written. A line that is no event is reported, kept in FILE.rejected, and stops nothing, unless it can't be kept.
    ///
    /// Of rotation is promised: (1) a file is known by what it is: renamed, compressed, copied or linked, its lines are stored
    /// once, across kills and runs at the same time. (2) Files that follow what was read are found beside it, and read in
    /// order, oldest first. (3) Following, a renamed file is held for --keep seconds after its last line. (4) What was written
    /// and is not found any more is named, with its bytes as far as they are known; with --strict it is exit code 6. (5) Not
    /// seen is what was written and destroyed between two looks.
    ///
    /// Of a line of Cowrie, decky is `sensor`; service is `protocol`, else telnet where `system` says so, else the one that its
    /// session was opened with, else ssh; event_type is `eventid` without "cowrie."; attacker_ip is `src_ip`, else Unknown; msg is
    /// `message`; fields has all other members but `timestamp`.
    #[command(after_long_help = AFTER_INGEST_HELP)]
    Ingest(IngestArgs),

    /// Show the latest events, one a line, the newest last
    Logs(LogsArgs),

    /// List the most frequent attackers, passwords, commands, …
    Top(TopArgs),

    /// Show what is known of an attacker, or what happened in a session
    Show(ShowArgs),

    /// Draw how many events there were over time
    Histogram(HistogramArgs),

    /// Write events as JSON lines or CSV to standard output
    Export(ExportArgs),

    /// List the methods that `call` takes, with their arguments
    Methods(MethodsArgs),

    /// Call a repository method by name, with JSON in and JSON out
    Call(CallArgs),

    /// Copy everything into another database, of any kind, and compare the two
    Copy(CopyArgs),

    /// Delete the oldest events, and what hangs on their sources, while others write
    Prune(PruneArgs),

    /// Write everything as it is at this moment into a SQLite file, while DECNET runs
    Backup(BackupArgs),

    /// Show what is in the database, and delete it when told to
    Reset(ResetArgs),

    /// Write the crate of a new driver, which compiles and says what is left to do
    ///
    /// The folder decnet-db-NAME is made in the working directory. CONTRIBUTING.md of decnet-db goes on from there, step by
    /// step, to a driver that passes the conformance kit.
    NewDriver(NewDriverArgs),

    /// Print what a shell reads to complete command lines
    ///
    /// For bash: decnet-db completions bash > /etc/bash_completion.d/decnet-db
    Completions(CompletionsArgs),

    /// Print the manual page, for `man`
    Man,
}

const AFTER_HELP: &str = "\
The database:
  sqlite:///relative.db is relative to the working directory,
  sqlite:////var/lib/decnet.db is absolute. Without --url the environment, the
  INI file or a .env file decides, as for DECNET itself; with none of them it is
  decnet.db in the working directory. Other users of this machine can see a
  command's arguments: a password is better kept in DECNET_DB_URL.

Environment:
  DECNET_DB_URL          the database, as --url takes it; or, piece by piece:
  DECNET_DB_TYPE         sqlite (the default) or mysql
  DECNET_DB_PATH         SQLite: the file
  DECNET_DB_HOST, _PORT, _NAME, _USER, _PASSWORD    MySQL
  DECNET_ADMIN_PASSWORD  the password of the administrator whom `init` creates
  DECNET_CONFIG          the INI file, /etc/decnet/decnet.ini by default
  DECNET_LOG, RUST_LOG   what is told on standard error, where -v does not say:
                         such as decnet_db=debug; only warnings by default

Exit codes:
  0  done; also when whoever reads the output stops reading
  1  the engine or a file failed (backend), or can't do that (unsupported)
  2  the command line or an argument is wrong (invalid_input)
  3  a setting is wrong, or there is no database or no schema in it
     (configuration); no driver fits the URL (unknown_driver)
  4  the database can't be reached or is busy (unavailable), or was lost
     before it confirmed a write (unknown_outcome)
  5  a write contradicts what is stored (conflict), or what the call
     names is not there (not_found)
  6  what was captured is not all there (ingest --strict)
  7  something is wrong with the database (check)

An error is one line on standard error, sometimes with a hint below it.";

const AFTER_INGEST_HELP: &str = "\
Exit codes:
  0  done, whatever lines were rejected; also when a signal ended it (then --json has \"interrupted\": true, unless it followed)
  1  an input can't be read to its end, such as a cut gzip file: what came before is stored, and so are the other inputs;
     or rejected lines can't be kept: their input is not read past them
  2  the command line is wrong, or a file is missing, not readable or a directory: nothing was stored; or an input is of a
     kind that is not read, or has no line that is an event: what the other inputs have is stored
  3  a setting is wrong, or the database is of another program or may not be written
  4  the database can't be reached, is busy or full, for 30 seconds (unless --follow waits): what was stored stays, and
     running it again goes on
  5  another run reads the file: each of its lines is stored once
  6  with --strict: something that was written to a file is not found any more";

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }
}
