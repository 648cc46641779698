//! What attackers did: their commands, sessions, files, mail and leaks (contract document 50).

use serde::{Deserialize, Serialize};

use super::Transactional;
use super::{Bounty, Log};
use crate::error::Result;
use crate::json::Json;

/// The activity of attackers, derived from their rows in `attackers`, `logs` and `bounty`.
///
/// Events and bounties are those of the attacker's address. An attacker that is not there has done nothing: the answer is
/// empty.
///
/// ```
/// # async fn example(repository: &dyn decnet_db_core::contract::Repository) -> decnet_db_core::Result<()> {
/// let page = repository.get_attacker_commands("a uuid", 50, 0, Some("ssh")).await?;
/// println!("{} commands, the first {:?}", page.total, page.data.first());
/// # Ok(())
/// # }
/// ```
#[crate::contract]
pub trait Activity: Transactional {
    /// The commands that an attacker ran, in the order in which they are stored, with the number of all that match.
    ///
    /// Entries that are no objects are left out, and a column that holds no JSON list counts as empty (ruling R14). Reads
    /// this one attacker's column, and copies the page out of it.
    ///
    /// # Errors
    /// `InvalidInput` for a negative limit or offset (ruling R8).
    async fn get_attacker_commands(
        &self,
        uuid: &str,
        #[default(50)] limit: u64,
        #[default(0)] offset: u64,
        #[doc = "only commands of this service"] service: Option<&str>,
    ) -> Result<CommandPage>;

    /// The texts of the commands that an attacker ran, each once, in the order of their first use.
    ///
    /// A command's text is its `command_text`, or else its `command`, without white space around it; null and blank text are
    /// none, and what is no text is shown as compact JSON (ruling R16). Reads this one attacker's column.
    async fn list_attacker_commands_deduped(&self, uuid: &str) -> Result<Vec<String>>;

    /// What an attacker did with which service: the distinct pairs of service and event type of its events, in order.
    ///
    /// The database reads all events of the attacker's address; only the pairs leave it.
    async fn get_attacker_service_activity(&self, attacker_uuid: &str) -> Result<Vec<(String, String)>>;

    /// The latest 200 events with files that an attacker left (`file_captured`), newest first.
    ///
    /// The database goes through the events of the attacker's address or of that type, by index.
    async fn get_attacker_artifacts(&self, uuid: &str) -> Result<Vec<Log>>;

    /// The latest 200 events with mail that an attacker sent (`message_stored`), newest first.
    ///
    /// Costs what [`get_attacker_artifacts`](Self::get_attacker_artifacts) costs.
    async fn get_attacker_stored_mail(&self, uuid: &str) -> Result<Vec<Log>>;

    /// The latest 200 events with recorded sessions of an attacker (`session_recorded`), newest first.
    ///
    /// Costs what [`get_attacker_artifacts`](Self::get_attacker_artifacts) costs.
    async fn get_attacker_transcripts(&self, uuid: &str) -> Result<Vec<Log>>;

    /// The newest event `session_recorded` whose fields have this `sid` (ruling R7).
    ///
    /// The member's value is compared, however the JSON is written. The database goes through the events of that type, by
    /// index, and parses the fields of each.
    async fn get_session_log(&self, sid: &str) -> Result<Option<Log>>;

    /// The latest bounties with a leaked address of an attacker (`ip_leak`), newest first; a payload that is not JSON is
    /// shown as `{}`.
    ///
    /// The database goes through the bounties of the attacker's address, by index.
    ///
    /// # Errors
    /// `InvalidInput` for a negative limit.
    async fn get_attacker_ip_leaks(
        &self,
        attacker_uuid: &str,
        #[default(10)] limit: u64,
    ) -> Result<Vec<Bounty>>;

    /// How many bounties with a leaked address an attacker has.
    async fn count_attacker_ip_leaks(&self, attacker_uuid: &str) -> Result<u64>;
}

/// Some of an attacker's commands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CommandPage {
    /// How many match.
    pub total: u64,
    /// Those of the page: objects as they are stored.
    pub data: Vec<Json>,
}
