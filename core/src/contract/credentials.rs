//! Captured credentials, and secrets that turn up in several places (contract document 80).

use decnet_db_macros::{Arguments, Record};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Cursor, Page, Query, Transactional};
use crate::error::Result;
use crate::json::{Json, JsonOrText};
use crate::sql::Changeset;
use crate::time::Timestamp;

/// Captured credentials, and secrets that turn up in several places.
///
/// ```
/// # async fn example(repository: &dyn decnet_db_core::contract::Repository) -> decnet_db_core::Result<()> {
/// use decnet_db_core::contract::CredentialQuery;
///
/// for tried in repository.get_credentials(CredentialQuery::new().service("ssh").limit(100)).await? {
///     println!("{} tried {:?} {} times", tried.attacker_ip, tried.principal, tried.attempt_count);
/// }
/// # Ok(())
/// # }
/// ```
#[crate::contract]
pub trait Credentials: Transactional {
    /// Stores an attempt, or counts it where the credential is there; its id.
    ///
    /// The same credential has the same `attacker_ip`, `decky_name`, `service`, `secret_kind` (`plaintext` unless given),
    /// `secret_sha256` and principal; no principal and an empty one are the same. One more attempt replaces `last_seen`, and
    /// `outcome` unless it is null; all else stays. `id`, `attacker_uuid`, `principal_key`, the times and the count are
    /// ignored. Exact under concurrency (ruling R7).
    ///
    /// # Errors
    /// `InvalidInput` for a missing or unknown member or one that its column can't hold; `attacker_ip` has at most 64,
    /// `decky_name` 160, `service` 128 characters (ruling R19).
    #[write]
    async fn upsert_credential(&self, data: Changeset<Credential>) -> Result<i64>;

