//! One promise each.

use std::time::Instant;

use decnet_db::contract::{Log, LogFilter, LogQuery, NewLog};
use decnet_db::retention::{Policy, PruneOptions, prune};
use decnet_db::sql::Unit;
use decnet_db::time::Timestamp;

use crate::support::{Database, each_backend};
use crate::world::{Other, PROMISED, add, agree, event, matches, same, table, wait};

each_backend!(
    what_others_append_shows_at_once,
    what_others_delete_of_the_oldest_or_newest_shows_at_once,
    what_others_delete_or_change_in_the_middle_shows_in_time,
    what_this_process_changes_shows_at_once,
    whoever_drops_a_deletion_leaves_no_doubt,
    what_was_found_is_not_looked_for_again,
    pages_of_what_many_events_have_are_right,
    the_newest_events_of_new_searches_are_right,
    sources_go_with_their_last_event,
);

async fn what_others_append_shows_at_once(db: Database) {
    let (again, other) = (db.open_again().await, Other::open(&db).await);
    add(&*db, 0..5_000).await;
    for round in 0..12 {
        agree(&[&*db, &*again], &other, 1_000 + round * 271, "needle").await;
        let from = 10_000 + round as i64 * 1_000;
        other.add(from..from + 397).await;
    }
    other.close().await;
    again.close().await;
}

async fn what_others_delete_of_the_oldest_or_newest_shows_at_once(db: Database) {
    let (again, other) = (db.open_again().await, Other::open(&db).await);
    add(&*db, 0..12_000).await;
    for round in 0..10 {
        agree(&[&*db, &*again], &other, 1_500, ["needle", "common", "absent"][round % 3]).await;
        let id = other.id_at([1, 700, 1_024, 3_000][round % 4]).await;
        other
            .delete(|sql| {
                sql.push("id < ").bind(id);
            })
            .await;
        agree(&[&*db, &*again], &other, 1_200, "needle").await;
        // The only event of a source, and another one in its place.
        for source in ["198.51.100.1", "198.51.100.2", "203.0.113.1"] {
            other.add_of(source).await;
            agree(&[&*db, &*again], &other, 1_200, "needle").await;
            let newest = db.get_max_log_id().await.unwrap();
            other
                .delete(|sql| {
                    sql.push("id = ").bind(newest);
                })
                .await;
        }
        agree(&[&*db, &*again], &other, 1_200, "needle").await;
        if round % 4 == 3 {
            let id = other.id_at(1_500).await;
            other
                .delete(|sql| {
                    sql.push("id > ").bind(id);
                })
                .await;
            agree(&[&*db, &*again], &other, 1_100, "needle").await;
            add(&*db, 20_000..26_000).await;
        }
    }
    other
        .delete(|sql| {
            sql.push("id > ").bind(0);
        })
        .await;
    agree(&[&*db, &*again], &other, 1_000, "needle").await;
    other.add(0..300).await;
    agree(&[&*db, &*again], &other, 1_000, "needle").await;
    other.close().await;
    again.close().await;
}

async fn what_others_delete_or_change_in_the_middle_shows_in_time(db: Database) {
    let (again, other) = (db.open_again().await, Other::open(&db).await);
    add(&*db, 0..8_000).await;
    agree(&[&*db, &*again], &other, 1_500, "needle").await;
    agree(&[&*db, &*again], &other, 1_500, "needle").await;
    for round in 0..4 {
        let (from, to) = (other.id_at(2_000 + round * 300).await, other.id_at(2_100 + round * 300).await);
        if round % 2 == 0 {
            other
                .delete(|sql| {
                    sql.push("id >= ").bind(from).push(" AND id < ").bind(to);
                })
                .await;
        } else {
            let time = event(1).timestamp.unwrap();
            let mut sql = other.sql();
            sql.update::<Log>()
                .set(Log::TIMESTAMP, time)
                .set(Log::RAW_LINE, "a needle more")
                .push(" WHERE id >= ");
            sql.bind(from).push(" AND id < ").bind(to);
            other.execute(sql.finish().unwrap()).await;
        }
        wait(round % 2 != 0);
        agree(&[&*db, &*again], &other, 1_500, "needle").await;
    }
    other.close().await;
    again.close().await;
}

async fn what_this_process_changes_shows_at_once(db: Database) {
    let (again, other) = (db.open_again().await, Other::open(&db).await);
    add(&*db, 0..9_000).await;
    for round in 0..6 {
        agree(&[&*db, &*again], &other, 1_500, "needle").await;
        let policy = Policy::Newest(8_500 - round * 777);
        prune(&*again, &policy, PruneOptions::default()).await.unwrap();
        agree(&[&*db, &*again], &other, 1_500, "needle").await;
        // In the middle, by a statement of the program's own.
        let id = other.id_at(2_500).await;
        let mut sql = other.sql();
        sql.delete::<Log>().push(" WHERE id = ").bind(id);
        let mut unit = Unit::new();
        unit.execute(sql.finish().unwrap());
        db.engine().commit(unit).await.unwrap();
        agree(&[&*db, &*again], &other, 1_500, "needle").await;
        let mut left_out = event(97 * round as i64);
        left_out.id = Some(id);
        again.add_log(left_out).await.unwrap();
        agree(&[&*db, &*again], &other, 1_500, "needle").await;
    }
    again.purge_logs_and_bounties().await.unwrap();
    agree(&[&*db, &*again], &other, 1_000, "needle").await;
    other.close().await;
    again.close().await;
}

