//! Units of many callers at once: each for itself.

use std::sync::Arc;

use decnet_db_core::ErrorKind;
use decnet_db_core::contract::{LogFilter, NewLog, NewUser};
use serde_json::json;

use crate::cases::{attempts_at_once, log};
use crate::database::Database;
use crate::json::called;

pub(crate) async fn a_unit_that_fails_takes_no_other_with_it(db: Database) {
    db.create_user(NewUser::new("taken", "taken", "x")).await.unwrap();
    let outcomes = attempts_at_once(&db, 128, async |repository, number| {
        let uuid = if number % 3 == 0 { "taken".to_owned() } else { format!("u{number}") };
        let unit = repository.unit().add_log(log(format!("before {number}")));
        let unit = unit.create_user(NewUser::new(uuid, format!("name {number}"), "x"));
        Ok((number, unit.add_log(log("behind")).commit().await))
    });
    let mut good = 0;
    for outcome in outcomes.await {
        match outcome.unwrap() {
            (number, Ok(())) => {
                assert_ne!(number % 3, 0, "a duplicate was stored");
                good += 1;
            }
            (number, Err(error)) => {
                assert_eq!((number % 3, error.kind()), (0, ErrorKind::Conflict), "{error}");
            }
        }
    }
    assert_eq!(good, 85);
    assert_eq!(db.get_total_logs(LogFilter::all()).await.unwrap(), 2 * good);
    assert_eq!(db.list_users().await.unwrap().len() as u64, good + 1);
}

pub(crate) async fn of_many_callers_only_those_to_blame_fail(db: Database) {
    let mut readers = Vec::new();
    for _ in 0..32 {
        let repository = Arc::clone(&db.repository);
        readers.push(tokio::spawn(async move { repository.get_total_logs(LogFilter::all()).await }));
    }
    let outcomes = attempts_at_once(&db, 128, async |repository, number| {
        // Every fourth takes the same name.
        let name = if number % 4 == 0 { "bob".to_owned() } else { format!("user {number}") };
        repository.create_user(NewUser::new(format!("u{number}"), name, "x")).await
    });
    let failed: Vec<_> = outcomes.await.into_iter().filter_map(Result::err).collect();
    assert_eq!(failed.len(), 31);
    assert!(failed.iter().all(|error| error.kind() == ErrorKind::Conflict), "{failed:?}");
    for reader in readers {
        reader.await.unwrap().unwrap();
    }
    assert_eq!(db.list_users().await.unwrap().len(), 97);
}

pub(crate) async fn an_error_in_a_group_leaves_later_units_whole(db: Database) {
    // What is too long, a broken reference and a duplicate, between good ones, again and again.
    let outcomes = attempts_at_once(&db, 96, async |repository, number| {
        let unit = repository.unit().add_logs(vec![log("a"), log("b")]);
        let unit = match number % 4 {
            0 => unit.create_user(NewUser::new("same", "same", "x")),
            1 => unit.increment_smtp_target("nobody", "a.example"),
            2 => unit.add_log(NewLog::new("x".repeat(256), "s", "e", "i")),
            _ => unit,
        };
        unit.set_state(&format!("{number}"), json!(number)).commit().await.map(|()| number)
    });
    let stored: Vec<_> = outcomes.await.into_iter().filter_map(Result::ok).collect();
    assert_eq!(stored.iter().filter(|number| *number % 4 == 3).count(), 24);
    assert_eq!(stored.len(), 25, "and the first one of the duplicates");
    assert_eq!(db.get_total_logs(LogFilter::all()).await.unwrap(), 50);
    for number in 0..96 {
        let state = called(&*db, "get_state", json!({"key": number.to_string()})).await;
        assert_eq!(state.is_number(), stored.contains(&number), "{number}");
    }
}

pub(crate) async fn each_caller_learns_what_its_own_unit_did(db: Database) {
    let is_there = |number: usize| number.is_multiple_of(3);
    for number in (0..64).filter(|number| is_there(*number)) {
        db.create_user(NewUser::new(format!("u{number}"), format!("name {number}"), "x")).await.unwrap();
    }
    let outcomes = attempts_at_once(&db, 64, async |repository, number| {
        Ok((number, repository.delete_user(&format!("u{number}")).await?))
    });
    for outcome in outcomes.await {
        let (number, deleted) = outcome.unwrap();
        assert_eq!(deleted, is_there(number), "{number}");
    }
}

pub(crate) async fn units_of_a_caller_keep_their_order(db: Database) {
    for number in 0..200 {
        db.unit().add_log(log(number.to_string())).set_state("k", json!(number)).commit().await.unwrap();
        assert_eq!(
            called(&*db, "get_state", json!({"key": "k"})).await,
            json!(number),
            "what was committed is read"
        );
    }
    let lines = crate::cases::lines(&db).await;
    assert_eq!(lines, (0..200).map(|number| number.to_string()).collect::<Vec<_>>());
}
