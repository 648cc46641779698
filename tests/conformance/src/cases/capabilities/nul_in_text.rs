//! The character NUL in text, or what holds instead on an engine that can't have it.

use decnet_db_core::ErrorKind;
use decnet_db_core::contract::{LogFilter, NewBounty, NewLog, NewUser};
use decnet_db_core::driver::Capability;
use serde_json::json;

use crate::case::excused;
use crate::cases::hostile::text::comes_back;
use crate::database::Database;

pub(crate) async fn rows_and_keys_hold_it(db: Database) {
    let Some(reason) = db.why_it_lacks(Capability::NulInText) else {
        for text in ["nul\0in the middle\0", "\0"] {
            comes_back(&db, text).await;
        }
        for (uuid, name) in [("u1", "bob"), ("u2", "bob\0"), ("u3", "bob\0\0")] {
            db.create_user(NewUser::new(uuid, name, "x")).await.unwrap();
        }
        assert_eq!(db.get_user_by_username("bob\0").await.unwrap().unwrap().uuid, "u2");
        assert!(db.get_user_by_username("bo").await.unwrap().is_none());
        return;
    };
    let log = |decky: &str, line: &str| NewLog::new(decky, "s", "e", "i").raw_line(line);
    let refused = [
        ("decky", db.add_log(log("a\0b", "x")).await),
        ("raw_line", db.add_log(log("d", "\0")).await),
        ("raw_line", db.add_logs(vec![log("d", "x"), log("d", "x\0"), log("d", "x")]).await),
        // What is written by a statement has no column's name at hand.
        ("", db.add_bounty(NewBounty::new("d", "s", "i", "t\0")).await),
        ("username", db.create_user(NewUser::new("u", "bob\0", "x")).await),
        ("", db.set_state("k\0", json!(1).into()).await),
        ("raw_line", db.unit().add_log(log("d", "x")).add_log(log("d", "\0")).commit().await),
    ];
    for (column, outcome) in refused {
        let error = outcome.expect_err("NUL is declared as lacking, and was stored");
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{column}: {error}");
        assert!(error.to_string().contains(column), "{column} is not named: {error}");
    }
    let counts = db.row_counts().await.unwrap();
    assert!(counts.iter().all(|(_, rows)| *rows == Some(0)), "something was stored: {counts:?}");
    excused(Capability::NulInText, reason)
}

pub(crate) async fn searches_find_it(db: Database) {
    let has = db.has(Capability::NulInText);
    let fields = r#"{"v":"é\u0000"}"#;
    db.add_log(NewLog::new("d", "s", "e", "i").raw_line("no nulbyte").fields(fields)).await.unwrap();
    if has {
        db.add_log(NewLog::new("d\0", "s", "e", "i").raw_line("nul\0byte")).await.unwrap();
    }
    for (search, rows) in [("l\0B", 1), ("BYTE", 2), ("'decky:d\0'", 1), ("'v:é\0'", 1), ("\0", 1)] {
        let found = db.get_total_logs(LogFilter::all().search(search)).await;
        if has {
            assert_eq!(found.unwrap(), rows, "{search:?}");
            continue;
        }
        match found {
            Ok(found) => assert_eq!(found, u64::from(search == "BYTE"), "{search:?}"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::InvalidInput, "{search:?}: {error}"),
        }
    }
    for key in ["\0", "a\0"] {
        let found = [
            db.get_state(key).await.map(|found| found.is_some()),
            db.get_user_by_username(key).await.map(|found| found.is_some()),
            db.is_token_revoked(key).await,
            db.delete_user(key).await,
        ];
        for found in found {
            match found {
                Ok(found) => assert!(!found, "{key:?}"),
                Err(error) => assert!(!has && error.kind() == ErrorKind::InvalidInput, "{key:?}: {error}"),
            }
        }
    }
    // A refusal leaves the connections fit for use.
    assert_eq!(db.get_total_logs(LogFilter::all().search("nulbyte")).await.unwrap(), 1);
    if let Some(reason) = db.why_it_lacks(Capability::NulInText) {
        excused(Capability::NulInText, reason);
    }
}
