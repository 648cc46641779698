//! The declared schema against the one that DECNET 1.0.0 creates (`core.sql`) and that of ruling R3 (`r3.mysql.sql`).

#![cfg(all(feature = "mysql", feature = "sqlite"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod records;

use std::collections::{BTreeMap, BTreeSet};

use decnet_db_core::contract::tables::SCHEMA;
use decnet_db_core::sql::{ColumnKind, Dialect};

fn sqlite() -> &'static dyn Dialect {
    decnet_db_sqlite::DRIVER.dialect.unwrap()
}

fn mysql() -> &'static dyn Dialect {
    decnet_db_mysql::DRIVER.dialect.unwrap()
}

const SQLITE: &str = include_str!("../conformance/golden/core.sql");
const MYSQL: &str = include_str!("../conformance/golden/r3.mysql.sql");

/// Contract document 10 §6.
const ORDER: &str = "bounty, campaigns, canary_blobs, credential_reuse, decky_lifecycle, fleet_deckies, logs, \
    observed_attachments, orchestrator_emails, orchestrator_events, realism_config, revoked_tokens, state, swarm_hosts, \
    synthetic_files, tarpit_rules, ttp_rule, ttp_rule_state, users, webhook_subscriptions, attacker_identities, \
    canary_tokens, decky_shards, topologies, attackers, attribution_state, canary_triggers, lans, topology_deckies, \
    topology_mutations, topology_status_events, attacker_behavior, attacker_fingerprint_state, attacker_intel, \
    credentials, observations, smtp_targets, topology_edges, ttp_tag";

/// The statements of a dump that begin with the text, which may have several lines. (No text in the dumps' rows has `;`
/// at the end of a line followed by such a statement.)
fn statements<'s>(dump: &'s str, starts: &[&str]) -> Vec<&'s str> {
    let mut found = Vec::new();
    for (begin, _) in dump.match_indices("CREATE ") {
        let rest = &dump[begin..];
        let at_line_start = begin == 0 || dump[..begin].ends_with('\n');
        if at_line_start && starts.iter().any(|start| rest.starts_with(start)) {
            found.push(rest.split_once(";\n").unwrap().0);
        }
    }
    found
}

fn created_tables(dump: &str) -> BTreeMap<&str, &str> {
    statements(dump, &["CREATE TABLE "])
        .into_iter()
        .map(|statement| (statement["CREATE TABLE ".len()..].split(' ').next().unwrap(), statement))
        .collect()
}

fn created_indexes(dump: &str) -> BTreeSet<String> {
    statements(dump, &["CREATE INDEX ", "CREATE UNIQUE INDEX "]).into_iter().map(str::to_owned).collect()
}

fn declared_indexes(dialect: &dyn Dialect) -> BTreeSet<String> {
    SCHEMA
        .tables
        .iter()
        .flat_map(|table| {
            table.indexes.iter().map(|index| table.create_index(index, dialect).text().to_owned())
        })
        .collect()
}

fn assert_same_tables(dump: &str, dialect: &dyn Dialect) {
    let golden = created_tables(dump);
    assert_eq!(golden.len(), 39);
    for table in SCHEMA.tables {
        pretty(table.create(dialect).text(), golden[table.name]);
    }
}

/// `assert_eq!` on text, line by line, so that a difference can be found.
#[track_caller]
fn pretty(ours: &str, golden: &str) {
    for (ours, golden) in ours.split('\n').zip(golden.split('\n')) {
        assert_eq!(ours, golden);
    }
    assert_eq!(ours, golden);
}

#[test]
fn tables_come_in_the_order_of_the_original() {
    let names: Vec<_> = SCHEMA.tables.iter().map(|table| table.name).collect();
    assert_eq!(names, ORDER.split(", ").collect::<Vec<_>>());
}

#[test]
fn a_table_comes_after_those_that_it_refers_to() {
    for (position, table) in SCHEMA.tables.iter().enumerate() {
        for key in table.foreign_keys {
            let parent = SCHEMA.tables.iter().position(|other| other.name == key.table);
            assert!(parent.is_some_and(|parent| parent <= position), "{} → {}", table.name, key.table);
            assert_eq!(SCHEMA.tables[parent.unwrap()].primary_key, [key.references], "{}", table.name);
        }
    }
}

#[test]
fn every_key_and_index_names_columns_of_its_table() {
    for table in SCHEMA.tables {
        let parts = table.uniques.iter().flat_map(|unique| unique.columns.iter().map(|part| part.column));
        let indexed = table.indexes.iter().flat_map(|index| index.columns.iter().copied());
        for column in parts.chain(indexed).chain(table.primary_key.iter().copied()) {
            assert!(table.column(column).is_some(), "{}.{column}", table.name);
        }
    }
}

#[test]
fn sqlite_tables_are_those_of_the_original() {
    assert_same_tables(SQLITE, sqlite());
}

#[test]
fn sqlite_indexes_are_those_of_the_original() {
    assert_eq!(declared_indexes(sqlite()), created_indexes(SQLITE));
}

#[test]
fn mysql_tables_are_those_of_the_ruling() {
    assert_same_tables(MYSQL, mysql());
}

#[test]
fn the_mysql_schema_is_that_of_the_ruling_byte_for_byte() {
    let mut ours = String::new();
    for table in SCHEMA.tables {
        ours.push('\n');
        ours.push_str(table.create(mysql()).text());
        ours.push_str(";\n");
        for index in table.indexes {
            ours.push_str(table.create_index(index, mysql()).text());
            ours.push_str(";\n");
        }
    }
    let (_, golden) = MYSQL.split_once("\n\n").unwrap();
    pretty(&ours[1..], golden);
}

#[test]
fn integers_that_ruling_r3_does_not_name_stay_32_bits() {
    let narrow: BTreeSet<_> = SCHEMA
        .tables
        .iter()
        .flat_map(|table| table.columns.iter().map(move |column| (table.name, column)))
        .filter(|(_, column)| column.kind == ColumnKind::Int32)
        .map(|(table, column)| format!("{table}.{}", column.name))
        .collect();
    let expected = "attacker_behavior.hop_distance attacker_fingerprint_state.port attacker_identities.schema_version \
        attacker_intel.abuseipdb_score attacker_intel.schema_version attribution_state.schema_version \
        campaigns.schema_version observations.envelope_v swarm_hosts.agent_port \
        ttp_rule.rule_version ttp_tag.rule_version";
    assert_eq!(
        narrow.iter().map(String::as_str).collect::<Vec<_>>(),
        expected.split(' ').collect::<Vec<_>>()
    );
}
