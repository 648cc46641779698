//! Emptying a database.

use decnet_db_core::contract::Log;
use decnet_db_core::sql::{Record as _, Sql};
use decnet_db_core::transfer::{ResetMode, reset};

use crate::cases::log;
use crate::database::Database;
use crate::golden::{self};

pub(crate) async fn truncating_deletes_all_rows_and_assigns_keys_as_at_first(db: Database) {
    db.add_log(log("a")).await.unwrap();
    let first = db.get_max_log_id().await.unwrap();
    reset(&*db, ResetMode::Truncate).await.unwrap();
    // Where the dialect sets no counter back, it is the engine's, and it may only rise: in a Galera cluster that statement
    // would stop all nodes for each table.
    let mut resync = Sql::new(db.engine().dialect());
    db.engine().dialect().resync_serial(resync.ddl(), Log::TABLE, Log::ID.column());
    let only_rises = resync.is_empty();
    for dump in [golden::CORE, golden::INTELLIGENCE] {
        db.engine().commit(golden::rows(dump)).await.expect("the original's rows go in");
        let mut before = db.row_counts().await.unwrap();
        before.reverse();
        let last = db.get_max_log_id().await.unwrap();
        let report = reset(&*db, ResetMode::Truncate).await.unwrap();
        assert_eq!(report.tables, before, "children first");
        assert!(db.row_counts().await.unwrap().iter().all(|(_, rows)| *rows == Some(0)));
        assert_eq!(db.revisions().await.unwrap(), ["4a914b1d62a0"]);
        db.add_log(log("a")).await.unwrap();
        let id = db.get_max_log_id().await.unwrap();
        assert!(id == first || (only_rises && id > last), "first {first}, before {last}, now {id}");
        reset(&*db, ResetMode::Truncate).await.unwrap();
    }
}

pub(crate) async fn dropping_takes_the_stamp_too_and_the_schema_can_be_created_again(db: Database) {
    let db = db.golden().await;
    let report = reset(&*db, ResetMode::DropTables).await.unwrap();
    assert!(report.tables.iter().all(|(_, rows)| rows.is_some()));
    for _ in 0..2 {
        assert!(db.row_counts().await.unwrap().iter().all(|(_, rows)| rows.is_none()));
        assert!(db.revisions().await.unwrap().is_empty());
        let again = reset(&*db, ResetMode::DropTables).await.unwrap();
        assert!(again.tables.iter().all(|(_, rows)| rows.is_none()));
    }
    assert!(reset(&*db, ResetMode::Truncate).await.unwrap().tables.iter().all(|(_, rows)| rows.is_none()));
    let created = db.initialize().await.unwrap();
    assert_eq!((created.revision.as_str(), created.foreign_revision), ("4a914b1d62a0", false));
    db.add_log(log("a")).await.unwrap();
}
