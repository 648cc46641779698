//! What happened in one session.

use decnet_db_core::Result;
use decnet_db_core::contract::Repository;
use decnet_db_core::contract::{Log, LogFilter};
use serde::Serialize;

use super::timeline::{Timeline, timeline, word};

/// The members of `fields` that honeypots write a session's name into: Cowrie's, OpenCanary's and others', DECNET's.
const MEMBERS: [&str; 3] = ["session", "session_id", "sid"];

/// One session of an attacker with a decky.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SessionReport {
    /// The session's name.
    pub id: String,
    /// The member of `fields` that names it: `session`, `session_id` or `sid`.
    pub member: &'static str,
    /// Its events.
    #[serde(flatten)]
    pub timeline: Timeline,
    /// Where its recording was announced (`get_session_log`); null where none was.
    pub recording: Option<Log>,
}

/// What is known of the session that events name `id`, with its last `limit` events; `None` where none has that name.
///
/// # Errors
/// Those of the contract's readers.
pub async fn session(repository: &dyn Repository, id: &str, limit: u64) -> Result<Option<SessionReport>> {
    for member in MEMBERS {
        let mut filter = LogFilter::all();
        filter.search = Some(word(member, id).into());
        let timeline = timeline(repository, filter, limit).await?;
        if timeline.total > 0 {
            let recording = repository.get_session_log(id).await?;
            return Ok(Some(SessionReport { id: id.to_owned(), member, timeline, recording }));
        }
    }
    Ok(None)
}
