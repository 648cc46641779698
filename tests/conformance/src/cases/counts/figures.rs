//! What dashboards ask all the time is computed from the last answer and what came since: it must be what counting anew
//! gives, whoever wrote, deleted or purged meanwhile.

use decnet_db_core::contract::{Log, LogFilter, NewLog, Repository};
use decnet_db_core::sql::{Sql, Unit};
use serde_json::{Value, json};

use super::event;
use crate::database::Database;
use crate::json::called;

/// Everything that is computed from what was counted before.
async fn figures(repository: &dyn Repository) -> Value {
    json!({
        "total": called(repository, "get_total_logs", json!({})).await,
        "stats": called(repository, "get_stats_summary", json!({})).await,
        "minutes": called(repository, "get_log_histogram", json!({"interval_minutes": 1})).await,
        "hours": called(repository, "get_log_histogram", json!({"interval_minutes": 60})).await,
    })
}

/// The same, counted anew.
async fn counted(db: &Database) -> Value {
    let anew = db.open_again().await;
    let figures = figures(&*anew).await;
    anew.close().await;
    // And past what the fresh one could have computed: the times are at least those of the first instant.
    let since = json!({"start_time": "0001-01-01"});
    assert_eq!(figures["total"], called(&**db, "get_total_logs", since.clone()).await);
    let mut hours = since;
    hours["interval_minutes"] = json!(60);
    assert_eq!(figures["hours"], called(&**db, "get_log_histogram", hours).await);
    figures
}

async fn agree(db: &Database, others: &[&dyn Repository]) {
    let expected = counted(db).await;
    assert_eq!(figures(&**db).await, expected);
    for other in others {
        assert_eq!(figures(*other).await, expected);
    }
}