async fn whoever_drops_a_deletion_leaves_no_doubt(db: Database) {
    add(&*db, 0..6_000).await;
    let other = Other::open(&db).await;
    agree(&[&*db], &other, 1_500, "needle").await;
    for polls in [1, 2, 3, 8] {
        {
            let mut purge = std::pin::pin!(db.purge_logs_and_bounties());
            for _ in 0..polls {
                if has_ended(purge.as_mut()).await {
                    break;
                }
            }
        }
        // Once begun it is carried out, and what is asked meanwhile is no doubt what was true before.
        let begun = Instant::now();
        while other.rows().await > 0 {
            assert!(begun.elapsed() < PROMISED, "what was begun is not carried out");
            db.get_total_logs(LogFilter::all()).await.unwrap();
        }
        agree(&[&*db], &other, 1_500, "needle").await;
        add(&*db, 0..6_000).await;
        agree(&[&*db], &other, 1_500, "needle").await;
    }
    other.close().await;
}

/// Once their number is known, such pages are read in the order of time, instead of by the column's index.
async fn pages_of_what_many_events_have_are_right(db: Database) {
    let other = Other::open(&db).await;
    add(&*db, 0..12_000).await;
    for search in ["service:ssh", "service:ssh common", "service:SSH"] {
        for _ in 0..2 {
            agree(&[&*db], &other, 1_000, search).await;
        }
        let from = db.get_max_log_id().await.unwrap() + 20_000;
        other.add(from..from + 300).await;
        agree(&[&*db], &other, 1_000, search).await;
    }
    other.close().await;
}

/// The oldest events are deleted, by this process and by others, and with some of them the last of their source; sources come
/// back, and there are always more of them than are known by name.
async fn sources_go_with_their_last_event(db: Database) {
    let other = Other::open(&db).await;
    let mut next = 0;
    let mut more = async |count: i64| {
        let of = |number: i64| match number % 7 {
            0 => format!("203.0.113.{}", number % 50),
            _ => format!("198.51.{}.{}", number / 200 % 200, number % 200),
        };
        for from in (next..next + count).step_by(500) {
            let events =
                (from..(next + count).min(from + 500)).map(|number| NewLog::new("d", "ssh", "e", of(number)));
            db.add_logs(events.collect()).await.unwrap();
        }
        next += count;
    };
    let right = async |when: &str| {
        let sources = other.number("SELECT COUNT(DISTINCT attacker_ip) FROM logs").await;
        for _ in 0..2 {
            assert_eq!(db.get_stats_summary().await.unwrap().unique_attackers, sources, "{when}");
        }
    };
    more(14_000).await;
    right("at first").await;
    for round in 0..40_usize {
        let oldest = other.id_at([1, 40, 300, 1_500, 0][round % 5]).await;
        if round % 3 == 0 {
            let rows = other.rows().await;
            let policy = Policy::Newest(rows - [1, 250, 900][round / 3 % 3]);
            prune(&*db, &policy, PruneOptions::default()).await.unwrap();
        } else {
            other
                .delete(|sql| {
                    sql.push("id < ").bind(oldest);
                })
                .await;
        }
        right("after a deletion").await;
        // One that may be gone, and some whose last event would be gone soon.
        other.add_of(&format!("198.51.{}.7", round)).await;
        for position in [0, 20, 150] {
            let oldest = other.id_at(position).await - 1;
            let event = db.get_logs_after_id(oldest, 1, LogFilter::all()).await.unwrap().swap_remove(0);
            other.add_of(&event.attacker_ip).await;
        }
        right("after a return").await;
        more([0, 700, 3_000][round % 3]).await;
        right("after more events").await;
    }
    other.close().await;
}

