//! Which statuses follow one another.

use crate::base::topologies::after_all;
use crate::contract::Repository;
use crate::error::{Error, Result};
use crate::text::excerpt;

/// Each status, with those that may follow it.
const STATUSES: [(&str, &[&str]); 7] = [
    ("pending", &["deploying", "torn_down"]),
    ("deploying", &["active", "failed", "degraded", "tearing_down"]),
    ("active", &["degraded", "tearing_down"]),
    ("degraded", &["active", "tearing_down"]),
    ("failed", &["tearing_down"]),
    ("tearing_down", &["torn_down", "degraded"]),
    ("torn_down", &[]),
];

/// The statuses that may follow a status; none follows itself.
///
/// ```
/// use decnet_db_core::topology::legal_next;
///
/// assert_eq!(legal_next("pending")?, ["deploying", "torn_down"]);
/// # Ok::<(), decnet_db_core::Error>(())
/// ```
///
/// # Errors
/// `InvalidInput` for a status that is none of a topology.
pub fn legal_next(current: &str) -> Result<&'static [&'static str]> {
    successors("current", current)
}

/// Refuses a change of status that is against the rules.
///
/// # Errors
/// `InvalidInput` when one of them is no status of a topology, `Conflict` when the second may not follow the first.
pub fn assert_transition(current: &str, new: &str) -> Result<()> {
    let legal = successors("current", current)?;
    successors("new", new)?;
    if legal.contains(&new) {
        return Ok(());
    }
    let legal = if legal.is_empty() { "nothing".to_owned() } else { legal.join(", ") };
    Err(Error::conflict(format!(
        "a topology that is {current} can't become {new}: what may follow is {legal}"
    )))
}

/// Changes a topology's status by the rules, and adds the event that tells of it, in one unit.
///
/// # Errors
/// `InvalidInput` for a status that is none of a topology, stored or new; `NotFound` for an unknown id; `Conflict` when the new
/// status may not follow the present one.
pub async fn transition_status(
    repository: &dyn Repository,
    topology_id: &str,
    new_status: &str,
    reason: Option<&str>,
) -> Result<()> {
    successors("new_status", new_status)?;
    let from: Vec<_> =
        STATUSES.iter().filter(|(_, next)| next.contains(&new_status)).map(|(from, _)| *from).collect();
    let newest = || async {
        let events = repository.list_topology_status_events(topology_id, 1).await?;
        Ok(events.first().map(|event| event.at))
    };
    after_all(newest, |at| {
        let new = new_status.to_owned();
        let illegal = move |current: &str| assert_transition(current, &new).err();
        repository.unit().topology_transition_at(topology_id, &from, new_status, reason, at, illegal)
    })
    .await
}

fn successors(argument: &str, status: &str) -> Result<&'static [&'static str]> {
    let found = STATUSES.iter().find(|(name, _)| *name == status);
    found.map(|(_, next)| *next).ok_or_else(|| {
        let names: Vec<_> = STATUSES.iter().map(|(name, _)| *name).collect();
        Error::invalid_input(
            argument,
            format!("{} is no status of a topology: those are {}", excerpt(status), names.join(", ")),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn each_pair_of_statuses_is_legal_or_a_conflict() {
        let mut legal = 0;
        for (current, next) in STATUSES {
            assert_eq!(legal_next(current).unwrap(), next);
            for (new, _) in STATUSES {
                match assert_transition(current, new) {
                    Ok(()) => legal += 1,
                    Err(error) => assert_eq!(error.kind(), ErrorKind::Conflict, "{error}"),
                }
            }
            assert!(assert_transition(current, current).is_err());
        }
        assert_eq!(legal, 13);
    }

    #[test]
    fn unknown_statuses_are_invalid_input_the_present_one_first() {
        let message = |current, new| {
            let error = assert_transition(current, new).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            error.to_string()
        };
        assert!(message("Pending", "nope\n").starts_with("current: \"Pending\" is no status of a topology"));
        assert!(message("pending", "nope\n").starts_with("new: \"nope\\n\" is no status of a topology"));
        assert!(legal_next("").is_err());
    }
}