    /// Credentials, those that were tried last first; those of one instant by descending id.
    ///
    /// # Errors
    /// `InvalidInput` for a negative limit or offset.
    async fn get_credentials(&self, #[arguments] query: CredentialQuery) -> Result<Vec<Credential>>;

    /// How many credentials match.
    async fn get_total_credentials(&self, #[arguments] filter: CredentialFilter) -> Result<u64>;

    /// All that one source tried, in the order of [`get_credentials`](Self::get_credentials).
    async fn get_credentials_for_attacker(&self, attacker_ip: &str) -> Result<Vec<Credential>>;

    /// All that have the secret, of every kind and principal, in the order of [`get_credentials`](Self::get_credentials).
    async fn get_credential_attempts_for_secret(&self, secret_sha256: &str) -> Result<Vec<Credential>>;

    /// The credentials of a source, of a secret, or of both, or all of them, by id, page by page.
    ///
    /// # Errors
    /// `InvalidInput` for a limit below 1, or a cursor of another list.
    async fn get_credentials_page(
        &self,
        attacker_ip: Option<&str>,
        secret_sha256: Option<&str>,
        #[default(1000)] limit: u64,
        #[doc = "`next` of the page before"] after: Option<CredentialCursor>,
    ) -> Result<Page<Credential, CredentialCursor>>;

    /// Gives the credentials of an address that have no attacker yet this one; how many.
    ///
    /// # Errors
    /// `Conflict` when there are such credentials and no attacker has the uuid.
    #[write(conflict = "attacker_uuid: no attacker has this uuid")]
    async fn update_credential_attacker_uuid(&self, attacker_ip: &str, attacker_uuid: &str) -> Result<u64>;

    /// Adds a sighting to the finding of its secret, kind and principal, or makes one; no principal and an empty one are the
    /// same.
    ///
    /// What is not in the finding's lists yet is appended, but for an attacker that is null or empty; a list that is none
    /// begins anew. `target_count` becomes the number of pairs of decky and service that `credentials` has for the finding,
    /// at least 1 and never less than before (ruling R19). `attempt_count` is added; `last_seen` is replaced, even by an
    /// earlier instant. Exact under concurrency (ruling R7).
    ///
    /// Result: the finding, its lists still JSON text, with `inserted` and `changed`: whether a list grew.
    ///
    /// # Errors
    /// `InvalidInput` for a value that its column can't hold; `Unavailable` when other writers were faster all the time.
    #[expect(clippy::too_many_arguments, reason = "the arguments are DECNET's")]
    #[writes]
    async fn upsert_credential_reuse(
        &self,
        secret_sha256: &str,
        secret_kind: &str,
        principal: Option<&str>,
        attacker_uuid: Option<&str>,
        attacker_ip: &str,
        decky: &str,
        service: &str,
        attempt_count: i64,
        #[doc = "now unless given"] ts: Option<Timestamp>,
    ) -> Result<UpsertedCredentialReuse>;

    /// Secrets that were tried on so many pairs of decky and service, by secret, kind and principal.
    ///
    /// Each has all its credentials, by id, with `fields` as text; the principal is that of the first. No principal and an
    /// empty one are the same (ruling R19). Reads the whole table.
    async fn find_credential_reuse_candidates(
        &self,
        #[default(2)] min_targets: i64,
    ) -> Result<Vec<CredentialReuseCandidate>>;

    /// How many findings have so many targets, and those findings: most targets first, then seen last, then by descending
    /// id.
    ///
    /// An empty `secret_kind` means every kind. A list that is no JSON is shown empty.
    ///
    /// # Errors
    /// `InvalidInput` for a negative limit or offset.
    async fn list_credential_reuses(
        &self,
        #[default(50)] limit: u64,
        #[default(0)] offset: u64,
        #[default(2)] min_target_count: i64,
        secret_kind: Option<&str>,
    ) -> Result<(u64, Vec<ListedCredentialReuse>)>;

    /// The finding with that id, as in [`list_credential_reuses`](Self::list_credential_reuses), or null.
    async fn get_credential_reuse_by_id(&self, reuse_id: &str) -> Result<Option<ListedCredentialReuse>>;
}

/// A secret that was tried against a service, once per attacker, decky, service, kind, secret and principal;
/// the table `credentials`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Record)]
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
#[non_exhaustive]
pub struct Credential {
    /// Assigned by the database, ascending.
    #[column(serial)]
    pub id: i64,
    /// Who tried it.
    #[column(exact, index)]
    pub attacker_ip: String,
    /// The attacker of that address; null until one was made.
    #[column(index, references(Attacker::UUID))]
    pub attacker_uuid: Option<String>,
    /// The decky that it was tried on.
    #[column(exact, index)]
    pub decky_name: String,
    /// The service that it was tried on.
    #[column(exact, index)]
    pub service: String,
    /// The user name or what stands for it, as given; null when there was none.
    #[column(index, len = 256)]
    pub principal: Option<String>,
    /// The principal, or an empty text where it is null: the unique key compares this one.
    #[column(exact, len = 256)]
    pub principal_key: String,
    /// `plaintext`, `ntlmssp_v2`, `http_bearer`, `snmp_community` or another name for how the secret was
    /// shown.
    #[column(exact, index, len = 32, default = "plaintext")]
    pub secret_kind: String,
    /// SHA-256 of all bytes of the secret: 64 lower-case hex digits.
    #[column(exact, index, len = 64)]
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
    #[column(default = "{}", spaced = map)]
    pub fields: JsonOrText,
    /// When it was first tried.
    #[column(index, default = now)]
    pub first_seen: Timestamp,
    /// When it was last tried.
    #[column(index, default = now)]
    pub last_seen: Timestamp,
    /// How often it was tried.
    #[column(default = 1)]
    pub attempt_count: i64,
}

/// A secret that was tried in several places; the table `credential_reuse`.
#[derive(Clone, PartialEq, Serialize, Deserialize, Record)]
#[record(
    table = "credential_reuse",
    unique(uq_credential_reuse_secret_principal(secret_sha256, secret_kind, principal_key))
)]
#[non_exhaustive]
pub struct CredentialReuse {
    /// The finding's key: a uuid.
    #[column(key, len = 36, default = uuid)]
    pub id: String,
    /// SHA-256 of the secret: 64 lower-case hex digits.
    #[column(exact, index, len = 64)]
    pub secret_sha256: String,
    /// How the secret was shown, as in `credentials`.
    #[column(exact, index, len = 32)]
    pub secret_kind: String,
    /// The user name of the first sighting; null when there was none.
    #[column(len = 256)]
    pub principal: Option<String>,
    /// The principal, or an empty text where it is null: the unique key compares this one.
    #[column(exact, len = 256)]
    pub principal_key: String,
    /// Who used it: a JSON list of text.
    #[column(exact, long, default = "[]", spaced = list)]
    pub attacker_uuids: JsonOrText,
    /// From which addresses: a JSON list of text.
    #[column(exact, long, default = "[]", spaced = list)]
    pub attacker_ips: JsonOrText,
    /// On which deckies: a JSON list of text.
    #[column(exact, long, default = "[]", spaced = list)]
    pub deckies: JsonOrText,
    /// On which services: a JSON list of text.
    #[column(exact, long, default = "[]", spaced = list)]
    pub services: JsonOrText,
    /// How many pairs of decky and service it was tried on.
    #[column(index, default = 0)]
    pub target_count: i64,
    /// How many attempts were reported.
    #[column(default = 0)]
    pub attempt_count: i64,
    /// How sure the finding is; always 1.
    pub confidence: f64,
    /// When it was first tried.
    #[column(index, default = now)]
    pub first_seen: Timestamp,
    /// When it was last tried.
    #[column(index, default = now)]
    pub last_seen: Timestamp,
    /// When the row was last written.
    #[column(index, default = now)]
    pub updated_at: Timestamp,
}

