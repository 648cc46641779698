//! `initialize` makes the tables, columns, keys and indexes that the original makes.

use super::{file_of, original, rows, sqlite, texts};
use crate::database::Database;
use decnet_db::contract::tables::SCHEMA;
use rusqlite::Connection;

/// `CREATE` statements by name, as the file keeps them, white space aside.
fn created(connection: &Connection, kind: &str) -> Vec<(String, Vec<String>)> {
    let sql = format!(
        "SELECT name || '|' || sql FROM sqlite_master WHERE type = '{kind}' AND sql IS NOT NULL \
         AND name NOT LIKE 'sqlite_%' AND name <> 'alembic_version' ORDER BY name"
    );
    let statements = texts(connection, &sql).into_iter().map(|line| {
        let (name, sql) = line.split_once('|').unwrap();
        // The order of constraints inside a table is not the same in all ways in which the original makes it.
        let lines = sql.lines().map(|line| line.trim().trim_end_matches(',').to_owned());
        let mut lines: Vec<_> = lines.collect();
        lines.sort();
        (name.to_owned(), lines)
    });
    statements.collect()
}

#[test]
fn tables_columns_and_constraints_are_the_originals() {
    sqlite(async |db: Database| {
        let (ours, theirs) = (created(&file_of(&db), "table"), created(&original(), "table"));
        assert_eq!(ours.len(), SCHEMA.tables.len());
        for (table, lines) in &ours {
            let theirs = theirs.iter().find(|(name, _)| name == table);
            assert_eq!(Some(lines), theirs.map(|(_, lines)| lines), "{table}");
        }
        assert_eq!(theirs.len(), 39);
        assert_eq!(ours.len(), theirs.len());
    });
}

/// The text above could agree by being equally misread: the engine's own view of columns, keys and references.
#[test]
fn the_engine_sees_the_same_columns_and_references() {
    sqlite(async |db: Database| {
        let (ours, theirs) = (file_of(&db), original());
        for table in SCHEMA.tables {
            for pragma in ["table_info", "foreign_key_list"] {
                let sql = format!("PRAGMA {pragma}({})", table.name);
                let sorted = |connection| {
                    let mut lines = texts(connection, &sql);
                    if pragma == "foreign_key_list" {
                        // id and seq depend on the order of the constraints.
                        for line in &mut lines {
                            *line = line.splitn(3, ' ').last().unwrap().to_owned();
                        }
                        lines.sort();
                    }
                    lines
                };
                assert_eq!(sorted(&ours), sorted(&theirs), "{sql}");
            }
        }
    });
}

#[test]
fn indexes_are_the_originals() {
    sqlite(async |db: Database| {
        let (ours, theirs) = (created(&file_of(&db), "index"), created(&original(), "index"));
        let declared: usize = SCHEMA.tables.iter().map(|table| table.indexes.len()).sum();
        assert_eq!(ours.len(), declared);
        for (index, lines) in &ours {
            let theirs = theirs.iter().find(|(name, _)| name == index);
            assert_eq!(Some(lines), theirs.map(|(_, lines)| lines), "{index}");
        }
        assert_eq!(ours.len(), theirs.len());
    });
}

#[test]
fn the_stamp_is_the_originals_revision() {
    sqlite(async |db: Database| {
        let file = file_of(&db);
        assert_eq!(texts(&file, "SELECT version_num FROM alembic_version"), ["4a914b1d62a0"]);
        let sql = texts(&file, "SELECT sql FROM sqlite_master WHERE name = 'alembic_version'").join("");
        assert!(sql.contains("version_num VARCHAR(32) NOT NULL"), "{sql}");
        assert!(sql.contains("CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)"), "{sql}");
    });
}

#[test]
fn a_second_initialize_changes_nothing() {
    sqlite(async |db: Database| {
        let file = file_of(&db);
        let all = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name";
        let before = rows(&file, all);
        let again = db.initialize().await.unwrap();
        assert_eq!((again.created, again.foreign_revision), (0, false));
        assert_eq!(rows(&file, all), before);
    });
}
