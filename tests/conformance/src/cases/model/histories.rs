//! Histories on a database.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use decnet_db_core::Result;
use decnet_db_core::contract::{
    Attacker, Credential, NewBounty, NewLog, NewTag, NewUser, Repository, UnitOfWork,
};
use decnet_db_core::sql::Changeset;
use decnet_db_core::transfer::{ResetMode, reset};
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use proptest_state_machine::ReferenceStateMachine;

use super::operation::{
    KEYS, KINDS, LINES, OUTCOMES, Operation, PAYLOADS, PRINCIPALS, ROLES, SECRETS, SOURCES, Step, USERS,
};
use super::reads::{differs, unequal};
use super::reference::{DECKY, Model, SERVICE, tag_uuid, user_uuid};
use super::stored::{sha256, stored, time};
use super::strategies::Histories;
use crate::cases::cancellation::every_method::dropped_at;
use crate::database::Database;

/// How many histories a run tries, unless `DECNET_MODEL_CASES` says so.
const CASES: u32 = 40;
/// The longest history.
const LONGEST: usize = 30;
/// Which histories, unless `DECNET_MODEL_SEED` says so.
const SEED: u32 = 1;

fn setting(name: &str, otherwise: u32) -> u32 {
    std::env::var(name).map_or(otherwise, |text| text.parse().expect("a number"))
}

pub(crate) async fn every_history_ends_as_the_model(db: Database) {
    let uuids = attackers_uuids(&*db).await.expect("attackers are stored");
    let (cases, seed) = (setting("DECNET_MODEL_CASES", CASES), setting("DECNET_MODEL_SEED", SEED));
    let config = Config { cases, failure_persistence: None, max_shrink_time: 120_000, ..Config::default() };
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&seed.to_le_bytes());
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(config, random);
    let histories = Histories::sequential_strategy(1..LONGEST);
    let outcome = runner.run(&histories, |(_, operations, seen)| {
        let history = run(&db, &uuids, &operations, seen.as_deref());
        tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(history))
            .map_err(TestCaseError::fail)
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(reason, (_, operations, _))) => {
            let lines =
                operations.iter().zip(1..).map(|(operation, number)| format!("  {number}. {operation}\n"));
            let history: String = lines.collect();
            panic!("a history of {} (DECNET_MODEL_SEED={seed}):\n{history}{reason}", operations.len());
        }
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}

/// The uuids that attackers get, which their addresses make.
async fn attackers_uuids(db: &dyn Repository) -> Result<BTreeMap<String, &'static str>> {
    let mut uuids = BTreeMap::new();
    for source in SOURCES {
        uuids.insert(db.upsert_attacker(upsert(source, Some(0), 0)).await?, source);
    }
    Ok(uuids)
}

/// Does what the history says in an opening of its own; an error says after which operation what was wrong.
async fn run(
    db: &Database,
    uuids: &BTreeMap<String, &'static str>,
    operations: &[Operation],
    seen: Option<&AtomicUsize>,
) -> std::result::Result<(), String> {
    let mut repository = db.open_again().await;
    let outcome = agree(db, &mut repository, uuids, operations, seen).await;
    repository.close().await;
    outcome
}

async fn agree(
    db: &Database,
    repository: &mut Arc<dyn Repository>,
    uuids: &BTreeMap<String, &'static str>,
    operations: &[Operation],
    seen: Option<&AtomicUsize>,
) -> std::result::Result<(), String> {
    let emptied = reset(&**repository, ResetMode::Truncate).await;
    emptied.map_err(|error| format!("the database can't be emptied: {error}"))?;
    let mut model = Model::default();
    for (operation, number) in operations.iter().zip(1..) {
        // What was never come to is left out first when the history is made shorter.
        if let Some(seen) = seen {
            seen.fetch_add(1, Ordering::SeqCst);
        }
        let wrong = |what: String| format!("operation {number}: {what}");
        let mut candidates = vec![model.clone()];
        match operation {
            Operation::Unit(steps) => {
                let committed = unit(&**repository, uuids, steps).commit().await;
                let committed = committed.map_err(|error| error.kind());
                let expected = model.after(steps);
                let is_expected = committed == expected.as_ref().map(|_| ()).map_err(|kind| *kind);
                if !is_expected {
                    let expected = expected.map(|_| ());
                    return Err(wrong(format!("the answer is {committed:?}, and the model's {expected:?}")));
                }
                candidates = vec![expected.unwrap_or(model)];
            }
            Operation::Read(read) => {
                let differs = differs(&**repository, &model, read).await;
                if let Some(difference) = differs.map_err(|error| wrong(error.to_string()))? {
                    return Err(wrong(difference));
                }
            }
            Operation::Reopen => {
                repository.close().await;
                *repository = db.open_again().await;
            }
            Operation::DropUnit { steps, nth } => {
                let ended = dropped_at(*nth, unit(&**repository, uuids, steps).commit()).await;
                // Closing finishes what is under way.
                repository.close().await;
                *repository = db.open_again().await;
                match (ended, model.after(steps)) {
                    (Some(Ok(())), Ok(after)) => candidates = vec![after],
                    // It may have happened.
                    (None, Ok(after)) => candidates.push(after),
                    (Some(Err(error)), Err(kind)) if error.kind() == kind => {}
                    (None, Err(_)) => {}
                    (ended, _) => return Err(wrong(format!("the answer is {ended:?}"))),
                }
            }
        }
        let found = stored(&**repository, uuids).await.map_err(|error| wrong(error.to_string()))?;
        model = match candidates.iter().find(|candidate| **candidate == found) {
            Some(candidate) => candidate.clone(),
            None => return Err(wrong(difference(&found, &candidates))),
        };
    }
    Ok(())
}

