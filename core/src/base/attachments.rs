//! Mail attachments, once per content.

use super::SqlRepository;
use super::support::{check_as, in_rounds};
use crate::contract::{Engine, ObservedAttachment};
use crate::error::Result;
use crate::json::Json;
use crate::sql::{Changeset, Expect, Sql, Unit};
use crate::time::Timestamp;

/// A mail with an attachment, as [`upsert_observed_attachment`] gets it.
///
/// [`upsert_observed_attachment`]: crate::contract::Observations::upsert_observed_attachment
pub(super) struct Seen<'a> {
    pub(super) sha256: &'a str,
    pub(super) decky: Option<&'a str>,
    pub(super) attacker: Option<&'a str>,
    pub(super) extension: Option<&'a str>,
    pub(super) subject: Option<&'a str>,
    pub(super) verdict: Option<bool>,
    pub(super) provider: Option<&'a str>,
}

/// Counts it; the uuid of the attachment's row.
pub(super) async fn count(repository: &SqlRepository, seen: Seen<'_>) -> Result<String> {
    let sha256 = seen.sha256.to_lowercase();
    let extension = seen.extension.filter(|extension| !extension.is_empty()).map(str::to_lowercase);
    let attacker = seen.attacker.filter(|attacker| !attacker.is_empty());
    let now = Timestamp::now();
    check_as("sha256", ObservedAttachment::SHA256, sha256.as_str())?;
    check_as("decky_uuid", ObservedAttachment::FIRST_SEEN_DECKY_UUID, seen.decky)?;
    check_as("attacker_uuid", ObservedAttachment::LAST_SEEN_ATTACKER_UUID, attacker)?;
    check_as("mal_hash_match_provider", ObservedAttachment::MAL_HASH_MATCH_PROVIDER, seen.provider)?;
    let (seen, sha256, extension) = (&seen, sha256.as_str(), extension.as_deref());
    in_rounds("this attachment", || async move {
        let present = repository.by::<ObservedAttachment, _>(ObservedAttachment::SHA256, sha256).await?;
        let mut unit = Unit::new();
        let uuid = match present {
            None => {
                let uuid = uuid::Uuid::new_v4().to_string();
                let row = Changeset::<ObservedAttachment>::new()
                    .set(ObservedAttachment::UUID, uuid.as_str())
                    .set(ObservedAttachment::SHA256, sha256)
                    .set(ObservedAttachment::FIRST_SEEN, now)
                    .set(ObservedAttachment::LAST_SEEN, now)
                    .set(ObservedAttachment::FIRST_SEEN_DECKY_UUID, seen.decky)
                    .set(ObservedAttachment::FIRST_SEEN_ATTACKER_UUID, attacker)
                    .set(ObservedAttachment::LAST_SEEN_ATTACKER_UUID, attacker)
                    .set(ObservedAttachment::EXTENSIONS, appended("[]", extension)?)
                    .set(ObservedAttachment::FIRST_SUBJECT, seen.subject)
                    .set(ObservedAttachment::MAL_HASH_MATCH, seen.verdict)
                    .set(ObservedAttachment::MAL_HASH_MATCH_PROVIDER, seen.verdict.and(seen.provider))
                    .set(ObservedAttachment::MAL_HASH_MATCH_AT, seen.verdict.map(|_| now));
                unit.insert(row.insert()?);
                uuid
            }
            Some(present) => {
                if let Some(found) = seen.verdict {
                    unit.execute(verdict(repository, &present.uuid, found, seen.provider, now).finish()?);
                }
                let mut sql = repository.sql();
                sql.update::<ObservedAttachment>().set(ObservedAttachment::LAST_SEEN, now);
                if let Some(attacker) = attacker {
                    sql.set(ObservedAttachment::LAST_SEEN_ATTACKER_UUID, attacker);
                }
                let longer = appended(present.extensions.text(), extension)?;
                let grows = longer != present.extensions.text();
                if grows {
                    sql.set(ObservedAttachment::EXTENSIONS, longer);
                }
                sql.assign(ObservedAttachment::OBSERVATION_COUNT).push("observation_count + 1");
                sql.only(ObservedAttachment::UUID, present.uuid.as_str());
                if grows {
                    // Each writer counts, so nobody has written since the list was read.
                    sql.only(ObservedAttachment::OBSERVATION_COUNT, present.observation_count);
                }
                unit.expect(sql.finish()?, Expect::one_row(""));
                present.uuid
            }
        };
        // When somebody was faster, the row is there now, has another list, or is gone.
        repository.commit(unit).await?;
        Ok(Some(uuid))
    })
    .await
}

/// The update of the verdict, which happens from unknown, and from false to true.
fn verdict<'r>(
    repository: &'r SqlRepository,
    uuid: &str,
    found: bool,
    provider: Option<&str>,
    now: Timestamp,
) -> Sql<'r> {
    let mut sql = repository.sql();
    sql.update::<ObservedAttachment>().set(ObservedAttachment::MAL_HASH_MATCH, found);
    sql.set(ObservedAttachment::MAL_HASH_MATCH_PROVIDER, provider)
        .set(ObservedAttachment::MAL_HASH_MATCH_AT, now);
    sql.only(ObservedAttachment::UUID, uuid).and().push("(mal_hash_match IS NULL");
    if found {
        sql.push(" OR mal_hash_match = ").bind(false);
    }
    sql.push(")");
    sql
}

/// The list with the extension at its end, unless it has it; text that is no list of text counts as empty.
fn appended(list: &str, extension: Option<&str>) -> Result<String> {
    let Some(extension) = extension else { return Ok(list.to_owned()) };
    let mut extensions: Vec<Json> = Json::parse(list).and_then(|list| list.decode()).unwrap_or_default();
    let extension = Json::of(extension)?;
    if extensions.contains(&extension) {
        return Ok(list.to_owned());
    }
    extensions.push(extension);
    Json::of(&extensions)?.spaced()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extension_is_appended_once() {
        let after = |list, extension| appended(list, extension).unwrap();
        assert_eq!(after("[]", None), "[]");
        assert_eq!(after("[]", Some(".docx")), r#"[".docx"]"#);
        assert_eq!(after(r#"[".docx"]"#, Some("é")), r#"[".docx", "\u00e9"]"#);
        assert_eq!(after(r#"["\u00e9"]"#, Some("é")), r#"["\u00e9"]"#);
        assert_eq!(after("nope", Some("exe")), r#"["exe"]"#);
    }
}
