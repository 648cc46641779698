//! Decoding records from arbitrary values of their columns.

use std::fmt::Debug;

use decnet_db::contract::tables::SCHEMA;
use decnet_db::contract::*;
use decnet_db::json::Json;
use decnet_db::sql::{Record, Rows, Value};
use decnet_db::{ErrorKind, Result};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::bytes::Bytes;
use crate::column;

/// Rows of one table, its number first: they decode, or an error names table and column; each record is the same after a client
/// has read its JSON, and after the values that it came from were handed over in the other way.
pub fn records(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    let (table, check) = TABLES[bytes.below(TABLES.len())];
    let columns = SCHEMA.table(table).expect("a table").columns;
    let mut rows = Vec::new();
    while rows.is_empty() || (!bytes.is_empty() && rows.len() < 4) {
        let row: Vec<Value> = columns.iter().map(|column| column::value(&mut bytes, column)).collect();
        rows.push(row);
    }
    check(rows);
}

type Check = fn(Vec<Vec<Value>>);

macro_rules! tables {
    ($($record:ident)*) => {
        const TABLES: &[(&str, Check)] = &[$(($record::TABLE.name, check::<$record>)),*];
    };
}

// In the order of `SCHEMA`, which the test below compares.
tables! {
    Bounty Campaign CanaryBlob CredentialReuse DeckyLifecycle FleetDecky Log ObservedAttachment OrchestratorEmail
    OrchestratorEvent RealismConfig RevokedToken StateEntry SwarmHost SyntheticFile TarpitRule TtpRule TtpRuleState User
    WebhookSubscription AttackerIdentity CanaryToken DeckyShard Topology Attacker AttributionState CanaryTrigger Lan
    TopologyDecky TopologyMutation TopologyStatusEvent AttackerBehavior AttackerFingerprintState AttackerIntel Credential
    Observation SmtpTarget TopologyEdge TtpTag
}

fn check<R: Record + Serialize + DeserializeOwned + PartialEq + Debug>(rows: Vec<Vec<Value>>) {
    assert_eq!(TABLES.len(), SCHEMA.tables.len(), "a table is missing");
    let owned: Result<Vec<R>> = handed_over(&rows, false).records();
    let borrowed: Result<Vec<R>> = handed_over(&rows, true).records();
    match (owned, borrowed) {
        (Ok(owned), Ok(borrowed)) => {
            // What is no number equals nothing, itself included.
            assert_eq!(format!("{owned:?}"), format!("{borrowed:?}"));
            owned.iter().for_each(read_by_a_client);
        }
        (Err(owned), Err(borrowed)) => {
            assert_eq!(owned.to_string(), borrowed.to_string());
            assert_eq!(owned.kind(), ErrorKind::Backend);
            assert!(owned.to_string().starts_with(&format!("{}.", R::TABLE.name)), "{owned}");
        }
        (owned, borrowed) => panic!("{owned:?} and {borrowed:?}"),
    }
}

/// The values as a driver hands them over: as they are, or copied from what it borrows.
fn handed_over(rows: &[Vec<Value>], borrowed: bool) -> Rows {
    let mut all = Rows::new(rows[0].len());
    for value in rows.iter().flatten() {
        match value {
            Value::Text(text) if borrowed => all.push_text(text),
            Value::Blob(bytes) if borrowed => all.push_blob(bytes),
            value => all.push(value.clone()),
        }
    }
    all
}

fn read_by_a_client<R: Serialize + DeserializeOwned + PartialEq + Debug>(record: &R) {
    let json = Json::of(record).expect("a record can be written as JSON");
    let read: R = json.decode().unwrap_or_else(|error| panic!("{error}: {json}"));
    let again = Json::of(&read).expect("it can be written again");
    assert_eq!(again.as_str(), json.as_str());
}
