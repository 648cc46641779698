//! Random changes by this process and by others, and after each of them random questions.
//!
//! `DECNET_SEGMENT_ROUNDS` says how many changes a run makes (40), `DECNET_SEGMENT_SEED` which ones.

use decnet_db::contract::Log;
use decnet_db::retention::{Policy, PruneOptions, prune};

use crate::support::{Database, each_backend};
use crate::world::{Other, add, agree, event, wait};

each_backend!(what_is_answered_is_what_the_table_says);

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().expect("a number"))
}

#[allow(clippy::print_stdout, reason = "a failure tells which change it came after")]
async fn what_is_answered_is_what_the_table_says(db: Database) {
    let seed = setting("DECNET_SEGMENT_SEED", 1);
    let mut random = fastrand::Rng::with_seed(seed);
    let (again, other) = (db.open_again().await, Other::open(&db).await);
    let mut number = 6_000;
    add(&*db, 0..number).await;
    for round in 0..setting("DECNET_SEGMENT_ROUNDS", 40) {
        let rows = db.get_total_logs(Default::default()).await.unwrap();
        let change = if rows < 4_000 { 0 } else { random.u64(0..10) };
        let count = random.i64(1..1_500);
        println!("seed {seed}, round {round}: change {change}, {count} of {rows}");
        match change {
            0 => add(&*db, number..number + 4 * count).await,
            1 => add(&*again, number..number + count).await,
            2 => other.add(number..number + count).await,
            3 => {
                let id = other.id_at(random.u64(0..rows.min(3_000))).await;
                other
                    .delete(|sql| {
                        sql.push("id < ").bind(id);
                    })
                    .await;
            }
            4 => {
                let id = other.id_at(rows - random.u64(1..rows.min(1_500))).await;
                other
                    .delete(|sql| {
                        sql.push("id >= ").bind(id);
                    })
                    .await;
            }
            5 | 6 => {
                let from = other.id_at(random.u64(0..rows)).await;
                let mut sql = other.sql();
                if change == 5 {
                    sql.delete::<Log>();
                } else {
                    sql.update::<Log>().set(Log::TIMESTAMP, event(random.i64(0..100_000)).timestamp.unwrap());
                    sql.set(Log::RAW_LINE, ["a needle", "common", ""][random.usize(0..3)]);
                }
                sql.push(" WHERE id >= ").bind(from).push(" AND id < ").bind(from + random.i64(1..3_000));
                other.execute(sql.finish().unwrap()).await;
                wait(change == 6);
            }
            7 => {
                let policy = Policy::newest(rows - random.u64(0..rows.min(2_000))).unwrap();
                prune(&*again, &policy, PruneOptions::default()).await.unwrap();
            }
            8 => {
                // Ids that were given before.
                let free = other.id_at(random.u64(0..rows - 1)).await;
                other
                    .delete(|sql| {
                        sql.push("id = ").bind(free);
                    })
                    .await;
                let mut event = event(97 * count);
                event.id = Some(free);
                db.add_log(event).await.unwrap();
            }
            _ => {
                db.purge_logs_and_bounties().await.unwrap();
            }
        }
        number += 5 * count;
        for _ in 0..3 {
            let some = random.i64(0..number);
            let search = match random.u64(0..12) {
                0 => format!("Needle {}", some / 100 * 100),
                1 => format!("{some}"),
                2 => format!("user:u{some}"),
                3 => format!("number:{some} NOTHING"),
                4 => format!("needle 113.{}", some % 300),
                few => ["needle", "common", "absent", "NOTHING", "othing", "mmon 1", "le"][few as usize - 5]
                    .into(),
            };
            agree(&[&*db, &*again], &other, random.u64(0..6_000), &search).await;
        }
    }
    other.close().await;
    again.close().await;
}
