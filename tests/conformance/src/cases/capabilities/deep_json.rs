//! JSON that is nested deeply, or what holds instead on an engine that can't look into it.

use decnet_db_core::contract::{LogFilter, NewLog};
use decnet_db_core::driver::Capability;

use crate::case::excused;
use crate::cases::lines;
use crate::database::Database;

pub(crate) async fn a_member_beside_it_is_found(db: Database) {
    let deep = format!(r#"{{"v":"x","deep":{}{}}}"#, "[".repeat(499), "]".repeat(499));
    let broken = format!(r#"{{"v":"x","deep":{}"#, "[".repeat(5_000));
    for fields in [deep.as_str(), &broken, r#"{"v":"x"}"#] {
        db.add_log(NewLog::new("d", "s", "e", "i").raw_line("r").fields(fields)).await.unwrap();
    }
    let rows = db.get_logs_after_id(0, 10, LogFilter::all()).await.unwrap();
    assert_eq!(rows[0].fields, deep, "it is stored all the same");
    let found = db.get_total_logs(LogFilter::all().search("v:x")).await.unwrap();
    assert_eq!(db.get_total_logs(LogFilter::all().search("deep:x")).await.unwrap(), 0);
    assert_eq!(lines(&db).await.len(), 3);
    match db.why_it_lacks(Capability::DeepJson) {
        None => assert_eq!(found, 2, "of the deep one and the plain one"),
        Some(reason) => {
            assert_eq!(found, 1, "deep JSON is declared as lacking, and was found");
            excused(Capability::DeepJson, reason)
        }
    }
}
