//! What a copy carries, and what it refuses.

use decnet_db::contract::NewLog;
use decnet_db::transfer::{CopyOptions, CopyReport, PROGRESS_KEY, copy, verify};
use decnet_db::{ErrorKind, Result};
use rusqlite::types::Value;

use crate::place::{GOLDEN, Middle, Place, block_on, each_middle, same};

each_middle![
    what_the_original_wrote_comes_back_identical,
    references_to_rows_that_are_not_there_are_refused_or_mended,
    hostile_values_survive,
    what_a_column_cannot_mean_goes_over_as_it_is_or_is_named,
    a_truth_value_that_is_neither_stays_what_it_is_or_is_named,
    a_target_with_rows_is_refused_unless_it_is_to_be_overwritten,
    an_unfinished_copy_belongs_to_its_source,
];

async fn run(source: &Place, target: &Place, options: &CopyOptions) -> Result<CopyReport> {
    let (from, to) = (source.open().await, target.open().await);
    let report = copy(&*from, &*to, options, &mut |_| ()).await;
    from.close().await;
    to.close().await;
    report
}

fn options() -> CopyOptions {
    let mut options = CopyOptions::new("the source");
    // Small enough that the golden tables have several pages.
    options.limits.rows = 2;
    options
}

/// The values that a copy could not take as they should be, as it names them.
fn named(report: &CopyReport) -> Vec<String> {
    let found = report.verification.as_ref().map_or(&report.refused, |verification| &verification.notes);
    found.first.iter().map(ToString::to_string).collect()
}

#[track_caller]
fn complete(report: &CopyReport) {
    assert!(report.is_complete(), "{report:#?}");
}

async fn what_the_original_wrote_comes_back_identical(middle: Middle) {
    // The third has a trigger without a token: see below.
    for golden in &GOLDEN[..2] {
        let (first, between, last) = (Place::with(golden), middle.without_tables().await, Place::file());
        complete(&run(&first, &between, &options()).await.unwrap());
        complete(&run(&between, &last, &options()).await.unwrap());
        assert_eq!(first.dump().len(), 39);
        same(&last.dump(), &first.dump());
    }
}

async fn references_to_rows_that_are_not_there_are_refused_or_mended(middle: Middle) {
    let (first, between, last) = (Place::with(GOLDEN[2]), middle.without_tables().await, Place::file());
    // The original's trigger without a token can't do without one; a campaign can do without the one that it was
    // merged into. The other two are merged into each other.
    first
            .sqlite()
            .execute_batch(
                "PRAGMA foreign_keys = OFF;
                 INSERT INTO campaigns (uuid, schema_version, created_at, updated_at, identity_count, merged_into_uuid)
                 VALUES ('a', 1, '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000', 0, 'gone'),
                        ('b', 1, '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000', 0, 'c'),
                        ('c', 1, '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000', 0, 'b');",
            )
            .unwrap();
    let before = first.dump();
    let refused = run(&first, &between, &options()).await.unwrap();
    assert!(!refused.is_complete() && refused.rows == 0);
    assert_eq!(refused.refused.total, 2, "{refused:#?}");
    let texts: Vec<String> = refused.refused.first.iter().map(ToString::to_string).collect();
    assert_eq!(
        texts[0],
        r#"campaigns.merged_into_uuid of the row "a": refers to a row of campaigns that is not there"#
    );
    assert!(texts[1].starts_with("canary_triggers.token_uuid of the row "), "{texts:?}");
    assert!(between.open().await.row_counts().await.unwrap().iter().all(|(_, rows)| rows.is_none()));

    let mut mending = options();
    mending.mend_references = true;
    let mended = run(&first, &between, &mending).await.unwrap();
    complete(&mended);
    let notes = mended.verification.unwrap().notes;
    assert_eq!(notes.total, 2, "{notes:#?}");
    complete(&run(&between, &last, &options()).await.unwrap());
    let mut expected = before.clone();
    let lost = Value::Text("80000000-0000-4000-8000-000000000004".into());
    expected.get_mut("canary_triggers").unwrap().retain(|row| row[0] != lost);
    // The original wrote this time in another form than ruling R1 has for the disk.
    for row in expected.get_mut("topology_mutations").unwrap() {
        if let Value::Text(time) = &mut row[6]
            && let Some((day, clock)) = time.trim_end_matches("+00:00").split_once('T')
        {
            *time = format!("{day} {clock}");
        }
    }
    // Position 13 is merged_into_uuid.
    expected.get_mut("campaigns").unwrap()[0][13] = Value::Null;
    same(&last.dump(), &expected);
    same(&first.dump(), &before);
}

