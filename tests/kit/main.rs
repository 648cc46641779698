//! The conformance kit itself: what it reports about drivers that are not as ours are.

#![cfg(feature = "sqlite")]
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests fail by panicking")]

mod lacking;

use decnet_db::config::{Config, DatabaseUrl};
use decnet_db::driver::{Capability, Driver};
use decnet_db_conformance::{Files, Given, Outcome, Suite};
use tempfile::TempDir;

/// The SQLite driver.
fn sqlite() -> Driver {
    *decnet_db::registry().find("sqlite").unwrap()
}

/// A file of its own for each case.
fn files(driver: Driver) -> Files {
    Files::new(driver, |folder| DatabaseUrl::sqlite(folder.join("decnet.db")))
}

fn file() -> (TempDir, DatabaseUrl) {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::sqlite(folder.path().join("decnet.db")).unwrap();
    (folder, url)
}

#[test]
fn one_database_serves_one_case_after_the_other() {
    let (_folder, url) = file();
    let suite = Suite::new(Given::new(sqlite(), [url])).only("users::").only("copying::copies::every");
    let report = suite.run();
    assert!(report.failures().is_empty(), "{report}");
    let not_run: Vec<_> =
        report.cases.iter().filter(|case| matches!(case.outcome, Outcome::NotRun { .. })).collect();
    assert_eq!(not_run.len(), 1, "{report}");
    assert_eq!(not_run[0].name, "copying::copies::every_table_is_copied_and_compared");
    assert!(report.cases.len() > 5 && !report.is_green(), "{report}");
    assert!(report.to_string().contains("needs a second empty database"), "{report}");
}

#[test]
fn two_given_databases_are_enough_for_all() {
    let ((_one, first), (_two, second)) = (file(), file());
    let suite = Suite::new(Given::new(sqlite(), [first, second]));
    let report = suite.only("copying::copies::").only("lifecycle::bootstrap::without_schema").run();
    assert!(report.is_green(), "{report}");
}

#[test]
fn a_database_with_tables_is_refused_and_left_alone() {
    let (_folder, url) = file();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let open = async || decnet_db::connect_with(&Config::new(url.clone())).await.unwrap();
    runtime.block_on(async { open().await.initialize().await.unwrap() });
    let report = Suite::new(Given::new(sqlite(), [url.clone()])).only("logs::order::").run();
    assert_eq!(report.failures().len(), report.cases.len(), "{report}");
    assert!(report.to_string().contains("is not empty (it has "), "{report}");
    let counts = runtime.block_on(async { open().await.row_counts().await.unwrap() });
    assert!(counts.iter().all(|(_, rows)| rows.is_some()), "{counts:?}");
}

#[test]
fn a_url_is_enough() {
    // The whole suite is the drivers' own business: what is tested here is how `run` finds the driver.
    let error = decnet_db_conformance::run("tin://shelf/1").unwrap_err();
    assert_eq!(error.kind(), decnet_db::ErrorKind::UnknownDriver);
    assert!(decnet_db_conformance::run("no url").is_err());
}

#[test]
fn a_lack_that_is_declared_and_not_there_is_a_failure() {
    let driver =
        sqlite().lacks(Capability::NulInText, "so it says").lacks(Capability::DeepJson, "so it says");
    let report = Suite::new(files(driver)).only("capabilities::").run();
    // Of the three, finding nothing where NUL could be stored can't be told from lacking it by a search alone.
    let failures = report.failures();
    assert!(failures.contains(&"capabilities::nul_in_text::rows_and_keys_hold_it"), "{report}");
    assert!(failures.contains(&"capabilities::deep_json::a_member_beside_it_is_found"), "{report}");
    assert!(report.to_string().contains("declared as lacking, and was"), "{report}");
}

#[test]
fn a_lack_that_is_there_and_not_declared_is_a_failure() {
    let report = Suite::new(files(lacking::without_nul())).only("capabilities::nul").run();
    assert_eq!(report.failures().len(), 2, "{report}");
    for case in report.failed() {
        let Outcome::Failed { message } = &case.outcome else { panic!("{report}") };
        let (place, _) = message.split_once(": ").unwrap();
        assert!(place.contains("src/cases/") && place.contains(".rs:"), "no line: {message}");
    }
}

#[test]
fn a_lack_that_is_there_and_declared_is_excused_with_its_reason() {
    let driver = lacking::without_nul().lacks(Capability::NulInText, "a tin's text ends at the first NUL");
    let suite =
        Suite::new(files(driver)).only("capabilities::nul").only("hostile::text::any").only("search::");
    let report = suite.only("copying::copies::hostile").run();
    assert!(report.is_green(), "{report}");
    let excused = report.cases.iter().filter(|case| matches!(case.outcome, Outcome::Excused { .. })).count();
    assert_eq!(excused, 2, "{report}");
    assert!(report.to_string().contains("lacks nul_in_text: a tin's text ends at the first NUL"), "{report}");
}

#[test]
fn each_case_has_a_name_and_one_sentence_of_its_own() {
    let catalogue: Vec<_> = Suite::catalogue().collect();
    for (position, (name, promise)) in catalogue.iter().enumerate() {
        assert_eq!(name.split("::").count(), 3, "{name}");
        assert!(
            promise.ends_with('.') && promise.len() < 160 && !promise.contains('\n'),
            "{name}: {promise}"
        );
        let same = |(other, sentence): &&(&str, String)| other == name || sentence == promise;
        assert!(!catalogue[..position].iter().any(|entry| same(&entry)), "twice: {name}: {promise}");
    }
}
