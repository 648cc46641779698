//! Hostile text: stored as it is, or refused by the argument's name; nothing else is lost.

use decnet_db_core::contract::{LogFilter, LogQuery, NewBounty, NewLog, NewUser};
use decnet_db_core::{Error, ErrorKind};
use serde_json::json;

use crate::database::Database;

const TEXTS: [&str; 12] = [
    "",
    " ",
    "trailing  ",
    "quotes ' '' \" ` \\ \\' %_",
    "-- ; DROP TABLE logs; /*",
    "\r\n\t\u{1}\u{1b}[2J\u{7f}",
    "🦀 𝕏 日本語 e\u{301} \u{e9}",
    "\u{202e}right to left\u{202c} \u{feff}\u{200b}",
    "\u{fffd}\u{ffff}\u{10ffff}",
    "{\"a\":1}",
    "? :1 $1 @x ?1",
    "\u{2028}\u{2029}\u{85}",
];

pub(crate) async fn any_text_comes_back_as_it_was(db: Database) {
    for text in TEXTS {
        comes_back(&db, text).await;
    }
    assert_eq!(db.get_total_logs(LogFilter::all()).await.unwrap(), TEXTS.len() as u64);
}

/// Stores the text wherever text goes, and reads it back.
pub(crate) async fn comes_back(db: &Database, text: &str) {
    let mut log = NewLog::new(text, text, text, text).raw_line(text).fields(text).msg(text);
    (log.trace_id, log.span_id) = (Some(text.to_owned()), None);
    db.add_log(log).await.unwrap();
    let last = db.get_max_log_id().await.unwrap() - 1;
    let back = db.get_logs_after_id(last, 2, LogFilter::all()).await.unwrap().remove(0);
    let columns =
        [&back.decky, &back.service, &back.event_type, &back.attacker_ip, &back.raw_line, &back.fields];
    for column in columns {
        assert_eq!(column, text);
    }
    assert_eq!((back.msg.as_deref(), back.trace_id.as_deref(), back.span_id), (Some(text), Some(text), None));

    db.add_bounty(NewBounty::new(text, text, text, text).payload(text)).await.unwrap();
    db.add_bounty(NewBounty::new("other", "other", text, text).payload(text)).await.unwrap();
    let found = db.get_bounties_for_ips(&[text.to_owned()]).await.unwrap();
    assert_eq!(found.keys().collect::<Vec<_>>(), [text]);
    assert_eq!(found[text].len(), 1, "stored once: {text:?}");
    assert_eq!(found[text][0].payload.text(), text);

    db.set_state(text, json!({text: text}).into()).await.unwrap();
    assert_eq!(db.get_state(text).await.unwrap().unwrap().to_value().unwrap(), json!({text: text}));
}

pub(crate) async fn a_line_of_many_mebibytes(db: Database) {
    let line = "0123456789abcdef".repeat(1 << 20).split_off(1);
    let batch =
        |line: &str| vec![NewLog::new("d", "s", "e", "i"), NewLog::new("d", "s", "e", "i").raw_line(line)];
    for size in [8 << 20, (16 << 20) - 1] {
        let (line, before) = (&line[..size], db.get_total_logs(LogFilter::all()).await.unwrap());
        match db.add_logs(batch(line)).await {
            Ok(()) => {
                let back = db.get_logs(LogQuery::new().limit(1)).await.unwrap().remove(0);
                assert!(back.raw_line == line);
                assert!(db.get_total_logs(LogFilter::all().search("F0123")).await.unwrap() > before / 2);
            }
            // A server may be set up to take less than 16 MiB at once; half of it goes in everywhere.
            Err(error) => {
                let Error::InvalidInput { argument, reason } = &error else { panic!("{error:?}") };
                assert!(argument.ends_with("raw_line") && reason.len() < 300, "{argument}: {reason}");
                assert!(size > 8 << 20, "{error}");
                assert_eq!(db.get_total_logs(LogFilter::all()).await.unwrap(), before);
            }
        }
    }
}

pub(crate) async fn sql_in_names_is_only_a_name(db: Database) {
    let names = ["'; DROP TABLE users; --", "\" OR 1=1 --", "admin'/*", "x' UNION SELECT 1 --", "%", "_"];
    for (number, name) in names.iter().enumerate() {
        db.create_user(NewUser::new(format!("u{number}"), *name, "x")).await.unwrap();
    }
    for (number, name) in names.iter().enumerate() {
        let user = db.get_user_by_username(name).await.unwrap().unwrap();
        assert_eq!(user.uuid, format!("u{number}"));
        assert_eq!(db.get_user_by_uuid(name).await.unwrap(), None);
    }
    assert!(!db.delete_user("' OR '1'='1").await.unwrap());
    db.update_user_role("u0' OR 1=1 --", "admin").await.unwrap();
    assert!(db.list_users().await.unwrap().iter().all(|user| user.role == "viewer"));
    assert_eq!(db.list_users().await.unwrap().len(), names.len());
}

