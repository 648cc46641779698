//! A server finishes what it got, also when whoever sent it was killed meanwhile.

use std::time::Duration;

use mysql_async::prelude::Queryable as _;

use crate::bench::{Bench, numbered, records};
use crate::support::{Database, mysql};

#[test]
fn a_commit_under_way_is_waited_for() {
    mysql(commit_under_way);
}

async fn commit_under_way(db: Database) {
    let bench = Bench::new(&db);
    bench.write("capture", records(0..10));
    assert_eq!(bench.ingest(&["capture"]).counts(), (10, 0));
    let before = bench.read("capture").len();
    bench.append("capture", records(10..11));
    let after = bench.read("capture").len();

    // What a killed run has sent: the line and its position, with COMMIT on its way.
    let pool = mysql_async::Pool::from_url(db.url.as_str()).unwrap();
    let (mut late, mut watch) = (pool.get_conn().await.unwrap(), pool.get_conn().await.unwrap());
    let position = format!(
        "UPDATE state SET value = REPLACE(REPLACE(value, '\"position\":{before}', '\"position\":{after}'), \
         '\"lines\":10', '\"lines\":11') WHERE `key` LIKE 'decnet-db ingest: /%'"
    );
    for statement in [
        "START TRANSACTION",
        "UPDATE state SET value = 'null' WHERE `key` LIKE 'decnet-db latch: /%'",
        "INSERT INTO logs (timestamp, decky, service, event_type, attacker_ip, raw_line, fields) \
         SELECT timestamp, decky, service, event_type, attacker_ip, '10', fields FROM logs WHERE raw_line = '9'",
        &position,
    ] {
        late.query_drop(statement).await.unwrap();
    }
    assert_eq!(late.affected_rows(), 1);

    let mut running = bench.start(&["capture"]);
    let waiting = "SELECT COUNT(*) FROM information_schema.INNODB_TRX JOIN information_schema.PROCESSLIST \
        ON trx_mysql_thread_id = ID WHERE trx_state = 'LOCK WAIT' AND DB = DATABASE()";
    while watch.query_first::<u64, _>(waiting).await.unwrap() == Some(0) {
        assert!(!running.has_ended(), "it should wait: {:?}", running.end());
        // Looking more often keeps the server from looking anew: its table is a copy, and 100 ms old before it is made again.
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    late.query_drop("COMMIT").await.unwrap();
    let run = running.end();
    let summary = run.json();
    assert_eq!((&summary["stored"], &summary["already_there"]), (&0.into(), &11.into()));
    assert_eq!(bench.lines().await, numbered(0..11));
    drop((late, watch));
    pool.disconnect().await.unwrap();
}
