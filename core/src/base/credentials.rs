//! Captured credentials, and secrets that turn up in several places.

use async_trait::async_trait;

use super::SqlRepository;
use super::support::{RETRIES, broken, busy, entries, list_text};
use crate::contract::unit::{UnitOfWork, count};
use crate::contract::{
    Credential, CredentialCursor, CredentialFilter, CredentialQuery, CredentialReuse,
    CredentialReuseCandidate, Credentials, Engine, ListedCredentialReuse, Page, UpsertedCredentialReuse,
};
use crate::error::{Error, ErrorKind, Result};
use crate::json::{Json, JsonOrText};
use crate::sql::{Changeset, Column, Expect, Receipt, Record, Sql, Unit, Value};
use crate::time::Timestamp;

/// The columns that a search looks into.
const SEARCHED: [&Column; 4] = [
    Credential::DECKY_NAME.column(),
    Credential::SERVICE.column(),
    Credential::PRINCIPAL.column(),
    Credential::SECRET_PRINTABLE.column(),
];

/// What makes two attempts attempts of one credential.
const KEY: [&Column; 6] = [
    Credential::ATTACKER_IP.column(),
    Credential::DECKY_NAME.column(),
    Credential::SERVICE.column(),
    Credential::SECRET_KIND.column(),
    Credential::SECRET_SHA256.column(),
    Credential::PRINCIPAL_KEY.column(),
];

/// What a read has beside what an attempt gives.
const NOT_GIVEN: [&Column; 6] = [
    Credential::ID.column(),
    Credential::ATTACKER_UUID.column(),
    Credential::PRINCIPAL_KEY.column(),
    Credential::FIRST_SEEN.column(),
    Credential::LAST_SEEN.column(),
    Credential::ATTEMPT_COUNT.column(),
];

#[async_trait]
impl Credentials for SqlRepository {
    async fn get_credentials(&self, query: CredentialQuery) -> Result<Vec<Credential>> {
        self.list(|sql| last_first(matching(sql, &query.filter)).part(query.limit, query.offset)).await
    }

    async fn get_total_credentials(&self, filter: CredentialFilter) -> Result<u64> {
        self.count::<Credential>(|sql| matching(sql, &filter)).await
    }

    async fn get_credentials_for_attacker(&self, attacker_ip: &str) -> Result<Vec<Credential>> {
        self.list(|sql| last_first(sql.only(Credential::ATTACKER_IP, attacker_ip))).await
    }

    async fn get_credential_attempts_for_secret(&self, secret_sha256: &str) -> Result<Vec<Credential>> {
        self.list(|sql| last_first(sql.only(Credential::SECRET_SHA256, secret_sha256))).await
    }

