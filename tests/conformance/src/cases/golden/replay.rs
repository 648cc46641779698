//! Our answers on the rows that the original wrote, against the original's.

use crate::database::Database;
use crate::golden::{self, List};

pub(crate) async fn each_read_answers_as_the_original_did(db: Database) {
    golden::check_reads(&*db.golden().await).await;
}

pub(crate) async fn each_write_changes_what_the_original_changed(db: Database) {
    golden::check_writes(&*db.golden().await).await;
}

pub(crate) async fn deployments_are_read_as_the_original_read_them(db: Database) {
    let db = db.with_dump(golden::DEPLOYMENT).await;
    golden::check_lists(&*db, &[List::DeploymentReads]).await;
}

pub(crate) async fn deployments_are_written_as_the_original_wrote_them(db: Database) {
    golden::check_writes_from_the_start(&*db, List::DeploymentWrites, golden::DEPLOYMENT).await;
}

pub(crate) async fn intelligence_is_read_as_the_original_read_it(db: Database) {
    let db = db.with_dump(golden::INTELLIGENCE).await;
    golden::check_lists(&*db, &[List::IntelligenceReads, List::IntelligenceReadsAfterSql]).await;
}

pub(crate) async fn intelligence_is_written_as_the_original_wrote_it(db: Database) {
    golden::check_writes_from_the_start(&*db, List::IntelligenceWrites, golden::INTELLIGENCE).await;
}
