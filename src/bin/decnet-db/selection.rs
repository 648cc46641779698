//! Which events a command is about: a search and a period.

use decnet_db::contract::LogFilter;
use decnet_db::reports;
use decnet_db::time::Timestamp;

use crate::errors::{Failure, note, one_line};

/// A search and a period, as the command line gives them.
#[derive(clap::Args)]
pub(crate) struct Selection {
    /// Only events that these words find, such as `service:ssh username:root wget`; all must fit
    ///
    /// A word is found in the line, the decky, the service and the address, in either case of its letters. decky:, service:,
    /// event: and attacker: ask for the whole value of a column, any other name for that of a member of `fields`. Values with
    /// blanks stand in quotes within the word: 'input:"cat /etc/passwd"'.
    #[arg(value_name = "SEARCH")]
    search: Vec<String>,

    /// Not before this time: how long ago (24h, 7d, "2 weeks"), today, yesterday, or a time such as 2026-01-02T03:04:05Z
    ///
    /// Times are in UTC unless they say otherwise.
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    since: Option<String>,

    /// Not after this time, written as for --since
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    until: Option<String>,
}

impl Selection {
    /// The filter that it is.
    pub(crate) fn filter(&self) -> Result<LogFilter, Failure> {
        let (since, until) = (self.since.as_deref(), self.until.as_deref());
        Ok(reports::filter(&self.search.join(" "), since, until, Timestamp::now())?)
    }

    /// Says on standard error what may be wrong with a search that found nothing.
    pub(crate) fn explain(&self) {
        let hints = reports::hints(&self.search.join(" ").into());
        note("no event fits");
        for hint in hints {
            note(&format!("hint: {}", one_line(&hint)));
        }
    }
}