    async fn get_credentials_page(
        &self,
        attacker_ip: Option<&str>,
        secret_sha256: Option<&str>,
        limit: u64,
        after: Option<CredentialCursor>,
    ) -> Result<Page<Credential, CredentialCursor>> {
        self.page_by_key(
            Credential::ID,
            |found: &Credential| found.id,
            limit,
            after,
            |sql| {
                sql.only_given(Credential::ATTACKER_IP, attacker_ip)
                    .only_given(Credential::SECRET_SHA256, secret_sha256)
            },
        )
        .await
    }

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
        ts: Option<Timestamp>,
    ) -> Result<UpsertedCredentialReuse> {
        let secret = Secret { secret_sha256, secret_kind, principal_key: principal.unwrap_or_default() };
        let seen = ts.unwrap_or_else(Timestamp::now);
        let row = Changeset::<CredentialReuse>::new()
            .set(CredentialReuse::SECRET_SHA256, secret_sha256)
            .set(CredentialReuse::SECRET_KIND, secret_kind)
            .set(CredentialReuse::PRINCIPAL, principal)
            .set(CredentialReuse::PRINCIPAL_KEY, secret.principal_key)
            .set(CredentialReuse::CONFIDENCE, 1.0)
            .check()?;
        let attacker_uuid = attacker_uuid.filter(|uuid| !uuid.is_empty());
        let mut refused = None;
        for _ in 0..RETRIES {
            let stored: Option<CredentialReuse> = self.first(|sql| secret.of_finding(sql)).await?;
            if let (None, Some(error)) = (&stored, refused.take()) {
                // It is not there, and can't be made: the collation of a table of DECNET's takes another one for it.
                return Err(error);
            }
            let (mut changes, mut unit) = (Changeset::new(), Unit::new());
            for ((list, of), value) in
                LISTS.into_iter().zip([attacker_uuid, Some(attacker_ip), Some(decky), Some(service)])
            {
                if let Some(longer) = appended(stored.as_ref().map(|stored| of(stored).text()), value)? {
                    changes = changes.set(list, longer);
                }
            }
            let (inserted, changed) = (stored.is_none(), stored.is_none() || !changes.is_empty());
            let attempts = stored.as_ref().map_or(0, |stored| stored.attempt_count);
            let changes = changes
                .set(CredentialReuse::ATTEMPT_COUNT, attempts.saturating_add(attempt_count))
                .set(CredentialReuse::LAST_SEEN, seen)
                .set(CredentialReuse::UPDATED_AT, seen);
            let targets = stored.as_ref().map_or(1, |stored| stored.target_count.max(1));
            match stored {
                None => {
                    let new = row.clone().set(CredentialReuse::FIRST_SEEN, seen);
                    let new =
                        changes.into_iter().fold(new, |new, (column, value)| new.set_column(column, value));
                    unit.insert(new.set(CredentialReuse::TARGET_COUNT, 1).insert()?);
                }
                Some(stored) => {
                    // Only as it was read, so that no other writer's sighting is lost.
                    let mut sql = self.sql();
                    sql.update::<CredentialReuse>()
                        .set_all(changes)
                        .only(CredentialReuse::ID, stored.id.as_str());
                    for (list, of) in LISTS {
                        sql.only(list, of(&stored).text());
                    }
                    sql.only(CredentialReuse::ATTEMPT_COUNT, stored.attempt_count);
                    sql.only(CredentialReuse::TARGET_COUNT, stored.target_count);
                    unit.expect(sql.finish()?, Expect::one_row(""));
                }
            }
            let mut sql = self.sql();
            sql.update::<CredentialReuse>().assign(CredentialReuse::TARGET_COUNT).subquery(|sql| {
                sql.push("SELECT MAX(targets) FROM (SELECT ")
                    .bind_into(CredentialReuse::TARGET_COUNT, targets);
                sql.push(" AS targets UNION ALL SELECT COUNT(*) FROM ").subquery(|sql| {
                    secret
                        .of_credentials(sql.push("SELECT DISTINCT decky_name, service").from::<Credential>())
                });
                sql.push(" AS pairs) AS counts")
            });
            unit.execute({
                secret.of_finding(&mut sql);
                sql.finish()?
            });
            let mut sql = self.select::<CredentialReuse>();
            secret.of_finding(&mut sql);
            let find = unit.query(sql.finish()?);
            match self.commit(unit).await {
                Ok(mut receipt) => {
                    let reuse = receipt
                        .rows(find)
                        .first()?
                        .ok_or_else(|| broken("a row that was written is gone"))?;
                    return Ok(UpsertedCredentialReuse { reuse, inserted, changed });
                }
                Err(error) if error.kind() == ErrorKind::Conflict => refused = inserted.then_some(error),
                Err(error) => return Err(error),
            }
        }
        Err(busy("the finding of this secret"))
    }

    async fn find_credential_reuse_candidates(
        &self,
        min_targets: i64,
    ) -> Result<Vec<CredentialReuseCandidate>> {
        let mut sql = self.sql();
        sql.push("SELECT g.secret_sha256, g.secret_kind, g.principal_key, g.targets, ");
        sql.columns_of("c", Credential::TABLE)
            .push(" FROM (SELECT secret_sha256, secret_kind, principal_key, ");
        sql.push("COUNT(*) AS targets FROM (SELECT DISTINCT secret_sha256, secret_kind, principal_key, decky_name, ");
        sql.push("service FROM credentials) AS pairs GROUP BY secret_sha256, secret_kind, principal_key ");
        sql.push("HAVING COUNT(*) >= ").bind(min_targets).push(") AS g JOIN credentials c ");
        sql.push("ON c.secret_sha256 = g.secret_sha256 AND c.secret_kind = g.secret_kind ");
        sql.push("AND c.principal_key = g.principal_key ");
        sql.push("ORDER BY g.secret_sha256, g.secret_kind, g.principal_key, c.id");
        let rows = self.read(sql).await?.decode(|row| {
            let group = (row.value("secret_sha256")?, row.value("secret_kind")?, row.value("principal_key")?);
            Ok((group, row.value("targets")?, Credential::decode(row)?))
        })?;
        let mut candidates: Vec<CredentialReuseCandidate> = Vec::new();
        let mut last: Option<(String, String, String)> = None;
        for (group, target_count, credential) in rows {
            match candidates.last_mut().filter(|_| last.as_ref() == Some(&group)) {
                Some(candidate) => candidate.credentials.push(credential),
                None => candidates.push(CredentialReuseCandidate {
                    secret_sha256: group.0.clone(),
                    secret_kind: group.1.clone(),
                    principal: credential.principal.clone(),
                    target_count,
                    credentials: vec![credential],
                }),
            }
            last = Some(group);
        }
        Ok(candidates)
    }

    async fn list_credential_reuses(
        &self,
        limit: u64,
        offset: u64,
        min_target_count: i64,
        secret_kind: Option<&str>,
    ) -> Result<(u64, Vec<ListedCredentialReuse>)> {
        fn which<'s, 'd>(sql: &'s mut Sql<'d>, least: i64, kind: Option<&str>) -> &'s mut Sql<'d> {
            sql.and().column(CredentialReuse::TARGET_COUNT).push(" >= ").bind(least);
            sql.only_if(CredentialReuse::SECRET_KIND, kind)
        }
        let total = self.count::<CredentialReuse>(|sql| which(sql, min_target_count, secret_kind)).await?;
        let reuses = self.with_secrets(|sql| {
            let sql = which(sql, min_target_count, secret_kind).desc(CredentialReuse::TARGET_COUNT);
            sql.desc(CredentialReuse::LAST_SEEN).desc(CredentialReuse::ID).part(limit, offset)
        });
        Ok((total, reuses.await?))
    }

    async fn get_credential_reuse_by_id(&self, reuse_id: &str) -> Result<Option<ListedCredentialReuse>> {
        let found = self.with_secrets(|sql| sql.only(CredentialReuse::ID, reuse_id)).await?;
        Ok(found.into_iter().next())
    }
}

