//! What the orchestrator did to make deckies look alive (contract document 76).

use decnet_db_macros::Record;
use serde::Serialize;

use crate::time::Timestamp;

/// Traffic or a file that the orchestrator made; the table `orchestrator_events`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Record)]
#[record(table = "orchestrator_events", index(ix_orchestrator_events_dst_ts(dst_decky_uuid, ts)))]
pub struct OrchestratorEvent {
    /// The event's key: a uuid.
    #[column(key)]
    pub uuid: String,
    /// When it happened.
    #[column(index)]
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
    #[column(index)]
    pub success: bool,
    /// Details: the text of a JSON object, shown as text.
    #[column(long)]
    pub payload: String,
}

/// A mail that the orchestrator delivered; the table `orchestrator_emails`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Record)]
#[record(
    table = "orchestrator_emails",
    index(ix_orchestrator_emails_mail_ts(mail_decky_uuid, ts)),
    index(ix_orchestrator_emails_thread(thread_id))
)]
pub struct OrchestratorEmail {
    /// The row's key: a uuid.
    #[column(key)]
    pub uuid: String,
    /// When it was sent.
    #[column(index)]
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
    #[column(len = 8)]
    pub language: String,
    /// Where the message lies as a file.
    #[column(len = 1024)]
    pub eml_path: String,
    /// Whether it was delivered.
    #[column(index)]
    pub success: bool,
    /// Details: the text of a JSON object, shown as text.
    #[column(long)]
    pub payload: String,
}
