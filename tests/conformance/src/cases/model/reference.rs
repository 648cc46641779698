//! The reference model: what is stored after a history, in plain maps and lists.

use std::collections::BTreeMap;

use decnet_db_core::ErrorKind;

use super::operation::{
    KEYS, KINDS, LINES, OUTCOMES, PAYLOADS, PRINCIPALS, ROLES, SECRETS, SOURCES, Step, USERS,
};

/// The service of events, bounties and credentials.
pub(crate) const SERVICE: &str = "ssh";
/// Their decky.
pub(crate) const DECKY: &str = "d";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) second: i64,
    pub(crate) source: &'static str,
    pub(crate) line: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bounty {
    pub(crate) second: i64,
    pub(crate) source: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) payload: &'static str,
}

/// What is told of an attacker: first and last second, and events.
pub(crate) type Attacker = (i64, i64, i64);
/// What is told of a credential: the principal as it was given first, the outcome, and attempts.
pub(crate) type Credential = (Option<&'static str>, Option<&'static str>, i64);

/// All that is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Model {
    /// In the order of their ids.
    pub(crate) events: Vec<Event>,
    /// In the order of their ids.
    pub(crate) bounties: Vec<Bounty>,
    pub(crate) state: BTreeMap<&'static str, i64>,
    pub(crate) attackers: BTreeMap<&'static str, Attacker>,
    /// By source, secret and principal.
    pub(crate) credentials: BTreeMap<(&'static str, &'static str, &'static str), Credential>,
    /// Their attackers, by the tags' uuids.
    pub(crate) tags: BTreeMap<String, &'static str>,
    /// Names and roles, by uuid.
    pub(crate) users: BTreeMap<String, (&'static str, &'static str)>,
}

impl Model {
    /// What is stored after a unit, or the kind of its error: then what was stored before still is.
    pub(crate) fn after(&self, steps: &[Step]) -> Result<Self, ErrorKind> {
        // An argument is refused before anything is sent.
        if steps.contains(&Step::AddTooLong) {
            return Err(ErrorKind::InvalidInput);
        }
        let mut after = self.clone();
        steps.iter().try_for_each(|step| after.apply(step))?;
        Ok(after)
    }

    fn apply(&mut self, step: &Step) -> Result<(), ErrorKind> {
        match *step {
            Step::AddEvents { source, line, second, count } => {
                let event = |second| Event { second, source: SOURCES[source], line: LINES[line] };
                self.events.extend((second..).take(count).map(event));
            }
            Step::AddBounty { source, kind, payload, second } => {
                let (source, kind, payload) = (SOURCES[source], KINDS[kind], PAYLOADS[payload]);
                let same =
                    |other: &Bounty| (other.source, other.kind, other.payload) == (source, kind, payload);
                if !self.bounties.iter().any(same) {
                    self.bounties.push(Bounty { second, source, kind, payload });
                }
            }
            Step::SetState { key, value } => {
                self.state.insert(KEYS[key], value);
            }
            Step::UpsertAttacker { source, second, events } => {
                self.attackers.insert(SOURCES[source], (second, second + 1, events));
            }
            Step::CountEvents { source, events } => {
                self.attackers.get_mut(SOURCES[source]).ok_or(ErrorKind::Conflict)?.2 = events;
            }
            Step::UpsertCredential { source, principal, secret, outcome } => {
                let principal = principal.map(|principal| PRINCIPALS[principal]);
                let key = (SOURCES[source], SECRETS[secret], principal.unwrap_or_default());
                let credential = self.credentials.entry(key).or_insert((principal, None, 0));
                credential.1 = outcome.map(|outcome| OUTCOMES[outcome]).or(credential.1);
                credential.2 += 1;
            }
            Step::AddTag { number, source, confident } => {
                let uuid = tag_uuid(number);
                if confident && !self.tags.contains_key(&uuid) {
                    if !self.attackers.contains_key(SOURCES[source]) {
                        return Err(ErrorKind::Conflict);
                    }
                    self.tags.insert(uuid, SOURCES[source]);
                }
            }
            Step::CreateUser { uuid, name } => {
                let (uuid, name) = (user_uuid(uuid), USERS[name]);
                if self.users.contains_key(&uuid) || self.users.values().any(|(taken, _)| *taken == name) {
                    return Err(ErrorKind::Conflict);
                }
                self.users.insert(uuid, (name, ROLES[0]));
            }
            Step::SetRole { uuid, role } => {
                if let Some(user) = self.users.get_mut(&user_uuid(uuid)) {
                    user.1 = ROLES[role];
                }
            }
            Step::DeleteUser { uuid } => {
                self.users.remove(&user_uuid(uuid));
            }
            Step::Purge => {
                self.events.clear();
                self.bounties.clear();
                self.credentials.clear();
                self.attackers.clear();
                self.tags.clear();
                self.state.remove(KEYS[0]);
            }
            Step::AddTooLong => return Err(ErrorKind::InvalidInput),
        }
        Ok(())
    }

    /// Events, newest first, ties by the greatest id.
    pub(crate) fn newest_events(&self) -> Vec<&Event> {
        let mut events: Vec<&Event> = self.events.iter().rev().collect();
        events.sort_by_key(|event| std::cmp::Reverse(event.second));
        events
    }

    /// Bounties in that order.
    pub(crate) fn newest_bounties(&self) -> Vec<&Bounty> {
        let mut bounties: Vec<&Bounty> = self.bounties.iter().rev().collect();
        bounties.sort_by_key(|bounty| std::cmp::Reverse(bounty.second));
        bounties
    }
}

impl Event {
    /// Whether one of the searches of the histories finds it.
    pub(crate) fn matches(&self, search: &str) -> bool {
        search.split(' ').all(|word| match word.split_once("service:") {
            Some(("", service)) => service == SERVICE,
            _ => {
                let word = word.to_ascii_lowercase();
                [self.line, DECKY, SERVICE, self.source]
                    .iter()
                    .any(|text| text.to_ascii_lowercase().contains(&word))
            }
        })
    }
}

pub(crate) fn tag_uuid(number: usize) -> String {
    format!("00000000-0000-4000-8000-00000000000{number}")
}

pub(crate) fn user_uuid(number: usize) -> String {
    format!("00000000-0000-4000-8000-0000000000f{number}")
}