impl SqlRepository {
    /// The findings that the clauses leave, each with the secret of its first credential.
    async fn with_secrets<'r>(
        &'r self,
        clauses: impl for<'s> FnOnce(&'s mut Sql<'r>) -> &'s mut Sql<'r>,
    ) -> Result<Vec<ListedCredentialReuse>> {
        let mut sql = self.sql();
        sql.push("SELECT ").columns_of("r", CredentialReuse::TABLE);
        sql.push(", c.secret_printable, c.secret_b64 FROM ");
        sql.subquery(|sql| clauses(sql.select(CredentialReuse::TABLE)));
        sql.push(" AS r LEFT JOIN credentials c ON c.id = (SELECT MIN(s.id) FROM credentials s ");
        sql.push("WHERE s.secret_sha256 = r.secret_sha256 AND s.secret_kind = r.secret_kind ");
        sql.push("AND s.principal_key = r.principal_key) ");
        sql.push("ORDER BY r.target_count DESC, r.last_seen DESC, r.id DESC");
        self.read(sql).await?.decode(|row| {
            let mut reuse = CredentialReuse::decode(row)?;
            let CredentialReuse { attacker_uuids, attacker_ips, deckies, services, .. } = &mut reuse;
            for list in [attacker_uuids, attacker_ips, deckies, services] {
                if list.json().is_none() {
                    *list = JsonOrText::from("[]");
                }
            }
            let secret_printable = row.read(Credential::SECRET_PRINTABLE)?;
            Ok(ListedCredentialReuse {
                reuse,
                secret_printable,
                secret_b64: row.read(Credential::SECRET_B64)?,
            })
        })
    }
}

/// Captured credentials: see [`Credentials`].
impl<'r, T> UnitOfWork<'r, T> {
    /// See [`Credentials::upsert_credential`].
    pub fn upsert_credential(self, data: Changeset<Credential>) -> UnitOfWork<'r, i64> {
        /// The count of a row that is made here, until its attempt is counted.
        const NONE_YET: i64 = -1;

        self.returning(|steps| {
            let now = Timestamp::now();
            let mut data = data.without_absent().check()?;
            NOT_GIVEN.iter().for_each(|column| drop(data.remove(*column)));
            if data.text(Credential::SECRET_KIND).is_none_or(str::is_empty) {
                data = data.set(Credential::SECRET_KIND, "plaintext");
            }
            let principal = data.text(Credential::PRINCIPAL).unwrap_or_default().to_owned();
            let row = data
                .set(Credential::PRINCIPAL_KEY, principal)
                .set(Credential::FIRST_SEEN, now)
                .set(Credential::LAST_SEEN, now)
                .set(Credential::ATTEMPT_COUNT, NONE_YET);
            let key: Vec<_> =
                KEY.iter().filter_map(|&column| Some((column, row.get(column)?.clone()))).collect();
            let outcome = row.text(Credential::OUTCOME).map(str::to_owned);
            let insert = row.insert()?;
            fits_the_key(&key)?;
            // Makes the row, or waits for who is making it, so that the attempt is counted in a row that is there.
            steps.execute(|sql| {
                sql.insert_select(&insert).and().push("NOT EXISTS ");
                sql.subquery(|sql| of_key(sql.push("SELECT 1").from::<Credential>(), &key));
                sql.dialect().insert_ignore_tail(sql, Credential::TABLE);
                sql
            })?;
            let other = "another credential is stored, which the table's collation takes for this one";
            steps.expect(Expect::one_row(other), |sql| {
                sql.update::<Credential>().set(Credential::LAST_SEEN, now);
                if let Some(outcome) = outcome {
                    sql.set(Credential::OUTCOME, outcome);
                }
                // What DECNET takes for no count is one attempt.
                sql.assign(Credential::ATTEMPT_COUNT).push("CASE WHEN attempt_count < 0 THEN 1 ");
                sql.push("WHEN attempt_count = 0 THEN 2 ELSE attempt_count + 1 END");
                of_key(sql, &key)
            })?;
            let find = steps.query(|sql| of_key(sql.push("SELECT id").from::<Credential>(), &key))?;
            Ok(move |receipt: &mut Receipt| {
                receipt.rows(find).scalar()?.ok_or_else(|| broken("a row that was written is gone"))
            })
        })
    }

    /// See [`Credentials::update_credential_attacker_uuid`].
    pub fn update_credential_attacker_uuid(
        self,
        attacker_ip: &str,
        attacker_uuid: &str,
    ) -> UnitOfWork<'r, u64> {
        self.returning(|steps| {
            Ok(count(steps.execute(|sql| {
                sql.update::<Credential>()
                    .set(Credential::ATTACKER_UUID, attacker_uuid)
                    .only(Credential::ATTACKER_IP, attacker_ip)
                    .only(Credential::ATTACKER_UUID, Value::Null)
            })?))
        })
    }
}

