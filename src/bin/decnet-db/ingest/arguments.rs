//! What `decnet-db ingest` takes, and what of it can't work.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;
use std::{fs, io};

use decnet_db::Error;
use decnet_db::capture::Parser;

use super::reader::{Input, keeps_rejected};
use crate::errors::Failure;
use crate::files::open_to_read;

/// What `decnet-db ingest` takes.
#[derive(clap::Args)]
pub(crate) struct IngestArgs {
    /// The captures, compressed by gzip, zstd, xz or bzip2 or not; - is standard input
    ///
    /// A pattern in quotes stands for the files that match it; with --follow also for those that come later, and a folder for
    /// all files in it. What is no regular file (a named pipe) is read as standard input is.
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,

    /// What all lines are written in, instead of finding out line by line
    #[arg(long, value_name = "FORMAT", value_parser = ["decnet", "rfc5424", "cowrie", "opencanary", "dionaea"])]
    pub(super) format: Option<String>,

    /// A TOML file that describes another format of JSON lines: which member is which column
    ///
    /// Each of decky, service, event_type, attacker_ip, timestamp and msg names a member (`attacker_ip = "peer.address"`), several
    /// of which the first that is there counts, or is a table with `member`, `constant`, `default` and `names`, as in
    /// `service = { member = "app", default = "http" }`.
    #[arg(long, value_name = "FILE", conflicts_with = "format")]
    pub(super) mapping: Option<PathBuf>,

    /// How many events one commit has at most (also at most 4 MiB of lines)
    ///
    /// DECNET_BATCH_SIZE is for DECNET's own ingester, and changes nothing here.
    #[arg(long, value_name = "EVENTS", default_value = "2000")]
    pub(super) batch: NonZeroUsize,

    /// Go on when the end is reached: wait for more lines, also in the file that takes the name when it is rotated
    ///
    /// Waits for files that are not there yet, and for the database for as long as it takes. Ends by Ctrl-C or SIGTERM, at
    /// once, with everything stored that was read. Tells systemd when it is ready (Type=notify).
    #[arg(short, long)]
    pub(super) follow: bool,

    /// With --follow: how long a file that was renamed is held open after the last line, for what is still written to it
    #[arg(long, value_name = "SECONDS", default_value = "60")]
    pub(super) keep: u64,

    /// Forget what was read of the files, and store all of it again
    #[arg(long, conflicts_with_all = ["follow", "as_decnet"])]
    pub(super) again: bool,

    /// Exit with code 6 when something that was written to a file is not found any more
    #[arg(long)]
    pub(super) strict: bool,

    /// Take over the position of DECNET's own ingester, and leave it ours; for one file, which must be the one it reads
    #[arg(long)]
    pub(super) as_decnet: bool,

    /// Where lines go that are no events [default: FILE.rejected]
    #[arg(long, value_name = "PATH")]
    pub(super) rejected: Option<PathBuf>,

    /// Show no progress and no rejected lines, only errors and the summary
    #[arg(short, long)]
    pub(super) quiet: bool,
}

/// How often, and how long after each other, a file is looked for: between two steps of a rotation it is not there.
const LOOKS: u32 = 20;
const LOOK: Duration = Duration::from_millis(10);

/// Whether a file is there and may be read.
fn can_be_read(path: &Path, follow: bool) -> io::Result<()> {
    let mut looks = 1;
    loop {
        // Whatever waits for its other end is opened only to be read.
        let found = fs::metadata(path)
            .and_then(|found| if found.is_file() { open_to_read(path).map(drop) } else { Ok(()) });
        match found {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !follow && looks < LOOKS => {
                looks += 1;
                std::thread::sleep(LOOK);
            }
            found => return found,
        }
    }
}

impl IngestArgs {
    /// Refuses what can't work before a database is created for it.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let refuse =
            |argument: &str, reason: &str| Err(Failure::from(Error::invalid_input(argument, reason)));
        let inputs: Vec<Input> = self.files.iter().map(|path| Input::of(path)).collect();
        let streams = inputs.iter().filter(|input| **input == Input::Stdin).count();
        if streams > 1 {
            return refuse("-", "standard input can be read once only");
        }
        let is_file = |input: &Input| match input {
            Input::Path(path) => fs::metadata(path).map_or(true, |metadata| metadata.is_file()),
            _ => false,
        };
        if self.as_decnet && (inputs.len() > 1 || !inputs.iter().all(is_file)) {
            return refuse("--as-decnet", "takes exactly one file, since DECNET has one position");
        }
        for input in &inputs {
            let name = input.name();
            match input {
                Input::Folder(_) if !self.follow => {
                    return refuse(&name, "is a directory; name the files in it");
                }
                Input::Pattern(pattern) => match glob::glob(pattern) {
                    Err(error) => return refuse(&name, &format!("is no pattern: {error}")),
                    Ok(mut found) => {
                        if found.next().is_none() && !self.follow {
                            return refuse(&name, "can't be read: no file has such a name");
                        }
                    }
                },
                Input::Path(path) => match can_be_read(path, self.follow) {
                    Err(error) if error.kind() == io::ErrorKind::NotFound && self.follow => {}
                    Err(error) => return refuse(&name, &format!("can't be read: {error}")),
                    Ok(()) => {}
                },
                Input::Stdin | Input::Folder(_) => {}
            }
        }
        if self.files.iter().all(|path| keeps_rejected(path)) {
            let failure = Failure::from(Error::invalid_input(
                self.files[0].display().to_string(),
                "keeps lines that were rejected, and is never taken for a capture",
            ));
            return Err(failure.or_hint("`decnet-db ingest - < FILE` reads it all the same"));
        }
        Ok(())
    }

    /// What makes events of lines.
    pub(super) fn parser(&self) -> Result<Parser, Failure> {
        let Some(path) = &self.mapping else {
            return Ok(Parser::new(self.format.as_deref().map(str::parse).transpose()?));
        };
        let name = path.display().to_string();
        let text = fs::read_to_string(path)
            .map_err(|error| Error::invalid_input(&name, format!("can't be read: {error}")))?;
        let mapping = text.parse().map_err(|error: Error| Error::invalid_input(&name, error.to_string()))?;
        Ok(Parser::with_mapping(mapping))
    }

    /// The file that takes the rejected lines of an input.
    pub(super) fn rejected(&self, input: &Input) -> PathBuf {
        if let Some(path) = &self.rejected {
            return path.clone();
        }
        let mut path = match input {
            Input::Stdin => "stdin".into(),
            // Beside a folder, since all files in it are inputs.
            Input::Path(path) | Input::Folder(path) if !is_device(path) => path.as_os_str().to_owned(),
            Input::Path(_) | Input::Folder(_) => "stdin".into(),
            Input::Pattern(pattern) => {
                let folder = Path::new(pattern)
                    .parent()
                    .filter(|folder| !folder.to_string_lossy().contains(['*', '?', '[']));
                folder.unwrap_or(Path::new("")).join("ingest").into_os_string()
            }
        };
        path.push(".rejected");
        path.into()
    }
}

/// Whether nothing can be put beside a path.
fn is_device(path: &Path) -> bool {
    path.starts_with("/dev") || path.starts_with("/proc")
}