async fn hostile_values_survive(middle: Middle) {
    let (first, between, last) = (Place::file(), middle.without_tables().await, Place::file());
    let source = first.open().await;
    source.initialize().await.unwrap();
    let nasty = [
        "\0",
        "a\0b\u{202e}\u{1f4a9}",
        "'; DROP TABLE logs; --",
        "\\%_\"`",
        " trailing ",
        "",
        "e\u{301}",
        "\u{feff}",
    ];
    let logs = nasty
        .iter()
        .map(|text| {
            let mut log = NewLog::new(*text, *text, *text, *text);
            log.raw_line = (*text).to_owned();
            log
        })
        .collect();
    source.add_logs(logs).await.unwrap();
    let mut long = NewLog::new("d", "s", "e", "i");
    long.raw_line = "ß\n".repeat(4 << 20);
    source.add_log(long).await.unwrap();
    source.close().await;
    first
            .sqlite()
            .execute_batch(
                "UPDATE logs SET timestamp = '0001-01-01 00:00:00.000000' WHERE id = 1;
                 UPDATE logs SET timestamp = '9999-12-31 23:59:59.999999' WHERE id = 2;
                 UPDATE logs SET id = 9223372036854775806 WHERE id = 3;
                 UPDATE logs SET id = -5 WHERE id = 4;
                 INSERT INTO fleet_deckies (host_uuid, name, services, state, updated_at) VALUES
                   ('a', 'x', '[1.50,  \"\u{e9}\"]', 's', '1969-12-31 23:59:59.999999'),
                   ('a', 'X', '', 's', '2026-01-01 00:00:00.000001'), ('A', 'x', '', 's', '2026-01-01 00:00:00.000000'),
                   ('a ', 'x', '', 's', '2026-01-01 00:00:00.000000'), ('', '', '', 's', '2026-01-01 00:00:00.000000');
                 INSERT INTO credential_reuse VALUES
                   ('i', 's', 'k', NULL, '', '[]', '[]', '[]', '[]', 2147483647, -2147483648, 0.1, '2026-01-01 00:00:00.000000',
                    '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000'),
                   ('j', 's', 'l', NULL, '', '[]', '[]', '[]', '[]', 0, 0, 1.7976931348623157e308,
                    '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000'),
                   ('k', 's', 'm', NULL, '', '[]', '[]', '[]', '[]', 0, 0, 5e-324,
                    '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000', '2026-01-01 00:00:00.000000');",
            )
            .unwrap();
    complete(&run(&first, &between, &options()).await.unwrap());
    complete(&run(&between, &last, &options()).await.unwrap());
    same(&last.dump(), &first.dump());
}

/// Values that only SQLite has: of another type than their column.
async fn what_a_column_cannot_mean_goes_over_as_it_is_or_is_named(middle: Middle) {
    let (first, between) = (Place::with(GOLDEN[0]), middle.without_tables().await);
    first
        .sqlite()
        .execute_batch(
            "UPDATE logs SET timestamp = 'yesterday' WHERE id = 2;
                 UPDATE logs SET raw_line = CAST(x'ff00fe' AS TEXT) WHERE id = 3;
                 UPDATE bounty SET timestamp = '2026-01-02T03:04:05+01:00' WHERE id = 1;",
        )
        .unwrap();
    let report = run(&first, &between, &options()).await.unwrap();
    let flexible = between.url.scheme() == "sqlite";
    assert_eq!(report.is_complete(), flexible, "{report:#?}");
    assert_eq!(
        named(&report),
        [
            r#"logs.timestamp of the row 2: the text "yesterday" is not a time"#,
            "logs.raw_line of the row 3: bytes is not text",
        ]
    );
    if flexible {
        let after = between.dump();
        // Position 1 is the time, position 6 the raw line.
        assert_eq!(after["logs"][1][1], Value::Text("yesterday".into()));
        assert_eq!(after["logs"][2][6], Value::Blob(vec![0xff, 0, 0xfe]));
        assert_eq!(after["bounty"][0][1], Value::Text("2026-01-02 02:04:05.000000".into()));
    } else {
        // Put right, it goes on.
        first
            .sqlite()
            .execute_batch(
                "UPDATE logs SET timestamp = '2026-01-01 00:00:00.000000' WHERE id = 2;
                     UPDATE logs SET raw_line = '' WHERE id = 3;",
            )
            .unwrap();
        let report = run(&first, &between, &options()).await.unwrap();
        assert!(report.resumed);
        complete(&report);
    }
}

