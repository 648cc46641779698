//! Tags on their way into the database: what is checked before, and what a refusal means.

use std::collections::BTreeSet;

use super::SqlRepository;
use crate::contract::{Attacker, AttackerIdentity, NewTag, TtpTag};
use crate::error::{Error, Result};
use crate::json::Json;
use crate::sql::{Col, Insertable, JsonForm, JsonShape, JsonText, Record, Value};

/// What is less sure is dropped (contract document 86 §3).
const LEAST_CONFIDENCE: f64 = 0.3;

/// A tag that was checked.
pub(super) struct Prepared {
    /// Its place among the rows that were given.
    position: usize,
    uuid: String,
    attacker: Option<String>,
    identity: Option<String>,
    /// In the order of [`NewTag`]'s columns.
    pub(super) values: Vec<Value>,
}

/// The tags that are sure enough, checked.
///
/// # Errors
/// Invalid input that names row and column.
pub(super) fn prepared(rows: Vec<NewTag>) -> Result<Vec<Prepared>> {
    let sure = |row: &NewTag| row.confidence.is_none_or(|confidence| confidence >= LEAST_CONFIDENCE);
    let rows = rows.into_iter().enumerate().filter(|(_, row)| sure(row));
    rows.map(|(position, row)| prepare(position, row).map_err(|error| error.within(&format!("[{position}]"))))
        .collect()
}

fn prepare(position: usize, mut row: NewTag) -> Result<Prepared> {
    let needed = |name: &str| Error::invalid_input(name, "is needed");
    if row.confidence.is_some_and(|confidence| confidence > 1.0) {
        return Err(Error::invalid_input("confidence", "must not be greater than 1"));
    }
    let (attacker, identity) = (row.attacker_uuid.clone(), row.identity_uuid.clone());
    if attacker.is_none() && identity.is_none() {
        return Err(Error::invalid_input(
            "attacker_uuid",
            "a tag needs an attacker_uuid or an identity_uuid",
        ));
    }
    let text = |value: &Option<String>, name| value.clone().ok_or_else(|| needed(name));
    let uuid = match row.uuid.take().filter(|uuid| !uuid.is_empty()) {
        Some(uuid) => uuid,
        None => TtpTag::uuid_of(
            &text(&row.source_kind, "source_kind")?,
            &text(&row.source_id, "source_id")?,
            &text(&row.rule_id, "rule_id")?,
            row.rule_version.ok_or_else(|| needed("rule_version"))?,
            &text(&row.technique_id, "technique_id")?,
            row.sub_technique_id.as_deref(),
        ),
    };
    row.uuid = Some(uuid.clone());
    let evidence =
        row.evidence.take().filter(|evidence| !evidence.is_null()).ok_or_else(|| needed("evidence"))?;
    let form = JsonText { shape: JsonShape::Map, form: JsonForm::Spaced };
    let evidence = form.write(&evidence).and_then(Json::parse).map_err(|error| error.within("evidence"))?;
    row.evidence = Some(evidence);
    let mut values = Vec::with_capacity(NewTag::COLUMNS.len());
    row.append(&mut values)?;
    Ok(Prepared { position, uuid, attacker, identity, values })
}

impl SqlRepository {
    /// What the first of the tags that are not stored yet and refer to nobody is refused with.
    pub(super) async fn unknown_anchor(&self, tags: &[Prepared]) -> Result<Option<Error>> {
        let stored = self.present(TtpTag::UUID, tags.iter().map(|tag| tag.uuid.as_str())).await?;
        let attackers =
            self.present(Attacker::UUID, tags.iter().filter_map(|tag| tag.attacker.as_deref())).await?;
        let identities = self
            .present(AttackerIdentity::UUID, tags.iter().filter_map(|tag| tag.identity.as_deref()))
            .await?;
        for Prepared { position, uuid, attacker, identity, .. } in tags {
            if stored.contains(uuid) {
                continue;
            }
            let is_unknown = |anchor: &Option<String>, known: &BTreeSet<String>| {
                anchor.as_ref().is_some_and(|anchor| !known.contains(anchor))
            };
            if is_unknown(attacker, &attackers) {
                let message = format!("rows[{position}].attacker_uuid: no attacker has this uuid");
                return Ok(Some(Error::conflict(message)));
            }
            if is_unknown(identity, &identities) {
                let message = format!("rows[{position}].identity_uuid: no identity has this uuid");
                return Ok(Some(Error::conflict(message)));
            }
        }
        Ok(None)
    }

    /// The tags that are not stored yet.
    pub(super) async fn not_stored(&self, tags: Vec<Prepared>) -> Result<Vec<Prepared>> {
        let stored = self.present(TtpTag::UUID, tags.iter().map(|tag| tag.uuid.as_str())).await?;
        Ok(tags.into_iter().filter(|tag| !stored.contains(&tag.uuid)).collect())
    }

    /// The keys that are there.
    async fn present<'k, R: Record>(
        &self,
        column: Col<R, String>,
        keys: impl Iterator<Item = &'k str>,
    ) -> Result<BTreeSet<String>> {
        let keys: BTreeSet<&str> = keys.collect();
        let mut present = BTreeSet::new();
        for keys in self.chunks(column, keys) {
            let mut sql = self.sql();
            sql.push("SELECT ").column(column).from::<R>().only_in(column, keys);
            present.extend(self.read(sql).await?.decode(|row| row.read(column))?);
        }
        Ok(present)
    }
}
