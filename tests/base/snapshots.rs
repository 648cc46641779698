//! The SQL that the base writes, in each dialect: one file per domain and dialect, to be read in reviews.

use std::fmt::Write as _;

use decnet_db::call::call;
use decnet_db::config::SeedConfig;
use decnet_db::contract::tables::SCHEMA;
use decnet_db::contract::{LogFilter, LogQuery};
use decnet_db::sql::Dialect;
use decnet_db_conformance::samples;

use crate::recording::{self, Work};

/// The dialects of the drivers that are compiled in, by name.
fn dialects() -> Vec<(&'static str, &'static dyn Dialect)> {
    let dialects = decnet_db::drivers().iter().map(|driver| {
        let dialect = driver.dialect.unwrap_or_else(|| panic!("the driver {} shows no dialect", driver.name));
        (driver.name, dialect)
    });
    dialects.collect()
}

#[test]
fn statements_of_each_method() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for (name, dialect) in dialects() {
        for (domain, calls) in samples::domains() {
            let mut seed = SeedConfig::default().with_admin_password("correct horse battery");
            seed.contract_test = true;
            let (repository, log) = recording::repository(dialect, seed);
            let mut text = String::new();
            for (method, arguments) in calls {
                writeln!(text, "## {method} {arguments}\n").unwrap();
                runtime
                    .block_on(call(&*repository, method, arguments))
                    .unwrap_or_else(|error| panic!("{method}: {error}"));
                let mut shown = Vec::new();
                for work in log.take().iter().map(ToString::to_string) {
                    // What is asked again because the backend says nothing new.
                    if !shown.contains(&work) {
                        text.push_str(&work);
                        shown.push(work);
                    }
                }
            }
            insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
                insta::assert_snapshot!(format!("{name}_{domain}"), text);
            });
        }
    }
}

#[test]
fn tables() {
    for (name, dialect) in dialects() {
        let mut text = String::new();
        for table in SCHEMA.tables {
            writeln!(text, "{};\n", table.create(dialect).text()).unwrap();
            for index in table.indexes {
                writeln!(text, "{};\n", table.create_index(index, dialect).text()).unwrap();
            }
        }
        insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_snapshot!(format!("{name}_schema"), text);
        });
    }
}

/// A deep page by offset counts only what came since the place was found, and not all events before it, which its cost would grow
/// with.
#[test]
fn a_deep_page_does_not_count_what_it_skips() {
    let Some((_, dialect)) = dialects().into_iter().find(|(name, _)| *name == "sqlite") else { return };
    let (repository, log) = recording::repository(dialect, SeedConfig::default());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        repository.get_total_logs(LogFilter::all()).await.unwrap();
        repository.get_logs(LogQuery::new().offset(5_000)).await.unwrap();
    });
    let work = log.take();
    let page = work.iter().find_map(|work| match work {
        Work::Query(statement) if statement.text().contains(" AS came ") => Some(statement.text()),
        _ => None,
    });
    let database = rusqlite::Connection::open_in_memory().unwrap();
    for table in SCHEMA.tables {
        database.execute_batch(table.create(dialect).text()).unwrap();
        for index in table.indexes {
            database.execute_batch(table.create_index(index, dialect).text()).unwrap();
        }
    }
    let mut plan =
        database.prepare(&format!("EXPLAIN QUERY PLAN {}", page.expect("the page is looked for"))).unwrap();
    let nothing = vec![rusqlite::types::Null; plan.parameter_count()];
    let steps = plan.query_map(rusqlite::params_from_iter(nothing), |row| row.get("detail")).unwrap();
    let steps: Vec<String> = steps.map(Result::unwrap).collect();
    assert!(steps.iter().any(|step| step.contains("(timestamp<?)")), "{steps:#?}");
    assert!(!steps.iter().any(|step| step.contains("(timestamp>?)")), "{steps:#?}");
}
