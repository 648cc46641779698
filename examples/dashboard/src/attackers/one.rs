//! One attacker, and what it did.

use axum::Json;
use axum::extract::Path;
use decnet_db::contract::{
    Attacker, AttackerBehavior, AttackerIntel, Bounty, LatestObservation, Log, SmtpTarget,
};
use decnet_db::json::Json as StoredJson;
use serde::{Deserialize, Serialize};

use crate::error::{ApiError, ApiResult};
use crate::params::{Limit, Offset, Params, search};
use crate::repo::Repo;

/// How many leaked addresses are shown.
const LEAKS: u64 = 10;
/// Events of somebody who does something with a service; with others it is only looked at. What DECNET 1.0.0 answered
/// for each of 6,000 types.
const INTERACTIONS: [&str; 18] = [
    "command",
    "exec",
    "execute",
    "file_captured",
    "input",
    "ldap_search",
    "mail_from",
    "message_accepted",
    "publish",
    "query",
    "rcpt_to",
    "retr",
    "run",
    "session_recorded",
    "shell_input",
    "sql_query",
    "subscribe",
    "upload",
];
/// Events that say nothing about an attacker.
const NEITHER: [&str; 4] = ["startup", "shutdown", "unknown_command", "unknown_opcode"];

/// What is known of an attacker.
#[derive(Serialize)]
pub(crate) struct Detail {
    #[serde(flatten)]
    attacker: Attacker,
    behavior: Option<AttackerBehavior>,
    service_activity: ServiceActivity,
    ip_leaks: Vec<Bounty>,
    ip_leaks_total: u64,
    observations: Vec<Observed>,
}

/// The services that an attacker did something with, and those that it only looked at.
#[derive(Serialize, Default)]
struct ServiceActivity {
    interacted: Vec<String>,
    scanned: Vec<String>,
}

impl ServiceActivity {
    /// Of pairs of service and event type, ordered by service.
    fn of(pairs: Vec<(String, String)>) -> Self {
        let mut activity = Self::default();
        for pair in pairs.chunk_by(|a, b| a.0 == b.0) {
            let Some((service, _)) = pair.first() else { continue };
            let has = |kinds: &[&str]| pair.iter().any(|(_, kind)| kinds.contains(&kind.as_str()));
            if has(&INTERACTIONS) {
                activity.interacted.push(service.clone());
            } else if pair.iter().any(|(_, kind)| !NEITHER.contains(&kind.as_str())) {
                activity.scanned.push(service.clone());
            }
        }
        activity
    }
}

/// What was observed last of a primitive.
#[derive(Serialize)]
struct Observed {
    primitive: String,
    #[serde(flatten)]
    observation: LatestObservation,
}

/// `GET /attackers/{uuid}`
pub(crate) async fn one(repo: Repo, Path(uuid): Path<String>) -> ApiResult<Json<Detail>> {
    let attacker = known(&repo, &uuid).await?;
    let latest = repo.latest_observation_per_primitive(&uuid).await?;
    Ok(Json(Detail {
        attacker,
        behavior: repo.get_attacker_behavior(&uuid).await?,
        service_activity: ServiceActivity::of(repo.get_attacker_service_activity(&uuid).await?),
        ip_leaks: repo.get_attacker_ip_leaks(&uuid, LEAKS).await?,
        ip_leaks_total: repo.count_attacker_ip_leaks(&uuid).await?,
        observations: latest
            .into_iter()
            .map(|(primitive, observation)| Observed { primitive, observation })
            .collect(),
    }))
}

async fn known(repo: &Repo, uuid: &str) -> ApiResult<Attacker> {
    repo.get_attacker_by_uuid(uuid).await?.ok_or_else(|| ApiError::not_found("attacker"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CommandParams {
    #[serde(default)]
    limit: Limit,
    #[serde(default)]
    offset: Offset,
    #[serde(default, deserialize_with = "search")]
    service: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Commands {
    total: u64,
    limit: Limit,
    offset: Offset,
    data: Vec<StoredJson>,
}

/// `GET /attackers/{uuid}/commands`
pub(crate) async fn commands(
    repo: Repo,
    Path(uuid): Path<String>,
    Params(params): Params<CommandParams>,
) -> ApiResult<Json<Commands>> {
    known(&repo, &uuid).await?;
    let CommandParams { limit, offset, service } = params;
    let page = repo.get_attacker_commands(&uuid, limit.0, offset.0, service.as_deref()).await?;
    Ok(Json(Commands { total: page.total, limit, offset, data: page.data }))
}

/// All there is, and how much that is.
#[derive(Serialize)]
pub(crate) struct Whole<T> {
    total: usize,
    data: Vec<T>,
}

impl<T> From<Vec<T>> for Whole<T> {
    fn from(data: Vec<T>) -> Self {
        Self { total: data.len(), data }
    }
}

/// `GET /attackers/{uuid}/smtp-targets`
pub(crate) async fn smtp_targets(repo: Repo, Path(uuid): Path<String>) -> ApiResult<Json<Whole<SmtpTarget>>> {
    known(&repo, &uuid).await?;
    Ok(Json(repo.list_smtp_targets(&uuid).await?.into()))
}

/// `GET /attackers/{uuid}/artifacts`
pub(crate) async fn artifacts(repo: Repo, Path(uuid): Path<String>) -> ApiResult<Json<Whole<Log>>> {
    known(&repo, &uuid).await?;
    Ok(Json(repo.get_attacker_artifacts(&uuid).await?.into()))
}

/// `GET /attackers/{uuid}/transcripts`
pub(crate) async fn transcripts(repo: Repo, Path(uuid): Path<String>) -> ApiResult<Json<Whole<Log>>> {
    known(&repo, &uuid).await?;
    Ok(Json(repo.get_attacker_transcripts(&uuid).await?.into()))
}

/// `GET /attackers/{uuid}/mail`
pub(crate) async fn mail(repo: Repo, Path(uuid): Path<String>) -> ApiResult<Json<Whole<Log>>> {
    known(&repo, &uuid).await?;
    Ok(Json(repo.get_attacker_stored_mail(&uuid).await?.into()))
}

/// `GET /attackers/{uuid}/intel`
pub(crate) async fn intel(repo: Repo, Path(uuid): Path<String>) -> ApiResult<Json<AttackerIntel>> {
    let found = repo.get_attacker_intel_by_uuid(&uuid).await?;
    found.map(Json).ok_or_else(|| ApiError::not_found("answer of a provider about this attacker"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_interacted_with_scanned_or_neither() {
        let pairs = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(service, kind)| ((*service).to_owned(), (*kind).to_owned())).collect()
        };
        let activity = ServiceActivity::of(pairs(&[
            ("ftp", "connect"),
            ("ftp", "shutdown"),
            ("http", "startup"),
            ("ssh", "command"),
            ("ssh", "login_attempt"),
        ]));
        assert_eq!(activity.interacted, ["ssh"]);
        assert_eq!(activity.scanned, ["ftp"]);
    }
}