/// Which credentials: all conditions must hold, an absent or empty one always does.
#[derive(Debug, Clone, Default, PartialEq, Eq, Arguments)]
#[non_exhaustive]
pub struct CredentialFilter {
    /// A text that decky, service, principal or readable secret contains, literally.
    pub search: Option<String>,
    /// Exactly this service.
    pub service: Option<String>,
    /// Exactly this source.
    pub attacker_ip: Option<String>,
}

impl CredentialFilter {
    /// All credentials.
    pub fn all() -> Self {
        Self::default()
    }
}

/// Where a page of credentials by id ended.
pub type CredentialCursor = Cursor<Credential>;

/// A page of credentials.
pub type CredentialQuery = Query<CredentialFilter>;

/// A finding after a sighting was added.
///
/// The lists stay JSON text when it serialises.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct UpsertedCredentialReuse {
    /// The finding.
    #[serde(flatten, serialize_with = "with_lists_as_text")]
    pub reuse: CredentialReuse,
    /// Whether it is new.
    pub inserted: bool,
    /// Whether one of its lists grew.
    pub changed: bool,
}

/// A secret that was tried in several places, before it is a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CredentialReuseCandidate {
    /// SHA-256 of the secret.
    pub secret_sha256: String,
    /// How the secret was shown.
    pub secret_kind: String,
    /// The principal of the first of its credentials.
    pub principal: Option<String>,
    /// How many pairs of decky and service it was tried on.
    pub target_count: u64,
    /// Its credentials, by id. `fields` stays text when they serialise.
    #[serde(serialize_with = "with_fields_as_text", deserialize_with = "with_fields_of_text")]
    pub credentials: Vec<Credential>,
}

/// A finding with its secret.
#[derive(Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ListedCredentialReuse {
    /// The finding; a list that is no JSON is empty.
    #[serde(flatten)]
    pub reuse: CredentialReuse,
    /// The secret as readable text, of the first credential that has it; null when there is none any more.
    pub secret_printable: Option<String>,
    /// The secret in base64, likewise.
    pub secret_b64: Option<String>,
}

fn with_lists_as_text<S: Serializer>(
    reuse: &CredentialReuse,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    let mut shown = reuse.clone();
    for list in [&mut shown.attacker_uuids, &mut shown.attacker_ips, &mut shown.deckies, &mut shown.services]
    {
        *list = as_text(list)?;
    }
    shown.serialize(serializer)
}

fn with_fields_as_text<S: Serializer>(
    credentials: &[Credential],
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    let as_shown = |credential: &Credential| {
        Ok(Credential { fields: as_text(&credential.fields)?, ..credential.clone() })
    };
    let shown = credentials.iter().map(as_shown).collect::<std::result::Result<Vec<_>, S::Error>>()?;
    shown.serialize(serializer)
}

impl<'de> Deserialize<'de> for UpsertedCredentialReuse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Beside {
            inserted: bool,
            changed: bool,
        }
        let json = Json::deserialize(deserializer)?;
        let mut reuse: CredentialReuse = json.decode().map_err(D::Error::custom)?;
        for list in
            [&mut reuse.attacker_uuids, &mut reuse.attacker_ips, &mut reuse.deckies, &mut reuse.services]
        {
            of_text(list);
        }
        let Beside { inserted, changed } = json.decode().map_err(D::Error::custom)?;
        Ok(Self { reuse, inserted, changed })
    }
}

fn with_fields_of_text<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> std::result::Result<Vec<Credential>, D::Error> {
    let mut credentials = Vec::<Credential>::deserialize(deserializer)?;
    credentials.iter_mut().for_each(|credential| of_text(&mut credential.fields));
    Ok(credentials)
}

/// Undoes [`as_text`].
fn of_text(shown: &mut JsonOrText) {
    if let Some(text) = shown.json().and_then(|json| json.decode::<String>().ok()) {
        *shown = text.into();
    }
}

/// What serialises as the text itself, whatever it spells.
fn as_text<E: serde::ser::Error>(text: &JsonOrText) -> std::result::Result<JsonOrText, E> {
    Json::of(text.text()).map(|quoted| JsonOrText::from(quoted.as_str())).map_err(E::custom)
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
    ListedCredentialReuse { reuse }
}

deserialize_flattened! {
    ListedCredentialReuse { reuse, secret_printable: Option<String>, secret_b64: Option<String> }
}