/// Which secret a finding is about.
struct Secret<'a> {
    secret_sha256: &'a str,
    secret_kind: &'a str,
    principal_key: &'a str,
}

impl Secret<'_> {
    fn of_finding<'s, 'd>(&self, sql: &'s mut Sql<'d>) -> &'s mut Sql<'d> {
        sql.only(CredentialReuse::SECRET_SHA256, self.secret_sha256)
            .only(CredentialReuse::SECRET_KIND, self.secret_kind)
            .only(CredentialReuse::PRINCIPAL_KEY, self.principal_key)
    }

    fn of_credentials<'s, 'd>(&self, sql: &'s mut Sql<'d>) -> &'s mut Sql<'d> {
        sql.only(Credential::SECRET_SHA256, self.secret_sha256)
            .only(Credential::SECRET_KIND, self.secret_kind)
            .only(Credential::PRINCIPAL_KEY, self.principal_key)
    }
}

type List = (crate::sql::Col<CredentialReuse, JsonOrText>, fn(&CredentialReuse) -> &JsonOrText);

/// The lists of a finding.
const LISTS: [List; 4] = [
    (CredentialReuse::ATTACKER_UUIDS, |reuse| &reuse.attacker_uuids),
    (CredentialReuse::ATTACKER_IPS, |reuse| &reuse.attacker_ips),
    (CredentialReuse::DECKIES, |reuse| &reuse.deckies),
    (CredentialReuse::SERVICES, |reuse| &reuse.services),
];

/// The list with the text at its end, or `None` when there is no text, or the list has it.
fn appended(list: Option<&str>, value: Option<&str>) -> Result<Option<String>> {
    let Some(value) = value.map(Json::of).transpose()? else { return Ok(None) };
    let mut entries = entries(list);
    if entries.contains(&value) {
        return Ok(None);
    }
    entries.push(value);
    list_text(&entries).map(Some)
}

/// Refuses what the unique key of MySQL's table cuts off: there, two credentials that differ behind it would be one (ruling
/// R19).
fn fits_the_key(key: &[(&'static Column, Value)]) -> Result<()> {
    let parts = Credential::TABLE.uniques.iter().flat_map(|unique| unique.columns);
    for (part, limit) in parts.filter_map(|part| Some((part, usize::from(part.prefix?)))) {
        let text = key.iter().find(|(column, _)| column.name == part.column).map(|(_, value)| value);
        if let Some(Value::Text(text)) = text
            && text.chars().nth(limit).is_some()
        {
            let reason = format!("{} characters, at most {limit} are stored", text.chars().count());
            return Err(Error::invalid_input(part.column, reason));
        }
    }
    Ok(())
}

fn of_key<'s, 'd>(sql: &'s mut Sql<'d>, key: &[(&'static Column, Value)]) -> &'s mut Sql<'d> {
    key.iter().fold(sql, |sql, (column, value)| sql.only(*column, value.clone()))
}

fn last_first<'s, 'd>(sql: &'s mut Sql<'d>) -> &'s mut Sql<'d> {
    sql.desc(Credential::LAST_SEEN).desc(Credential::ID)
}

/// Adds the conditions of the filter.
fn matching<'s, 'd>(sql: &'s mut Sql<'d>, filter: &CredentialFilter) -> &'s mut Sql<'d> {
    sql.searched(&SEARCHED, filter.search.as_deref())
        .only_if(Credential::SERVICE, filter.service.as_deref())
        .only_if(Credential::ATTACKER_IP, filter.attacker_ip.as_deref())
}