/// The domains in which what is stored differs from the last of the candidates.
fn difference(found: &Model, candidates: &[Model]) -> String {
    let Some(expected) = candidates.last() else { return String::new() };
    let differences = [
        unequal("events", &found.events, &expected.events),
        unequal("bounties", &found.bounties, &expected.bounties),
        unequal("state", &found.state, &expected.state),
        unequal("attackers", &found.attackers, &expected.attackers),
        unequal("credentials", &found.credentials, &expected.credentials),
        unequal("tags", &found.tags, &expected.tags),
        unequal("users", &found.users, &expected.users),
    ];
    differences.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

/// The writes as one unit.
fn unit<'r>(
    db: &'r dyn Repository,
    uuids: &BTreeMap<String, &'static str>,
    steps: &[Step],
) -> UnitOfWork<'r> {
    // What answers something is followed by nothing, which answers nothing.
    steps.iter().fold(db.unit().add_logs(Vec::new()), |unit, step| match *step {
        Step::AddEvents { source, line, second, count } => {
            let event = |second| log(SOURCES[source], LINES[line]).timestamp(time(second));
            unit.add_logs((second..).take(count).map(event).collect())
        }
        Step::AddBounty { source, kind, payload, second } => {
            let bounty = NewBounty::new(DECKY, SERVICE, SOURCES[source], KINDS[kind]);
            unit.add_bounty(bounty.payload(PAYLOADS[payload]).timestamp(time(second)))
        }
        Step::SetState { key, value } => unit.set_state(KEYS[key], serde_json::json!(value)),
        Step::UpsertAttacker { source, second, events } => {
            unit.upsert_attacker(upsert(SOURCES[source], Some(second), events))
        }
        Step::CountEvents { source, events } => unit.upsert_attacker(upsert(SOURCES[source], None, events)),
        Step::UpsertCredential { source, principal, secret, outcome } => {
            let mut data = Changeset::new()
                .set(Credential::ATTACKER_IP, SOURCES[source])
                .set(Credential::DECKY_NAME, DECKY)
                .set(Credential::SERVICE, SERVICE)
                .set(Credential::SECRET_SHA256, sha256(SECRETS[secret]));
            if let Some(principal) = principal {
                data = data.set(Credential::PRINCIPAL, PRINCIPALS[principal]);
            }
            if let Some(outcome) = outcome {
                data = data.set(Credential::OUTCOME, OUTCOMES[outcome]);
            }
            unit.upsert_credential(data).add_logs(Vec::new())
        }
        Step::AddTag { number, source, confident } => {
            let of =
                uuids.iter().find(|(_, known)| **known == SOURCES[source]).map(|(uuid, _)| uuid.as_str());
            unit.insert_tags(vec![tag(number, of.unwrap_or_default(), confident)]).add_logs(Vec::new())
        }
        Step::CreateUser { uuid, name } => {
            unit.create_user(NewUser::new(user_uuid(uuid), USERS[name], "x").role(ROLES[0]))
        }
        Step::SetRole { uuid, role } => unit.update_user_role(&user_uuid(uuid), ROLES[role]),
        Step::DeleteUser { uuid } => unit.delete_user(&user_uuid(uuid)).add_logs(Vec::new()),
        Step::Purge => unit.purge_logs_and_bounties().add_logs(Vec::new()),
        Step::AddTooLong => unit.add_log(NewLog::new("d".repeat(256), SERVICE, "e", "i")),
    })
}

fn log(source: &str, line: &str) -> NewLog {
    NewLog::new(DECKY, SERVICE, "e", source).raw_line(line)
}

fn upsert(source: &str, seen: Option<i64>, events: i64) -> Changeset<Attacker> {
    let data = Changeset::new().set(Attacker::IP, source).set(Attacker::EVENT_COUNT, events);
    match seen {
        Some(second) => {
            data.set(Attacker::FIRST_SEEN, time(second)).set(Attacker::LAST_SEEN, time(second + 1))
        }
        None => data,
    }
}

fn tag(number: usize, attacker: &str, confident: bool) -> NewTag {
    let members = serde_json::json!({
        "uuid": tag_uuid(number), "source_kind": "log", "source_id": "1", "attacker_uuid": attacker, "tactic": "TA0002",
        "technique_id": "T1059", "confidence": if confident { 0.9 } else { 0.1 }, "rule_id": "r", "rule_version": 1,
        "evidence": {}, "attack_release": "15",
    });
    serde_json::from_value(members).expect("a tag")
}
