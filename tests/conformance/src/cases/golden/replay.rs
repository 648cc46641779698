//! Our answers on the rows that the original wrote, against the original's.

use crate::database::Database;
use crate::golden::{self};

pub(crate) async fn each_read_answers_as_the_original_did(db: Database) {
    golden::check_reads(&*db.golden().await).await;
}

pub(crate) async fn each_write_changes_what_the_original_changed(db: Database) {
    golden::check_writes(&*db.golden().await).await;
}
