//! Copying into another database of the engine, and comparing the two.

use decnet_db_core::contract::{NewLog, Repository};
use decnet_db_core::driver::Capability;
use decnet_db_core::transfer::{CopyOptions, CopyReport, copy, verify};
use decnet_db_core::{ErrorKind, Result};
use serde_json::json;

use crate::cases::log;
use crate::database::Database;
use crate::golden::{self};
use crate::json::called;

fn options() -> CopyOptions {
    let mut options = CopyOptions::new("the source");
    // Small enough that each table has several pages.
    options.limits.rows = 2;
    options
}

async fn run(from: &dyn Repository, to: &dyn Repository, options: &CopyOptions) -> Result<CopyReport> {
    copy(from, to, options, &mut |_| ()).await
}

pub(crate) async fn what_the_original_wrote_is_copied_whole(db: Database) {
    let source = db.golden().await;
    let target = db.second().await;
    let report = run(&*source, &*target, &options()).await.unwrap();
    assert!(report.is_complete(), "{report:#?}");
    assert_eq!(target.row_counts().await.unwrap(), source.row_counts().await.unwrap());
    golden::check_reads(&*target).await;
    // Keys that the database assigns go on behind those that were copied.
    let last = target.get_max_log_id().await.unwrap();
    target.add_log(log("the next")).await.unwrap();
    assert!(target.get_max_log_id().await.unwrap() > last);
}

pub(crate) async fn every_table_is_copied_and_compared(db: Database) {
    db.engine().commit(golden::rows(golden::INTELLIGENCE)).await.expect("the original's rows go in");
    let target = db.second().await;
    let report = run(&*db, &*target, &options()).await.unwrap();
    assert!(report.is_complete(), "{report:#?}");
    called(&*target, "set_state", json!({"key": "only here", "value": 1})).await;
    let found = verify(&*db, &*target, options().limits, false, &mut |_| ()).await.unwrap();
    let texts: Vec<String> =
        found.tables.iter().flat_map(|table| &table.differences).map(ToString::to_string).collect();
    assert_eq!(texts, [r#"state of the row "only here": is only in the target"#]);
    assert_eq!(found.tables.iter().filter(|table| table.is_equal()).count(), 38);
}

pub(crate) async fn hostile_values_are_copied(db: Database) {
    let mut texts = vec![
        "a\u{202e}\u{1f4a9}",
        "'; DROP TABLE logs; --",
        "\\%_\"`",
        " trailing ",
        "",
        "e\u{301}",
        "\u{feff}",
        "\r\n\t",
    ];
    if db.has(Capability::NulInText) {
        texts.extend(["\0", "a\0b"]);
    }
    let mut logs: Vec<_> =
        texts.iter().map(|text| NewLog::new(*text, *text, *text, *text).raw_line(*text)).collect();
    logs[0].timestamp = Some("0001-01-01".parse().unwrap());
    logs[1].timestamp = Some("9999-12-31T23:59:59.999999Z".parse().unwrap());
    logs[3].id = Some(-5);
    logs.push(log("ß\n".repeat(2 << 20)));
    logs.push(log("the last"));
    let last = logs.len() - 1;
    logs[last].id = Some(i64::MAX - 1);
    for log in logs {
        db.add_log(log).await.unwrap();
    }
    let target = db.second().await;
    let report = run(&*db, &*target, &options()).await.unwrap();
    assert!(report.is_complete(), "{report:#?}");
    let all = json!({"last_id": i64::MIN, "limit": 100});
    assert!(
        called(&*target, "get_logs", json!({"limit": 100})).await
            == called(&*db, "get_logs", json!({"limit": 100})).await
    );
    assert!(
        called(&*target, "get_logs_after_id", all.clone()).await
            == called(&*db, "get_logs_after_id", all).await
    );
}

pub(crate) async fn a_target_with_rows_is_refused_unless_it_is_to_be_overwritten(db: Database) {
    db.add_logs(vec![log("a"), log("b")]).await.unwrap();
    let target = db.second().await;
    target.set_state("mine", json!(1).into()).await.unwrap();
    let error = run(&*db, &*target, &options()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert_eq!(called(&*target, "get_state", json!({"key": "mine"})).await, 1);
    let mut overwriting = options();
    overwriting.overwrite = true;
    assert!(run(&*db, &*target, &overwriting).await.unwrap().is_complete());
    assert_eq!(called(&*target, "get_state", json!({"key": "mine"})).await, json!(null));
    assert_eq!(crate::cases::lines(&target).await, ["a", "b"]);
}

pub(crate) async fn a_database_is_not_copied_into_itself(db: Database) {
    db.add_log(log("a")).await.unwrap();
    let again = db.beside().await;
    let mut overwriting = options();
    overwriting.overwrite = true;
    let error = run(&*db, &*again, &overwriting).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    assert_eq!(crate::cases::lines(&db).await, ["a"]);
}
