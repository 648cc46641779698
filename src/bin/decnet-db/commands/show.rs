//! `decnet-db show`.

use clap::Subcommand;
use decnet_db::contract::{Attacker, Bounty, Credential};
use decnet_db::reports::{AttackerReport, SessionReport, Timeline, attacker, session};
use decnet_db::time::Timestamp;
use decnet_db::{Error, Repository};

use crate::args::Global;
use crate::connection::{existing, with_open};
use crate::errors::{Failure, one_line};
use crate::event_lines::{EventLines, line_of};
use crate::output::{Align, Output, table};

#[derive(clap::Args)]
pub(crate) struct ShowArgs {
    #[command(subcommand)]
    what: What,

    /// At most so many events, the latest ones
    #[arg(short = 'n', long, value_name = "N", default_value_t = 200, global = true)]
    limit: u32,
}

/// What is shown.
#[derive(Subcommand)]
enum What {
    /// Everything that is known of an address, its events in the order of time
    Attacker {
        /// The address, as events have it
        #[arg(value_name = "IP")]
        ip: String,
    },
    /// The events of a session in the order of time
    Session {
        /// The session's name: `session` (Cowrie), `session_id` or `sid` of the events' fields
        #[arg(value_name = "ID")]
        id: String,
    },
}

pub(crate) async fn run(global: &Global, arguments: &ShowArgs, output: &mut Output) -> Result<(), Failure> {
    let config = existing(global)?;
    let limit = arguments.limit.into();
    with_open(&config, async |repository| {
        let repository: &dyn Repository = &*repository;
        match &arguments.what {
            What::Attacker { ip } => match attacker(repository, ip, limit).await? {
                Some(report) if output.is_json() => output.json(&report),
                Some(report) => output.text(&of_attacker(&report)),
                None => Err(missing("address", ip).or_hint("`decnet-db top attackers` lists addresses")),
            },
            What::Session { id } => match session(repository, id, limit).await? {
                Some(report) if output.is_json() => output.json(&report),
                Some(report) => output.text(&of_session(&report)),
                None => Err(missing("session", id)
                    .or_hint("`decnet-db show attacker IP` shows the sessions of an address")),
            },
        }
    })
    .await
}

fn missing(what: &str, name: &str) -> Failure {
    Error::NotFound(format!("no event has the {what} {name:?}")).into()
}

fn of_session(report: &SessionReport) -> String {
    let SessionReport { id, timeline, recording, .. } = report;
    let mut text = line_of("session", id);
    if let Some(event) = timeline.events.last() {
        text += &line_of("attacker", &event.attacker_ip);
        text += &line_of("decky", &format!("{}, {}", event.decky, event.service));
    }
    text += &of_timeline(timeline);
    if let Some(recording) = recording {
        text += &line_of("recording", &recording.fields);
    }
    text + &events(timeline)
}

fn of_attacker(report: &AttackerReport) -> String {
    let AttackerReport { ip, timeline, profile, credentials, bounties, smtp_targets, .. } = report;
    let mut text = line_of("attacker", ip);
    if let Some(profile) = profile {
        text += &of_profile(profile);
    }
    text += &of_timeline(timeline);
    if !smtp_targets.is_empty() {
        let domains: Vec<String> =
            smtp_targets.iter().map(|target| format!("{} ({})", target.domain, target.count)).collect();
        text += &line_of("mail to", &domains.join(", "));
    }
    text += &of_credentials(credentials);
    text += &of_bounties(bounties);
    text + &events(timeline)
}

fn of_profile(profile: &Attacker) -> String {
    let mut text = String::new();
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            text += &line_of(name, &value);
        }
    };
    add("uuid", Some(profile.uuid.clone()));
    add("identity", profile.identity_id.clone());
    add("country", profile.country_code.clone());
    let network =
        profile.asn.map(|number| format!("AS{number} {}", profile.as_name.as_deref().unwrap_or_default()));
    add("network", network.or_else(|| profile.bgp_prefix.clone()));
    add("name", profile.ptr_record.clone());
    add("path", profile.traversal_path.clone());
    text
}

fn of_timeline(timeline: &Timeline) -> String {
    let time = |time: Option<Timestamp>| time.map_or_else(String::new, |time| time.to_string());
    match timeline.total {
        0 => line_of("events", "none"),
        1 => line_of("events", &format!("1, at {}", time(timeline.first))),
        total => {
            line_of("events", &format!("{total}, from {} to {}", time(timeline.first), time(timeline.last)))
        }
    }
}

fn of_credentials(credentials: &[Credential]) -> String {
    if credentials.is_empty() {
        return String::new();
    }
    let rows: Vec<[String; 4]> = credentials
        .iter()
        .map(|credential| {
            let secret = credential.secret_printable.clone();
            [
                one_line(&credential.service).into_owned(),
                one_line(credential.principal.as_deref().unwrap_or("-")).into_owned(),
                one_line(&secret.unwrap_or_else(|| format!("sha256 {}", credential.secret_sha256)))
                    .into_owned(),
                credential.attempt_count.to_string(),
            ]
        })
        .collect();
    let columns = [
        ("SERVICE", Align::Left),
        ("USER", Align::Left),
        ("SECRET", Align::Left),
        ("ATTEMPTS", Align::Right),
    ];
    format!("\n{}", table(columns, &rows))
}

fn of_bounties(bounties: &[Bounty]) -> String {
    if bounties.is_empty() {
        return String::new();
    }
    let rows: Vec<[String; 4]> = bounties
        .iter()
        .map(|bounty| {
            [
                bounty.timestamp.to_string(),
                one_line(&bounty.bounty_type).into_owned(),
                one_line(&bounty.decky).into_owned(),
                one_line(bounty.payload.text()).into_owned(),
            ]
        })
        .collect();
    let columns = [
        ("AT (UTC)", Align::Left),
        ("BOUNTY", Align::Left),
        ("DECKY", Align::Left),
        ("PAYLOAD", Align::Left),
    ];
    format!("\n{}", table(columns, &rows))
}

/// The events, and how many are not shown.
fn events(timeline: &Timeline) -> String {
    if timeline.events.is_empty() {
        return String::new();
    }
    let lines = EventLines::new();
    let mut text = String::from("\n");
    let hidden = timeline.total.saturating_sub(timeline.events.len() as u64);
    if hidden > 0 {
        text += &format!("… {hidden} earlier events; --limit {} shows all\n", timeline.total);
    }
    text + &timeline.events.iter().map(|event| lines.line(event)).collect::<String>()
}