async fn a_truth_value_that_is_neither_stays_what_it_is_or_is_named(middle: Middle) {
    let (first, between) = (Place::with(GOLDEN[0]), middle.without_tables().await);
    first
        .sqlite()
        .execute_batch(
            "INSERT INTO users (uuid, username, password_hash, role, must_change_password)
                 VALUES ('a', 'a', 'x', 'viewer', 2), ('b', 'b', 'x', 'viewer', 'yes'), ('c', 'c', 'x', 'viewer', '1');",
        )
        .unwrap();
    let report = run(&first, &between, &options()).await.unwrap();
    let flexible = between.url.scheme() == "sqlite";
    assert_eq!(report.is_complete(), flexible, "{report:#?}");
    assert_eq!(
        named(&report),
        [
            r#"users.must_change_password of the row "a": the number 2 is not a truth value, 0 or 1"#,
            r#"users.must_change_password of the row "b": the text "yes" is not a truth value, 0 or 1"#,
        ]
    );
    if flexible {
        same(&between.dump(), &first.dump());
        // What another program makes of it is a difference.
        between.sqlite().execute_batch("UPDATE users SET must_change_password = 1 WHERE uuid = 'a'").unwrap();
        let (from, to) = (first.open().await, between.open().await);
        let compared = verify(&*from, &*to, options().limits, false, &mut |_| ()).await.unwrap();
        let differs: Vec<_> = compared.tables.iter().filter(|table| !table.is_equal()).collect();
        assert_eq!(differs.len(), 1, "{compared:#?}");
        assert_eq!(differs[0].differences[0].column.as_deref(), Some("must_change_password"));
        from.close().await;
        to.close().await;
    }
}

async fn a_target_with_rows_is_refused_unless_it_is_to_be_overwritten(middle: Middle) {
    let (first, between, last) = (Place::with(GOLDEN[0]), middle.without_tables().await, Place::file());
    let target = between.open().await;
    target.initialize().await.unwrap();
    target.set_state("mine", serde_json::json!(1).into()).await.unwrap();
    target.add_log(NewLog::new("d", "s", "e", "i")).await.unwrap();
    let error = run(&first, &between, &options()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(
        error.to_string(),
        "the target is not empty (rows: logs 1, state 1); choose an empty database, or overwrite this one"
    );
    assert_eq!(target.get_max_log_id().await.unwrap(), 1);
    let mut overwriting = options();
    overwriting.overwrite = true;
    complete(&run(&first, &between, &overwriting).await.unwrap());
    complete(&run(&between, &last, &options()).await.unwrap());
    same(&last.dump(), &first.dump());
}

#[test]
fn one_database_by_two_urls_is_not_overwritten_by_itself() {
    block_on(async {
        let first = Place::with(GOLDEN[0]);
        let before = first.dump();
        let mut overwriting = options();
        overwriting.overwrite = true;
        let error = run(&first, &first, &overwriting).await.unwrap_err();
        assert_eq!(error.to_string(), "target: is the same database as the source; nothing was changed");
        same(&first.dump(), &before);
    });
}

#[test]
fn a_comparison_names_table_row_and_column() {
    block_on(async {
        let (first, last) = (Place::with(GOLDEN[0]), Place::with(GOLDEN[0]));
        last.sqlite()
            .execute_batch(
                "UPDATE logs SET msg = 'other' WHERE id = 5;
                 DELETE FROM bounty WHERE id = 2;
                 INSERT INTO state VALUES ('new', '1');
                 UPDATE decky_lifecycle SET started_at = replace(started_at, ' ', 'T');",
            )
            .unwrap();
        let (a, b) = (first.open().await, last.open().await);
        let found = verify(&*a, &*b, options().limits, false, &mut |_| ()).await.unwrap();
        let texts: Vec<String> =
            found.tables.iter().flat_map(|table| &table.differences).map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "bounty of the row 2: is missing in the target",
                "logs.msg of the row 5: has another value in the target",
                r#"state of the row "new": is only in the target"#,
            ]
        );
        assert!(!found.is_equal());
        assert_eq!(found.tables.iter().filter(|table| table.is_equal()).count(), 36);
    });
}

async fn an_unfinished_copy_belongs_to_its_source(middle: Middle) {
    let (first, other, between) =
        (Place::with(GOLDEN[0]), Place::with(GOLDEN[1]), middle.without_tables().await);
    let target = between.open().await;
    target.initialize().await.unwrap();
    let record = serde_json::json!({"version": 1, "source": "elsewhere", "run": "x", "phase":
            {"phase": "rows", "table": "logs", "after": []}});
    target.set_state(PROGRESS_KEY, record.into()).await.unwrap();
    let error = run(&first, &between, &options()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the target holds an unfinished copy from elsewhere: continue that one, or overwrite the target"
    );
    let error = run(&between, &Place::file(), &options()).await.unwrap_err();
    assert!(
        error.to_string().starts_with("the source is itself the target of an unfinished copy"),
        "{error}"
    );
    let mut overwriting = options();
    overwriting.overwrite = true;
    complete(&run(&other, &between, &overwriting).await.unwrap());

    target.set_state(PROGRESS_KEY, serde_json::json!({"version": 99}).into()).await.unwrap();
    let error = run(&first, &between, &options()).await.unwrap_err();
    assert!(error.to_string().contains("is not what this version records"), "{error}");
}

#[test]
fn a_source_without_tables_is_refused() {
    block_on(async {
        let error = run(&Place::file(), &Place::file(), &options()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
    });
}