async fn delete(repository: &dyn Repository, condition: impl FnOnce(&mut Sql<'_>)) {
    let mut sql = Sql::new(repository.engine().dialect());
    sql.delete::<Log>().push(" WHERE ");
    condition(&mut sql);
    let mut unit = Unit::new();
    unit.execute(sql.finish().unwrap());
    repository.engine().commit(unit).await.unwrap();
}

pub(crate) async fn counts_follow_every_writer(db: Database) {
    let other = db.open_again().await;
    agree(&db, &[&*other]).await;
    for round in 0..6_i64 {
        db.add_logs((0..20).map(|number| event(round * 100 + number, number % 7)).collect()).await.unwrap();
        agree(&db, &[&*other]).await;
        other.add_log(event(round * 100 + 50, 100 + round)).await.unwrap();
        agree(&db, &[&*other]).await;
    }
    let stats = called(&*db, "get_stats_summary", json!({})).await;
    assert_eq!((&stats["total_logs"], &stats["unique_attackers"]), (&json!(126), &json!(13)));
    other.close().await;
}

pub(crate) async fn counts_follow_openings_that_write_in_turn(db: Database) {
    let other = db.open_again().await;
    let mut stored = 0;
    // So many that what is known of them is kept.
    for (writer, from) in [(&*db, 10_000), (&*other, 20_000)] {
        writer.add_logs((0..2_500).map(|number| event(from + number, number % 9)).collect()).await.unwrap();
        stored += 2_500;
    }
    agree(&db, &[&*other]).await;
    // Nothing else happens to the database meanwhile: a further opening might make them count anew.
    for round in 0..6 {
        for writer in [&*db, &*other] {
            writer.add_logs((0..3).map(|number| event(round * 10 + number, number)).collect()).await.unwrap();
            stored += 3;
            for reader in [&*db, &*other] {
                assert_eq!(reader.get_total_logs(LogFilter::all()).await.unwrap(), stored);
            }
        }
    }
    agree(&db, &[&*other]).await;
    other.close().await;
}

pub(crate) async fn counts_follow_deletions_past_the_contract(db: Database) {
    let other = db.open_again().await;
    db.add_logs((0..50).map(|number| event(number, number % 5)).collect()).await.unwrap();
    agree(&db, &[&*other]).await;
    // In the middle, the only event of a source, the first, the last: once by each.
    for (condition, value) in [("raw_line = ", "17"), ("raw_line = ", "0"), ("raw_line = ", "49")] {
        delete(&*other, |sql| {
            sql.push(condition).bind(value);
        })
        .await;
        agree(&db, &[&*other]).await;
    }
    delete(&*other, |sql| {
        sql.push("attacker_ip = ").bind("203.0.113.3");
    })
    .await;
    agree(&db, &[&*other]).await;
    // As many come as go.
    delete(&*other, |sql| {
        sql.push("raw_line = ").bind("21");
    })
    .await;
    other.add_log(event(21, 4)).await.unwrap();
    agree(&db, &[&*other]).await;
    delete(&*db, |sql| {
        sql.push("raw_line <> ").bind("");
    })
    .await;
    agree(&db, &[&*other]).await;
    assert_eq!(db.get_total_logs(LogFilter::all()).await.unwrap(), 0);
    other.close().await;
}

pub(crate) async fn counts_follow_a_purge_and_what_comes_after_it(db: Database) {
    let other = db.open_again().await;
    for round in 0..3 {
        db.add_logs((0..10).map(|number| event(round * 1_000 + number, round)).collect()).await.unwrap();
        agree(&db, &[&*other]).await;
        other.purge_logs_and_bounties().await.unwrap();
        // More than there were, so that ids which begin again reach further than before.
        other.add_logs((0..15).map(|number| event(round * 1_000 + 500 + number, 9)).collect()).await.unwrap();
        agree(&db, &[&*other]).await;
    }
    other.close().await;
}

pub(crate) async fn counts_follow_ids_that_were_left_out_before(db: Database) {
    let other = db.open_again().await;
    let numbered = |id: i64| {
        let mut log = event(id, id % 3);
        log.id = Some(id);
        log
    };
    db.add_logs((1..10).chain(20..30).map(numbered).collect()).await.unwrap();
    agree(&db, &[&*other]).await;
    other.add_logs(vec![event(40, 1), event(41, 2)]).await.unwrap();
    agree(&db, &[&*other]).await;
    db.add_logs(vec![numbered(15)]).await.unwrap();
    agree(&db, &[&*other]).await;
    other.add_logs(vec![numbered(12), numbered(100)]).await.unwrap();
    agree(&db, &[&*other]).await;
    other.close().await;
}

pub(crate) async fn counts_follow_ids_in_gaps_far_behind(db: Database) {
    let other = db.open_again().await;
    let numbered = |id: i64| {
        let mut log = event(id, id % 3);
        log.id = Some(id);
        log
    };
    // So far behind the newest that a summary may take them for lost.
    db.add_logs((1..10).chain(20..30).chain(50_000..50_010).map(numbered).collect()).await.unwrap();
    agree(&db, &[&*other]).await;
    other.add_log(event(60_000, 5)).await.unwrap();
    agree(&db, &[&*other]).await;
    for (writer, id) in [(&*other, 15), (&*db, 10), (&*other, 49_999), (&*other, 16)] {
        writer.add_logs(vec![numbered(id)]).await.unwrap();
        agree(&db, &[&*other]).await;
    }
    other.close().await;
}

pub(crate) async fn times_at_the_ends_of_the_calendar_have_their_minutes(db: Database) {
    let at = |text: &str| NewLog::new("d", "s", "e", "i").timestamp(text.parse().unwrap());
    let times = ["0001-01-01", "9999-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z", "1970-01-01"];
    db.add_logs(times.map(at).to_vec()).await.unwrap();
    agree(&db, &[]).await;
    let minutes = called(&*db, "get_log_histogram", json!({"interval_minutes": 1})).await;
    assert_eq!(
        minutes,
        json!([
            {"time": "0001-01-01 00:00:00", "count": 1},
            {"time": "1969-12-31 23:59:00", "count": 1},
            {"time": "1970-01-01 00:00:00", "count": 1},
            {"time": "9999-12-31 23:59:00", "count": 1},
        ])
    );
}
