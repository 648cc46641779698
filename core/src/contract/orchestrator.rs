//! What the orchestrator did to make deckies look alive (contract document 76).

use decnet_db_macros::Record;
use serde::{Deserialize, Serialize};

use super::Transactional;
use crate::error::Result;
use crate::sql::Changeset;
use crate::time::Timestamp;

/// Simulated events and mails, by which the orchestrator makes deckies look alive.
///
/// Lists have the newest first, those of one instant by descending uuid.
///
/// ```
/// # async fn example(repository: &dyn decnet_db_core::contract::Repository) -> decnet_db_core::Result<()> {
/// let failed = repository.count_orchestrator_failures("2026-01-01".parse()?, Some("traffic")).await?;
/// let latest = repository.list_orchestrator_events(10, 0, Some("traffic"), None).await?;
/// println!("{failed} failed; the last one was {:?}", latest.first());
/// # Ok(())
/// # }
/// ```
#[crate::contract]
pub trait Orchestrator: Transactional {
    /// Inserts an event and returns its uuid: the given one, or a fresh one.
    ///
    /// # Errors
    /// `Conflict` when the uuid is taken; `InvalidInput` for a missing or unknown member or one that its column can't hold.
    #[write]
    async fn record_orchestrator_event(&self, data: Changeset<OrchestratorEvent>) -> Result<String>;

    /// Events, or those of one kind or since an instant. An empty kind is that of no event.
    ///
    /// # Errors
    /// `InvalidInput` for a negative limit or offset, or an instant that is none.
    async fn list_orchestrator_events(
        &self,
        #[default(100)] limit: u64,
        #[default(0)] offset: u64,
        kind: Option<&str>,
        since_ts: Option<Timestamp>,
    ) -> Result<Vec<OrchestratorEvent>>;

    /// How many events there are, or of one kind.
    async fn count_orchestrator_events(&self, kind: Option<&str>) -> Result<u64>;

    /// How many events and mails since an instant failed: of kind `traffic`, `file` or `email`, or all. Of other kinds: 0.
    async fn count_orchestrator_failures(&self, since_ts: Timestamp, kind: Option<&str>) -> Result<u64>;

    /// Keeps the newest events that went to each decky, so many of each, deletes the others and says how many those were.
    ///
    /// A cap of 0 deletes nothing. One statement, whose memory does not grow with what is kept.
    ///
    /// # Errors
    /// `InvalidInput` for a negative cap.
    #[write]
    async fn prune_orchestrator_events(&self, #[default(10_000)] per_dst_cap: u64) -> Result<u64>;

    /// Inserts a mail and returns its uuid: the given one, or a fresh one.
    ///
    /// # Errors
    /// `Conflict` when the uuid is taken; `InvalidInput` for a missing or unknown member or one that its column can't hold.
    #[write]
    async fn record_orchestrator_email(&self, data: Changeset<OrchestratorEmail>) -> Result<String>;

    /// Mails, or those of a mail server's decky, of a conversation or since an instant. Empty text is that of no mail.
    ///
    /// # Errors
    /// `InvalidInput` for a negative limit or offset, or an instant that is none.
    async fn list_orchestrator_emails(
        &self,
        #[default(100)] limit: u64,
        #[default(0)] offset: u64,
        mail_decky_uuid: Option<&str>,
        thread_id: Option<&str>,
        since_ts: Option<Timestamp>,
    ) -> Result<Vec<OrchestratorEmail>>;

    /// How many mails there are, or of a mail server's decky.
    async fn count_orchestrator_emails(&self, mail_decky_uuid: Option<&str>) -> Result<u64>;

    /// The delivered mails between two addresses, in either direction, on a mail server's decky; one row a mail.
    ///
    /// # Errors
    /// `InvalidInput` for a negative limit.
    async fn list_orchestrator_email_threads(
        &self,
        mail_decky_uuid: &str,
        sender_email: &str,
        recipient_email: &str,
        #[default(50)] limit: u64,
    ) -> Result<Vec<OrchestratorEmail>>;

    /// As [`prune_orchestrator_events`](Self::prune_orchestrator_events), the mails of each mail server's decky.
    ///
    /// # Errors
    /// `InvalidInput` for a negative cap.
    #[write]
    async fn prune_orchestrator_emails(&self, #[default(10_000)] per_decky_cap: u64) -> Result<u64>;
}

/// Traffic or a file that the orchestrator made; the table `orchestrator_events`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Record)]
#[record(table = "orchestrator_events", index(ix_orchestrator_events_dst_ts(dst_decky_uuid, ts)))]
#[non_exhaustive]
pub struct OrchestratorEvent {
    /// The event's key: a uuid.
    #[column(key, default = uuid)]
    pub uuid: String,
    /// When it happened.
    #[column(index, default = now)]
    pub ts: Timestamp,
    /// `traffic` or `file`.
    #[column(index, len = 16)]
    pub kind: String,
    /// The protocol; `ssh` is in use.
    #[column(index, len = 16)]
    pub protocol: String,
    /// What was done.
    #[column(len = 64)]
    pub action: String,
    /// The decky that it came from; null when it came from none. Not a foreign key.
    #[column(index)]
    pub src_decky_uuid: Option<String>,
    /// The decky that it went to. Not a foreign key.
    #[column(index)]
    pub dst_decky_uuid: String,
    /// Whether it worked.
    #[column(index, default = false)]
    pub success: bool,
    /// Details: the text of a JSON object, shown as text; a map or list is accepted too.
    #[column(long, default = "{}", spaced)]
    pub payload: String,
}

/// A mail that the orchestrator delivered; the table `orchestrator_emails`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Record)]
#[record(
    table = "orchestrator_emails",
    index(ix_orchestrator_emails_mail_ts(mail_decky_uuid, ts)),
    index(ix_orchestrator_emails_thread(thread_id))
)]
#[non_exhaustive]
pub struct OrchestratorEmail {
    /// The row's key: a uuid.
    #[column(key, default = uuid)]
    pub uuid: String,
    /// When it was sent.
    #[column(index, default = now)]
    pub ts: Timestamp,
    /// The decky whose mail server took it. Not a foreign key.
    #[column(index)]
    pub mail_decky_uuid: String,
    /// The conversation that it is part of.
    #[column(index)]
    pub thread_id: String,
    /// Its Message-ID header. Not unique.
    #[column(len = 255)]
    pub message_id: String,
    /// The Message-ID that it answers; null at the start of a conversation.
    #[column(len = 255)]
    pub in_reply_to: Option<String>,
    /// Who it is from.
    #[column(index, len = 255)]
    pub sender_email: String,
    /// Who it is for.
    #[column(index, len = 255)]
    pub recipient_email: String,
    /// Its subject.
    #[column(len = 512)]
    pub subject: String,
    /// Language code of its text, such as `en`.
    #[column(len = 8, default = "en")]
    pub language: String,
    /// Where the message lies as a file.
    #[column(len = 1024)]
    pub eml_path: String,
    /// Whether it was delivered.
    #[column(index, default = false)]
    pub success: bool,
    /// Details: the text of a JSON object, shown as text; a map or list is accepted too.
    #[column(long, default = "{}", spaced)]
    pub payload: String,
}
