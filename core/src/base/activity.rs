//! What attackers did.

use std::collections::{BTreeMap, HashSet};

use async_trait::async_trait;
use serde_json::value::RawValue;

use super::SqlRepository;
use crate::contract::limits::check_limit;
use crate::contract::{Activity, Attacker, Bounty, CommandPage, Log};
use crate::error::Result;
use crate::json::{Json, JsonOrText};
use crate::sql::Sql;

/// How many events of one kind are shown.
const NEWEST: u64 = 200;

#[async_trait]
impl Activity for SqlRepository {
    async fn get_attacker_commands(
        &self,
        uuid: &str,
        limit: u64,
        offset: u64,
        service: Option<&str>,
    ) -> Result<CommandPage> {
        let limit = check_limit(limit)?;
        let column = commands_of(self, uuid).await?;
        let service = service.filter(|service| !service.is_empty());
        let wanted = objects_of(&column).filter(|(_, command)| {
            service.is_none_or(|service| command.get("service").is_some_and(|value| is_text(value, service)))
        });
        let mut page = CommandPage::default();
        for (text, _) in wanted {
            if page.total >= offset && (page.data.len() as u64) < limit {
                page.data.push(Json::parse(text)?);
            }
            page.total += 1;
        }
        Ok(page)
    }

    async fn list_attacker_commands_deduped(&self, uuid: &str) -> Result<Vec<String>> {
        let column = commands_of(self, uuid).await?;
        let mut seen = HashSet::new();
        Ok(objects_of(&column)
            .filter_map(|(_, command)| {
                ["command_text", "command"]
                    .iter()
                    .find_map(|name| command.get(*name).and_then(|value| shown(value)))
            })
            .filter(|text| seen.insert(text.clone()))
            .collect())
    }

    async fn get_attacker_service_activity(&self, attacker_uuid: &str) -> Result<Vec<(String, String)>> {
        let mut sql = self.sql();
        sql.push("SELECT DISTINCT ").columns([Log::SERVICE.column(), Log::EVENT_TYPE.column()]).from::<Log>();
        of_attacker(&mut sql, attacker_uuid);
        let mut pairs =
            self.read(sql).await?.decode(|row| Ok((row.read(Log::SERVICE)?, row.read(Log::EVENT_TYPE)?)))?;
        // Here, since engines order text by their collations.
        pairs.sort_unstable();
        Ok(pairs)
    }

    async fn get_attacker_artifacts(&self, uuid: &str) -> Result<Vec<Log>> {
        newest(self, uuid, "file_captured").await
    }

    async fn get_attacker_stored_mail(&self, uuid: &str) -> Result<Vec<Log>> {
        newest(self, uuid, "message_stored").await
    }

    async fn get_attacker_transcripts(&self, uuid: &str) -> Result<Vec<Log>> {
        newest(self, uuid, "session_recorded").await
    }

    async fn get_session_log(&self, sid: &str) -> Result<Option<Log>> {
        self.first(|sql| {
            let sql =
                sql.only(Log::EVENT_TYPE, "session_recorded").and().json_member(Log::FIELDS, "sid", sid);
            sql.desc(Log::TIMESTAMP).desc(Log::ID)
        })
        .await
    }

    async fn get_attacker_ip_leaks(&self, attacker_uuid: &str, limit: u64) -> Result<Vec<Bounty>> {
        let mut leaks: Vec<Bounty> = self
            .list(|sql| {
                let sql = of_attacker(sql, attacker_uuid).only(Bounty::BOUNTY_TYPE, "ip_leak");
                sql.desc(Bounty::TIMESTAMP).desc(Bounty::ID).part(limit, 0)
            })
            .await?;
        for leak in leaks.iter_mut().filter(|leak| leak.payload.json().is_none()) {
            leak.payload = JsonOrText::from("{}");
        }
        Ok(leaks)
    }

    async fn count_attacker_ip_leaks(&self, attacker_uuid: &str) -> Result<u64> {
        self.count::<Bounty>(|sql| of_attacker(sql, attacker_uuid).only(Bounty::BOUNTY_TYPE, "ip_leak")).await
    }
}

/// Adds the condition that the row is of the attacker's address.
fn of_attacker<'s, 'd>(sql: &'s mut Sql<'d>, uuid: &str) -> &'s mut Sql<'d> {
    sql.and().push("attacker_ip = ").subquery(|sql| {
        sql.push("SELECT ").column(Attacker::IP).from::<Attacker>().only(Attacker::UUID, uuid)
    })
}

/// The attacker's newest events of a type.
async fn newest(repository: &SqlRepository, uuid: &str, event_type: &'static str) -> Result<Vec<Log>> {
    repository
        .list(|sql| {
            let sql = of_attacker(sql, uuid).only(Log::EVENT_TYPE, event_type);
            sql.desc(Log::TIMESTAMP).desc(Log::ID).page(NEWEST, 0)
        })
        .await
}

/// The text of the column `commands`; empty for an attacker that is not there.
async fn commands_of(repository: &SqlRepository, uuid: &str) -> Result<String> {
    let mut sql = repository.sql();
    sql.push("SELECT ").column(Attacker::COMMANDS).from::<Attacker>().only(Attacker::UUID, uuid);
    Ok(repository.read(sql).await?.scalar()?.unwrap_or_default())
}

/// The objects of the list that the text spells, each with its text; none when it spells something else (ruling R14).
fn objects_of(column: &str) -> impl Iterator<Item = (&str, BTreeMap<String, &RawValue>)> {
    let entries: Vec<&RawValue> = serde_json::from_str(column).unwrap_or_default();
    entries.into_iter().filter_map(|entry| Some((entry.get(), serde_json::from_str(entry.get()).ok()?)))
}

fn is_text(value: &RawValue, text: &str) -> bool {
    serde_json::from_str::<String>(value.get()).is_ok_and(|value| value == text)
}

/// What a command shows; `None` for null and blank text (ruling R16).
fn shown(value: &RawValue) -> Option<String> {
    let text = match serde_json::from_str::<String>(value.get()) {
        Ok(text) => text,
        Err(_) if value.get() == "null" => return None,
        Err(_) => {
            let json = Json::of(value).ok()?;
            json.compact().unwrap_or_else(|_| json.as_str().to_owned())
        }
    };
    let text = text.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_that_are_no_objects_are_skipped_and_what_is_no_list_is_empty() {
        let texts = |column: &'static str| objects_of(column).map(|(text, _)| text).collect::<Vec<_>>();
        assert_eq!(texts(r#"[1, {"a": 1}, null, "x", [], { }]"#), [r#"{"a": 1}"#, "{ }"]);
        for column in ["", "{}", "null", "[1", "[NaN, {}]"] {
            assert!(texts(column).is_empty(), "{column}");
        }
    }

    #[test]
    fn what_is_no_text_is_shown_as_json() {
        let shown = |json: &str| shown(&RawValue::from_string(json.to_owned()).unwrap());
        assert_eq!(shown(r#"" ls\u00a0""#).as_deref(), Some("ls"));
        assert_eq!(shown(r#"{ "a": 1 }"#).as_deref(), Some(r#"{"a":1}"#));
        assert_eq!(shown("0").as_deref(), Some("0"));
        assert_eq!(
            shown("123456789012345678901234567890").as_deref(),
            Some("123456789012345678901234567890")
        );
        for nothing in ["null", r#""""#, r#"" \t""#] {
            assert_eq!(shown(nothing), None, "{nothing}");
        }
    }
}
