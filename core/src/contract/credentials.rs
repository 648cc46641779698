//! Captured credentials, and secrets that turn up in several places (contract document 80).

use decnet_db_macros::Record;
use serde::Serialize;

use crate::json::JsonOrText;
use crate::time::Timestamp;

/// A secret that was tried against a service, once per attacker, decky, service, kind, secret and principal;
/// the table `credentials`.
#[derive(Clone, PartialEq, Eq, Serialize, Record)]
#[record(
    table = "credentials",
    unique(uq_credentials_dedup(
        attacker_ip(64),
        decky_name(160),
        service(128),
        secret_kind,
        secret_sha256,
        principal_key
    )),
    index(ix_credentials_principal_service(principal, service)),
    index(ix_credentials_secret_service(secret_sha256, service))
)]
pub struct Credential {
    /// Assigned by the database, ascending.
    #[column(serial)]
    pub id: i64,
    /// Who tried it.
    #[column(index)]
    pub attacker_ip: String,
    /// The attacker of that address; null until one was made.
    #[column(index, references(attackers.uuid))]
    pub attacker_uuid: Option<String>,
    /// The decky that it was tried on.
    #[column(index)]
    pub decky_name: String,
    /// The service that it was tried on.
    #[column(index)]
    pub service: String,
    /// The user name or what stands for it, as given; null when there was none.
    #[column(index, len = 256)]
    pub principal: Option<String>,
    /// The principal, or an empty text where it is null: the unique key compares this one.
    #[column(len = 256)]
    pub principal_key: String,
    /// `plaintext`, `ntlmssp_v2`, `http_bearer`, `snmp_community` or another name for how the secret was
    /// shown.
    #[column(index, len = 32)]
    pub secret_kind: String,
    /// SHA-256 of all bytes of the secret: 64 lower-case hex digits.
    #[column(index, len = 64)]
    pub secret_sha256: String,
    /// The secret in base64, cut at 2048 characters, so that it may not decode.
    #[column(len = 2048)]
    pub secret_b64: Option<String>,
    /// The secret as readable text, cut at 512 characters and with losses.
    #[column(len = 512)]
    pub secret_printable: Option<String>,
    /// `success`, `failure` or `observed`; null when not known.
    #[column(len = 16)]
    pub outcome: Option<String>,
    /// The members of the event: a JSON object.
    pub fields: JsonOrText,
    /// When it was first tried.
    #[column(index)]
    pub first_seen: Timestamp,
    /// When it was last tried.
    #[column(index)]
    pub last_seen: Timestamp,
    /// How often it was tried.
    pub attempt_count: i64,
}

/// A secret that was tried in several places; the table `credential_reuse`.
#[derive(Clone, PartialEq, Serialize, Record)]
#[record(
    table = "credential_reuse",
    unique(uq_credential_reuse_secret_principal(secret_sha256, secret_kind, principal_key))
)]
pub struct CredentialReuse {
    /// The finding's key: a uuid.
    #[column(key, len = 36)]
    pub id: String,
    /// SHA-256 of the secret: 64 lower-case hex digits.
    #[column(index, len = 64)]
    pub secret_sha256: String,
    /// How the secret was shown, as in `credentials`.
    #[column(index, len = 32)]
    pub secret_kind: String,
    /// The user name of the first sighting; null when there was none.
    #[column(len = 256)]
    pub principal: Option<String>,
    /// The principal, or an empty text where it is null: the unique key compares this one.
    #[column(len = 256)]
    pub principal_key: String,
    /// Who used it: the text of a JSON list of text.
    #[column(long)]
    pub attacker_uuids: String,
    /// From which addresses: the text of a JSON list of text.
    #[column(long)]
    pub attacker_ips: String,
    /// On which deckies: the text of a JSON list of text.
    #[column(long)]
    pub deckies: String,
    /// On which services: the text of a JSON list of text.
    #[column(long)]
    pub services: String,
    /// How many pairs of decky and service it was tried on.
    #[column(index)]
    pub target_count: i64,
    /// How many attempts were reported.
    pub attempt_count: i64,
    /// How sure the finding is; always 1.
    pub confidence: f64,
    /// When it was first tried.
    #[column(index)]
    pub first_seen: Timestamp,
    /// When it was last tried.
    #[column(index)]
    pub last_seen: Timestamp,
    /// When the row was last written.
    #[column(index)]
    pub updated_at: Timestamp,
}

debug_without_secrets! {
    Credential {
        id attacker_ip attacker_uuid decky_name service principal principal_key secret_kind outcome
        first_seen last_seen attempt_count
    }
    CredentialReuse {
        id secret_kind principal principal_key attacker_uuids attacker_ips deckies services target_count
        attempt_count confidence first_seen last_seen updated_at
    }
}
