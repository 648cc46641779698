//! Sample data: a day of the project's generated capture, moved so that it ends now, and what DECNET's workers would
//! have made of it. All addresses are of the ranges that are reserved for documentation.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use anyhow::{Context, anyhow, ensure};
use decnet_db::Repository;
use decnet_db::capture::Parser;
use decnet_db::contract::{Attacker, FleetDecky, NewBounty, NewLog};
use decnet_db::sql::Changeset;
use decnet_db::time::Timestamp;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

const CAPTURE: &str = include_str!("../../data/sample.jsonl");
/// From one event of [`replay`] to the next.
const PAUSE: Duration = Duration::from_millis(1500);

/// The capture's events, the last of them at `end`.
fn events(end: Timestamp) -> anyhow::Result<Vec<NewLog>> {
    let mut parser = Parser::new(None);
    let mut events = Vec::new();
    for line in CAPTURE.lines() {
        events.extend(parser.parse(line.as_bytes()).map_err(|rejection| anyhow!("{rejection}"))?);
    }
    let last = events.iter().filter_map(|event| event.timestamp).max().context("the capture has events")?;
    let shift = end.as_microseconds() - last.as_microseconds();
    for event in &mut events {
        let moved = event.timestamp.unwrap_or(last).as_microseconds() + shift;
        set_time(event, Timestamp::from_microseconds(moved)?);
    }
    Ok(events)
}

/// The time of the event, and in the line that it came as (RFC 5424: priority, time, and the rest).
fn set_time(event: &mut NewLog, time: Timestamp) {
    event.timestamp = Some(time);
    let mut parts = event.raw_line.splitn(3, ' ');
    if let (Some(priority), Some(_), Some(rest)) = (parts.next(), parts.next(), parts.next()) {
        event.raw_line = format!("{priority} {time} {rest}");
    }
}

/// Fills an empty database, and returns the number of events.
///
/// # Errors
/// When the database has events already; what the repository reports.
pub async fn load(repository: &dyn Repository) -> anyhow::Result<usize> {
    ensure!(
        repository.get_max_log_id().await? == 0,
        "the database has events: sample data goes into an empty one only, such as `--url sqlite:///sample.db`"
    );
    let events = events(Timestamp::now())?;
    let (mut attackers, mut deckies) = (BTreeMap::new(), BTreeMap::new());
    let mut bounties = repository.unit();
    for event in &events {
        let fields: Value = serde_json::from_str(event.fields.text()).unwrap_or_default();
        attackers.entry(event.attacker_ip.clone()).or_insert_with(Profile::default).add(event, &fields);
        let services: &mut BTreeSet<String> = deckies.entry(event.decky.clone()).or_default();
        services.insert(event.service.clone());
        if event.event_type == "login_success" {
            let secret = json!({ "username": fields["username"], "password": fields["password"] });
            let mut bounty = NewBounty::new(&event.decky, &event.service, &event.attacker_ip, "credential");
            bounty.timestamp = event.timestamp;
            bounties = bounties.add_bounty(bounty.payload(secret));
        }
    }
    bounties.commit().await?;
    let count = events.len();
    repository.add_logs(events).await?;
    for (ip, profile) in &attackers {
        let uuid = repository.upsert_attacker(profile.changes(ip)).await?;
        for domain in &profile.domains {
            repository.increment_smtp_target(&uuid, domain).await?;
        }
    }
    for (number, (name, services)) in deckies.into_iter().enumerate() {
        add_decky(repository, number, &name, &services).await?;
    }
    Ok(count)
}

/// What DECNET's profiler notes of an address.
#[derive(Default)]
struct Profile {
    times: BTreeSet<Timestamp>,
    events: i64,
    services: BTreeSet<String>,
    deckies: Vec<String>,
    commands: Vec<Value>,
    credentials: i64,
    domains: BTreeSet<String>,
}

impl Profile {
    fn add(&mut self, event: &NewLog, fields: &Value) {
        self.events += 1;
        self.times.extend(event.timestamp);
        self.services.insert(event.service.clone());
        if !self.deckies.contains(&event.decky) {
            self.deckies.push(event.decky.clone());
        }
        self.credentials += i64::from(event.event_type == "login_success");
        if let Some(command) = fields["command"].as_str() {
            self.commands.push(json!({
                "command_text": command,
                "service": event.service,
                "decky": event.decky,
                "timestamp": event.timestamp,
            }));
        }
        if event.event_type == "rcpt_to"
            && let Some((_, domain)) = fields["address"].as_str().and_then(|address| address.rsplit_once('@'))
        {
            self.domains.insert(domain.trim_end_matches('>').to_lowercase());
        }
    }

    fn changes(&self, ip: &str) -> Changeset<Attacker> {
        let moved = self.deckies.len() > 1;
        let text = |value: Value| value.to_string();
        let count = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
        let now = Timestamp::now();
        Changeset::new()
            .set(Attacker::IP, ip)
            .set(Attacker::FIRST_SEEN, self.times.first().copied().unwrap_or(now))
            .set(Attacker::LAST_SEEN, self.times.last().copied().unwrap_or(now))
            .set(Attacker::EVENT_COUNT, self.events)
            .set(Attacker::SERVICE_COUNT, count(self.services.len()))
            .set(Attacker::DECKY_COUNT, count(self.deckies.len()))
            .set(Attacker::SERVICES, text(json!(self.services)))
            .set(Attacker::DECKIES, text(json!(self.deckies)))
            .set(Attacker::TRAVERSAL_PATH, moved.then(|| self.deckies.join(" → ")))
            .set(Attacker::IS_TRAVERSAL, moved)
            .set(Attacker::CREDENTIAL_COUNT, self.credentials)
            .set(Attacker::BOUNTY_COUNT, self.credentials)
            .set(Attacker::COMMANDS, text(json!(self.commands)))
    }
}

async fn add_decky(
    repository: &dyn Repository,
    number: usize,
    name: &str,
    services: &BTreeSet<String>,
) -> decnet_db::Result<()> {
    let ip = format!("192.0.2.{}", number + 10);
    // One that does not run shows what that looks like.
    let fails = number == 3;
    let decky = Changeset::new()
        .set(FleetDecky::NAME, name)
        .set(FleetDecky::SERVICES, json!(services).to_string())
        .set(FleetDecky::DECKY_IP, ip.as_str())
        .set(FleetDecky::DECKY_CONFIG, json!({"name": name, "ip": ip, "services": services}).to_string())
        .set(FleetDecky::STATE, if fails { "degraded" } else { "running" })
        .set(FleetDecky::LAST_ERROR, fails.then_some("the container for ftp restarts again and again"))
        .set(FleetDecky::LAST_SEEN, Timestamp::now());
    repository.upsert_fleet_decky(decky).await
}

/// Stores the capture's events again, one after the other and each with the time of that moment, until it is told to
/// end: so that there is something to watch.
///
/// # Errors
/// What the repository reports.
pub async fn replay(repository: &dyn Repository, end: CancellationToken) -> anyhow::Result<()> {
    let events = events(Timestamp::now())?;
    for event in events.iter().cycle() {
        tokio::select! {
            () = end.cancelled() => return Ok(()),
            () = tokio::time::sleep(PAUSE) => {}
        }
        let mut event = event.clone();
        set_time(&mut event, Timestamp::now());
        repository.add_log(event).await?;
    }
    Ok(())
}