pub(crate) async fn users_are_told_apart_exactly(db: Database) {
    let names = ["bob", "Bob", "BOB", "bob ", "bób", "bo\u{301}b"];
    for (number, name) in names.iter().enumerate() {
        db.create_user(NewUser::new(format!("u{number}"), *name, "x")).await.unwrap();
        let again = db.create_user(NewUser::new("other", *name, "x")).await.unwrap_err();
        assert_eq!(again.kind(), ErrorKind::Conflict, "{again}");
        let again = db.create_user(NewUser::new(format!("u{number}"), "other", "x")).await.unwrap_err();
        assert_eq!(again.kind(), ErrorKind::Conflict, "{again}");
    }
    for (number, name) in names.iter().enumerate() {
        assert_eq!(db.get_user_by_username(name).await.unwrap().unwrap().uuid, format!("u{number}"));
    }
    assert!(db.get_user_by_username("bo").await.unwrap().is_none());
}

pub(crate) async fn over_long_keys_are_refused_and_never_cut(db: Database) {
    // 255 characters, not bytes.
    let (fits, long) = ("é".repeat(255), "é".repeat(256));
    db.set_state(&fits, json!(1).into()).await.unwrap();
    db.create_user(NewUser::new("u", fits.as_str(), "x")).await.unwrap();
    db.add_log(NewLog::new(fits.as_str(), "s", "e", "i")).await.unwrap();
    let refused: Vec<(Error, &str)> = vec![
        (db.set_state(&long, json!(1).into()).await.unwrap_err(), "key"),
        (db.create_user(NewUser::new("v", long.as_str(), "x")).await.unwrap_err(), "user_data.username"),
        (db.create_user(NewUser::new(long.as_str(), "v", "x")).await.unwrap_err(), "user_data.uuid"),
        (db.add_log(NewLog::new("d", long.as_str(), "e", "i")).await.unwrap_err(), "log_data.service"),
        (
            db.add_logs(vec![NewLog::new("d", "s", "e", "i"), NewLog::new("d", "s", "e", long.as_str())])
                .await
                .unwrap_err(),
            "log_entries[1].attacker_ip",
        ),
        (
            db.add_bounty(NewBounty::new("d", "s", "i", long.as_str())).await.unwrap_err(),
            "bounty_data.bounty_type",
        ),
        (db.revoke_token(&long, "u", "2099-01-01".parse().unwrap()).await.unwrap_err(), "jti"),
    ];
    for (error, expected) in refused {
        let Error::InvalidInput { argument, reason } = &error else { panic!("{error:?}") };
        assert_eq!(argument, expected, "{reason}");
        assert!(reason.contains("256") && reason.contains("255"), "{reason}");
    }
    assert_eq!(db.get_total_logs(LogFilter::all()).await.unwrap(), 1);
    assert_eq!(db.list_users().await.unwrap().len(), 1);
}

pub(crate) async fn a_read_with_an_over_long_key_finds_nothing(db: Database) {
    db.set_state(&"x".repeat(255), json!(1).into()).await.unwrap();
    let long = "x".repeat(70_000);
    assert!(db.get_state(&long).await.unwrap().is_none());
    assert!(db.get_user_by_username(&long).await.unwrap().is_none());
    assert!(db.get_user_by_uuid(&long).await.unwrap().is_none());
    assert!(!db.is_token_revoked(&long).await.unwrap());
    assert!(!db.delete_user(&long).await.unwrap());
    assert_eq!(db.count_probe_relays(&long, &long).await.unwrap(), 0);
    let mut ips: Vec<_> = (0..2_500).map(|number| number.to_string()).collect();
    ips.push(long.clone());
    // Together more than a server takes in one packet, 255 characters of four bytes each among them.
    ips.extend((0..300).map(|number| format!("{number}{}", long)));
    ips.extend((0..2_500).map(|number| format!("{number:07}{}", "\u{1f41d}".repeat(248))));
    assert!(db.get_bounties_for_ips(&ips).await.unwrap().is_empty());
    assert!(db.get_behaviors_for_ips(&ips).await.unwrap().is_empty());
    assert!(db.get_lifecycle_by_ids(&ips).await.unwrap().is_empty());
    db.add_bounty(NewBounty::new("d", "s", &ips[5_000], "t")).await.unwrap();
    assert_eq!(db.get_bounties_for_ips(&ips).await.unwrap().len(), 1);
    assert_eq!(
        db.get_total_logs(LogFilter::all().search(format!("decky:{long} {long} k:{long}"))).await.unwrap(),
        0
    );
}
