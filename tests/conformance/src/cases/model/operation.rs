//! What a history consists of, as a failure shows it.

use std::fmt;

/// One write in a unit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step {
    /// So many events of a source with a line, a second apart from this one on.
    AddEvents {
        source: usize,
        line: usize,
        second: i64,
        count: usize,
    },
    AddBounty {
        source: usize,
        kind: usize,
        payload: usize,
        second: i64,
    },
    SetState {
        key: usize,
        value: i64,
    },
    /// All that a new attacker needs.
    UpsertAttacker {
        source: usize,
        second: i64,
        events: i64,
    },
    /// The count of events alone, which a new attacker can't be made of.
    CountEvents {
        source: usize,
        events: i64,
    },
    UpsertCredential {
        source: usize,
        principal: Option<usize>,
        secret: usize,
        outcome: Option<usize>,
    },
    AddTag {
        number: usize,
        source: usize,
        confident: bool,
    },
    CreateUser {
        uuid: usize,
        name: usize,
    },
    SetRole {
        uuid: usize,
        role: usize,
    },
    DeleteUser {
        uuid: usize,
    },
    Purge,
    /// An event whose decky is longer than its column.
    AddTooLong,
}

/// A read whose answer is compared.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Read {
    /// Total, first page and histogram of a search.
    Search {
        search: usize,
    },
    Page {
        offset: usize,
        limit: usize,
    },
    /// All events, by pages of so many.
    PageByPage {
        limit: usize,
    },
    Bounties {
        kind: Option<usize>,
        payload: Option<usize>,
    },
    BountiesOf {
        source: usize,
    },
    CredentialsOf {
        source: usize,
    },
    Attackers {
        active: bool,
    },
    User {
        name: usize,
    },
}

/// What is done next; afterwards everything that is stored is compared with the model.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Operation {
    Unit(Vec<Step>),
    Read(Read),
    /// Closes the repository, and opens it again.
    Reopen,
    /// Begins a unit, drops it where it waits for the `nth` time, closes, and opens again.
    DropUnit {
        steps: Vec<Step>,
        nth: usize,
    },
}

pub(crate) const SOURCES: [&str; 3] = ["203.0.113.1", "203.0.113.2", "2001:db8::1"];
pub(crate) const LINES: [&str; 5] = ["alpha", "beta gamma", "Alpha 100%", "", "gamma_delta"];
pub(crate) const SEARCHES: [&str; 8] =
    ["alpha", "gamma", "%", "_", "service:ssh", "203.0.113.1", "beta gamma", "absent"];
pub(crate) const KINDS: [&str; 2] = ["credential", "fingerprint"];
/// Two are one to whoever folds case, and two to whoever compares spellings but not blanks.
pub(crate) const PAYLOADS: [&str; 4] = [r#"{"a":1}"#, r#"{"A":1}"#, r#"{"a":1} "#, "text"];
/// The first is deleted by a purge.
pub(crate) const KEYS: [&str; 3] = ["attacker_worker_cursor", "Key", "key"];
pub(crate) const PRINCIPALS: [&str; 3] = ["root", "Root", ""];
pub(crate) const SECRETS: [&str; 2] = ["11", "22"];
pub(crate) const OUTCOMES: [&str; 2] = ["success", "failure"];
pub(crate) const USERS: [&str; 3] = ["anna", "Anna", "bob"];
pub(crate) const ROLES: [&str; 2] = ["viewer", "admin"];

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::AddEvents { source, line, second, count } => {
                write!(f, "add {count} events of {} {:?} from second {second}", SOURCES[source], LINES[line])
            }
            Self::AddBounty { source, kind, payload, second } => {
                let (source, kind, payload) = (SOURCES[source], KINDS[kind], PAYLOADS[payload]);
                write!(f, "add bounty of {source} {kind} {payload:?} at second {second}")
            }
            Self::SetState { key, value } => write!(f, "set state {:?} to {value}", KEYS[key]),
            Self::UpsertAttacker { source, second, events } => {
                write!(f, "upsert attacker {} seen at second {second}, {events} events", SOURCES[source])
            }
            Self::CountEvents { source, events } => {
                write!(f, "upsert attacker {}, {events} events", SOURCES[source])
            }
            Self::UpsertCredential { source, principal, secret, outcome } => {
                let (principal, outcome) = (principal.map(|p| PRINCIPALS[p]), outcome.map(|o| OUTCOMES[o]));
                let (source, secret) = (SOURCES[source], SECRETS[secret]);
                write!(
                    f,
                    "upsert credential of {source}, principal {principal:?}, secret {secret}, {outcome:?}"
                )
            }
            Self::AddTag { number, source, confident } => {
                let how = if confident { "" } else { " without confidence" };
                write!(f, "add tag {number} of {}{how}", SOURCES[source])
            }
            Self::CreateUser { uuid, name } => write!(f, "create user {uuid} {:?}", USERS[name]),
            Self::SetRole { uuid, role } => write!(f, "make user {uuid} {}", ROLES[role]),
            Self::DeleteUser { uuid } => write!(f, "delete user {uuid}"),
            Self::Purge => f.write_str("purge"),
            Self::AddTooLong => f.write_str("add an event that is refused"),
        }
    }
}

impl fmt::Display for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Search { search } => write!(f, "search {:?}", SEARCHES[search]),
            Self::Page { offset, limit } => write!(f, "page of {limit} events at {offset}"),
            Self::PageByPage { limit } => write!(f, "all events by pages of {limit}"),
            Self::Bounties { kind, payload } => {
                let (kind, payload) =
                    (kind.map(|kind| KINDS[kind]), payload.map(|payload| PAYLOADS[payload]));
                write!(f, "bounties of type {kind:?} with {payload:?}")
            }
            Self::BountiesOf { source } => write!(f, "bounties of {}", SOURCES[source]),
            Self::CredentialsOf { source } => write!(f, "credentials of {}", SOURCES[source]),
            Self::Attackers { active } => {
                write!(f, "attackers, {} first", if active { "most active" } else { "latest" })
            }
            Self::User { name } => write!(f, "user {:?}", USERS[name]),
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |steps: &[Step]| {
            let steps: Vec<String> = steps.iter().map(Step::to_string).collect();
            if steps.is_empty() { "nothing".to_owned() } else { steps.join("; ") }
        };
        match self {
            Self::Unit(steps) => write!(f, "unit: {}", list(steps)),
            Self::Read(read) => write!(f, "read: {read}"),
            Self::Reopen => f.write_str("close and open again"),
            Self::DropUnit { steps, nth } => {
                write!(f, "unit that is dropped at its await point {nth}: {}", list(steps))
            }
        }
    }
}
