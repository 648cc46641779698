//! Our answers on the database that the original wrote, against the original's.
//!
//! Where a ruling wants another answer, the call is listed with the ruling and the answer, never left out.

use std::collections::BTreeSet;

use decnet_db_core::call::call;
use decnet_db_core::contract::Repository;
use serde_json::Value;

use super::coverage::{Ruled, pending, ruled};
use super::{List, Recorded, recorded};

/// Calls every read that was recorded, on a database that holds exactly the rows of [`CORE`](super::CORE), whoever made its
/// tables.
///
/// # Panics
/// With a list of the answers that differ.
pub async fn check_reads(repository: &dyn Repository) {
    replay(repository, List::CoreReads).await;
}

/// The same with the recorded writes, in their order. The database is another one afterwards.
///
/// # Panics
/// With a list of the answers that differ.
pub async fn check_writes(repository: &dyn Repository) {
    replay(repository, List::CoreMutations).await;
}

/// Calls each recorded method that we have, in order, and compares.
async fn replay(repository: &dyn Repository, list: List) {
    let (calls, ruled) = (recorded(list), ruled(list));
    let pending = pending();
    let mut wrong = Vec::new();
    let mut unused: BTreeSet<_> = ruled.iter().map(|ruled| ruled.n).collect();
    for recorded in calls.iter().filter(|recorded| !pending.contains(&recorded.method.as_str())) {
        let ours = call(repository, &recorded.method, recorded.arguments.clone()).await;
        let ours = ours.map(|result| recorded.reduce(result.to_value().expect("the result is JSON")));
        let ours = ours.map_err(|error| error.kind().as_str());
        let ruling = ruled.iter().find(|ruled| ruled.n == recorded.n);
        let expected = match (ruling, &recorded.outcome, &recorded.pinned) {
            (Some(Ruled { n, outcome, .. }), ..) => {
                unused.remove(n);
                outcome.clone()
            }
            // R1: bounds are instants, so what the newest dependencies refuse is answered.
            (None, Err(_), Some(pinned)) => Ok(pinned.clone()),
            (None, Ok(result), _) => Ok(result.clone()),
            (None, Err(error), None) => panic!("{}: no ruling says what {error} becomes", recorded.n),
        };
        let ours = match (&expected, ours) {
            (Ok(Value::String(text)), Ok(id)) if text == "a new id" && id.as_u64() > Some(0) => {
                expected.clone()
            }
            (_, ours) => ours,
        };
        if ours != expected {
            let Recorded { n, method, arguments, .. } = recorded;
            let by = ruling.map(|ruled| format!(" ({})", ruled.ruling)).unwrap_or_default();
            wrong.push(format!("{n} {method} {arguments}{by}\n  is       {ours:?}\n  expected {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} answers differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(unused.is_empty(), "rulings on calls that are not there: {unused:?}");
}
