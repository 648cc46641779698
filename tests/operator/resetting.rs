//! Emptying a database.

use decnet_db::contract::NewLog;
use decnet_db::transfer::{CopyOptions, ResetMode, copy, reset};

use crate::place::{GOLDEN, Middle, Place, block_on, each_middle};

each_middle![
    truncating_deletes_all_rows_and_assigns_keys_from_one,
    dropping_takes_the_stamp_too_and_the_schema_can_be_created_again,
];

async fn filled(middle: &Middle, sql: &str) -> Place {
    let place = middle.without_tables().await;
    let mut options = CopyOptions::new("golden");
    options.mend_references = true;
    let source = Place::with(sql);
    source
        .sqlite()
        .execute_batch("UPDATE campaigns SET merged_into_uuid = (SELECT max(uuid) FROM campaigns);")
        .unwrap();
    let (from, to) = (source.open().await, place.open().await);
    assert!(copy(&*from, &*to, &options, &mut |_| ()).await.unwrap().is_complete());
    place
}

async fn truncating_deletes_all_rows_and_assigns_keys_from_one(middle: Middle) {
    for golden in GOLDEN {
        let place = filled(&middle, golden).await;
        let repository = place.open().await;
        let mut before = repository.row_counts().await.unwrap();
        before.reverse();
        let report = reset(&*repository, ResetMode::Truncate).await.unwrap();
        assert_eq!(report.tables, before);
        assert_eq!(report.tables[0].0, "ttp_tag");
        assert!(repository.row_counts().await.unwrap().iter().all(|(_, rows)| *rows == Some(0)));
        assert_eq!(repository.revisions().await.unwrap(), ["4a914b1d62a0"]);
        repository.add_log(NewLog::new("d", "s", "e", "i")).await.unwrap();
        assert_eq!(repository.get_max_log_id().await.unwrap(), 1);
    }
}

async fn dropping_takes_the_stamp_too_and_the_schema_can_be_created_again(middle: Middle) {
    for golden in GOLDEN {
        let place = filled(&middle, golden).await;
        let repository = place.open().await;
        let report = reset(&*repository, ResetMode::DropTables).await.unwrap();
        assert!(report.tables.iter().all(|(_, rows)| rows.is_some()));
        assert!(repository.row_counts().await.unwrap().iter().all(|(_, rows)| rows.is_none()));
        assert!(repository.revisions().await.unwrap().is_empty());
        let again = reset(&*repository, ResetMode::DropTables).await.unwrap();
        assert!(again.tables.iter().all(|(_, rows)| rows.is_none()));
        assert!(
            reset(&*repository, ResetMode::Truncate).await.unwrap().tables.iter().all(|it| it.1.is_none())
        );
        let created = repository.initialize().await.unwrap();
        assert_eq!((created.revision.as_str(), created.foreign_revision), ("4a914b1d62a0", false));
    }
}

#[test]
fn a_foreign_stamp_and_foreign_tables_are_left_alone() {
    block_on(async {
        let place = Place::with(GOLDEN[0]);
        place
            .sqlite()
            .execute_batch(
                "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL);
                 INSERT INTO alembic_version VALUES ('other'); CREATE TABLE theirs (x); DROP TABLE lans;",
            )
            .unwrap();
        let repository = place.open().await;
        let report = reset(&*repository, ResetMode::DropTables).await.unwrap();
        assert_eq!(report.foreign_stamps, ["other"]);
        assert_eq!(repository.revisions().await.unwrap(), ["other"]);
        assert_eq!(report.tables.iter().filter(|(_, rows)| rows.is_none()).count(), 1);
        assert_eq!(place.dump().into_keys().collect::<Vec<_>>(), ["theirs"]);
    });
}