/// Of a search that was not made before, the first pages come from the newest of the blocks that may have events that match:
/// newest by their times, while captures of long ago are stored late, and clocks jump.
async fn the_newest_events_of_new_searches_are_right(db: Database) {
    let other = Other::open(&db).await;
    let second = |number: i64| match number {
        3_000..4_100 => number + 30_000,
        15_000..16_500 => number - 14_000,
        _ if number % 2_000 < 50 => number * 17 % 20_000,
        _ => number,
    };
    let event = |number: i64| {
        let time = Timestamp::from_microseconds(second(number) * 1_000_000 + 1_700_000_000_000_000).unwrap();
        event(number).timestamp(time)
    };
    for from in (0..20_000).step_by(500) {
        db.add_logs((from..from + 500).map(event).collect()).await.unwrap();
    }
    // Each is a search of its own, and matches the same.
    let mut number = 0;
    let mut search = || {
        number += 1;
        ["needle", "Needle", "NEEDLE", "neEdle"][number % 4].to_owned() + &" needle".repeat(number / 4)
    };
    for round in 0..6 {
        db.get_total_logs(LogFilter::all()).await.unwrap();
        let all = table(&*db).await;
        let cut = |at: usize| all[all.len() * at / 8].timestamp;
        for (start, end) in
            [(None, None), (None, Some(cut(2))), (Some(cut(1)), None), (Some(cut(6)), Some(cut(5)))]
        {
            let mut filter = LogFilter::all();
            (filter.start_time, filter.end_time) = (start, end);
            let matching: Vec<&Log> = all
                .iter()
                .filter(|log| matches(log, "needle"))
                .filter(|log| start.is_none_or(|start| log.timestamp >= start))
                .filter(|log| end.is_none_or(|end| log.timestamp <= end))
                .collect();
            for offset in [0, 33, 90, 150] {
                let mut query = LogQuery::new().limit(20).offset(offset);
                query.filter = filter.clone().search(search());
                same(&db.get_logs(query).await.unwrap(), &matching, offset, 20, "a page of a new search");
            }
            let mut next = None;
            for position in 0..5 {
                let page = db.get_logs_page(15, filter.clone().search(search()), next.take()).await.unwrap();
                same(&page.data, &matching, 15 * position, 15, "a page by key of a new search");
                next = page.next;
                if next.is_none() {
                    break;
                }
            }
        }
        match round {
            0 => other.add(40_000..40_200).await,
            1 => db.add_log(event(25_000).raw_line("needle")).await.unwrap(),
            2 => {
                let id = other.id_at(1_500).await;
                other
                    .delete(|sql| {
                        sql.push("id < ").bind(id);
                    })
                    .await;
            }
            3 => {
                let id = db.get_logs(LogQuery::new().search("needle").limit(5)).await.unwrap()[4].id;
                other
                    .delete(|sql| {
                        sql.push("id = ").bind(id);
                    })
                    .await;
                wait(false);
            }
            _ => wait(true),
        }
    }
    other.close().await;
}

async fn what_was_found_is_not_looked_for_again(db: Database) {
    let other = Other::open(&db).await;
    add(&*db, 0..9_000).await;
    let found = async |search: &str| db.get_total_logs(LogFilter::all().search(search)).await.unwrap();
    // Others change an event in the middle, where it may go unseen for a while: so much nobody has looked there.
    let rewrite = async |position, line: String| {
        let id = other.id_at(position).await;
        let mut sql = other.sql();
        sql.update::<Log>().set(Log::RAW_LINE, line).only(Log::ID, id);
        other.execute(sql.finish().unwrap()).await;
    };
    db.get_total_logs(LogFilter::all()).await.unwrap();
    let before = found("needle").await;
    rewrite(3_000, "one more needle".into()).await;
    assert_eq!(found("needle").await, before, "the total is kept");
    let page = db.get_logs(LogQuery::new().search("needle").limit(20)).await.unwrap();
    rewrite(3_001, "and one more needle".into()).await;
    assert_eq!(db.get_logs(LogQuery::new().search("needle").limit(20)).await.unwrap(), page, "so are events");
    wait(true);
    assert_eq!(found("needle").await, before + 2);

    // A search that is new looks only where it may find something, as soon as it is known where: nobody waits for that.
    let begun = Instant::now();
    let mut number = 0;
    let hidden = loop {
        number += 1;
        let needle = format!("hidden-{number}-");
        rewrite(3_000 + number, needle.clone()).await;
        if found(&needle).await == 0 {
            break needle;
        }
        assert!(begun.elapsed() < PROMISED, "a new search looks everywhere");
    };
    wait(true);
    assert_eq!(found(&hidden).await, 1);
    other.close().await;
}

#[cfg(feature = "mysql")]
#[test]
fn what_others_were_deleting_when_it_was_opened_shows_in_time() {
    use mysql_async::prelude::Queryable as _;

    crate::support::mysql(|db| async move {
        let other = Other::open(&db).await;
        add(&*db, 0..4_000).await;
        let id = other.id_at(1_700).await;
        let mut connection = mysql_async::Conn::from_url(&db.url).await.unwrap();
        connection.query_drop("BEGIN").await.unwrap();
        connection.exec_drop("DELETE FROM logs WHERE id = ?", (id,)).await.unwrap();
        let again = db.open_again().await;
        agree(&[&*again], &other, 1_200, "needle").await;
        agree(&[&*again], &other, 1_200, "needle").await;
        connection.query_drop("COMMIT").await.unwrap();
        wait(false);
        agree(&[&*again], &other, 1_200, "needle").await;
        assert_eq!(again.get_total_logs(LogFilter::all()).await.unwrap(), 3_999);
        connection.disconnect().await.unwrap();
        other.close().await;
        again.close().await;
    });
}

/// Polls once; whether it has ended.
async fn has_ended<F: Future>(mut future: std::pin::Pin<&mut F>) -> bool {
    let polled =
        std::future::poll_fn(|context| std::task::Poll::Ready(future.as_mut().poll(context).is_ready()))
            .await;
    tokio::task::yield_now().await;
    polled
}
