//! Numbers and times at both ends.

use decnet_db_core::ErrorKind;
use decnet_db_core::call::call;
use decnet_db_core::contract::limits::MOST_ROWS;
use decnet_db_core::contract::{BountyQuery, LogFilter, LogQuery, NewLog};
use serde_json::json;

use crate::database::Database;
use crate::json::called;

pub(crate) async fn times_at_both_ends_and_in_all_forms(db: Database) {
    let forms = [
        ("0001-01-01", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
        ("1969-12-31 23:59:59.9999999", "1969-12-31T23:59:59.999999Z"),
        ("2026-01-02x03", "2026-01-02T03:00:00Z"),
        ("20260102T030405,1234567", "2026-01-02T03:04:05.123456Z"),
        ("2026-W01-5", "2026-01-02T00:00:00Z"),
        ("2026-01-02T03:04:05+05:30:15", "2026-01-01T21:33:50Z"),
        ("2026-01-02 03:04:05-0000", "2026-01-02T03:04:05Z"),
        ("0001-01-01T00:00:00+01:00", "error"),
        ("9999-12-31T23:59:59-01:00", "error"),
        ("10000-01-01", "error"),
        ("2026-02-30", "error"),
        ("2026-01-02T03:04:05z", "error"),
        (" 2026-01-02", "error"),
        ("now", "error"),
    ];
    for (given, shown) in forms {
        let log = json!({
            "decky": "d", "service": "s", "event_type": "e", "attacker_ip": "i", "raw_line": given, "fields": {},
            "timestamp": given,
        });
        match call(&*db, "add_log", json!({"log_data": log})).await {
            Ok(_) => {
                let last = db.get_max_log_id().await.unwrap() - 1;
                let back = called(&*db, "get_logs_after_id", json!({"last_id": last})).await;
                assert_eq!(back[0]["timestamp"], shown, "{given}");
            }
            Err(error) => {
                assert_eq!(shown, "error", "{given}: {error}");
                assert_eq!(error.kind(), ErrorKind::InvalidInput);
                assert!(error.to_string().starts_with("log_data.timestamp: "), "{error}");
            }
        }
        let bound = call(&*db, "get_total_logs", json!({"start_time": given})).await;
        assert_eq!(bound.is_err(), shown == "error", "{given}");
    }
}

pub(crate) async fn integers_at_the_limits(db: Database) {
    let mut log = NewLog::new("d", "s", "e", "i");
    log.id = Some(i64::MAX);
    db.add_log(log).await.unwrap();
    assert_eq!(db.get_max_log_id().await.unwrap(), i64::MAX);
    let after = |last_id: i64, limit: u64| db.get_logs_after_id(last_id, limit, LogFilter::all());
    assert_eq!(after(i64::MAX - 1, MOST_ROWS).await.unwrap().len(), 1);
    assert_eq!(after(i64::MAX, MOST_ROWS).await.unwrap().len(), 0);
    assert_eq!(after(i64::MIN, 1).await.unwrap().len(), 1);
    assert_eq!(after(0, 0).await.unwrap().len(), 0);
    let far = LogQuery::new().limit(MOST_ROWS).offset(u64::MAX);
    assert_eq!(db.get_logs(far).await.unwrap().len(), 0);
    let far = BountyQuery::new().limit(MOST_ROWS).offset(i64::MAX.unsigned_abs());
    assert_eq!(db.get_bounties(far).await.unwrap().len(), 0);
    for interval in [i64::MIN, -1, 0, 1, i64::MAX / 60, i64::MAX] {
        assert_eq!(db.get_log_histogram(LogFilter::all(), interval).await.unwrap().len(), 1, "{interval}");
    }
}

pub(crate) async fn the_histogram_reaches_over_all_years(db: Database) {
    let times = [
        ("0001-01-01T00:00:00.999999Z", "0001-01-01 00:00:00"),
        ("1969-12-31T23:44:59.999999Z", "1969-12-31 23:30:00"),
        ("1969-12-31T23:59:59.999999Z", "1969-12-31 23:45:00"),
        ("1970-01-01", "1970-01-01 00:00:00"),
        ("2038-01-19T03:14:07.999999Z", "2038-01-19 03:00:00"),
        ("2038-01-19T03:30:00Z", "2038-01-19 03:30:00"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31 23:45:00"),
    ];
    for (time, _) in times {
        db.add_log(NewLog::new("d", "s", "e", "i").timestamp(time.parse().unwrap())).await.unwrap();
    }
    let buckets = db.get_log_histogram(LogFilter::all(), 15).await.unwrap();
    let starts: Vec<_> = buckets.iter().map(|bucket| (bucket.time.as_str(), bucket.count)).collect();
    assert_eq!(starts, times.map(|(_, bucket)| (bucket, 1)));
    // A bucket that would begin before year 1 (ruling R16).
    let long = db.get_log_histogram(LogFilter::all(), 60 * 24 * 365 * 3_000).await.unwrap();
    assert_eq!(long[0].time, "0001-01-01 00:00:00");
    assert_eq!(long.iter().map(|bucket| bucket.count).sum::<u64>(), 7);
}
