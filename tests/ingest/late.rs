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
    // What the record says before and after one more line.
    let pool = mysql_async::Pool::from_url(db.url.as_str()).unwrap();
    let (mut late, mut watch) = (pool.get_conn().await.unwrap(), pool.get_conn().await.unwrap());
    let query = "SELECT `key` FROM state WHERE `key` LIKE 'decnet-db input: %'";
    let key: String = late.query_first(query).await.unwrap().unwrap();
    let before = db.get_state(&key).await.unwrap().unwrap();
    bench.append("capture", records(10..11));
    assert_eq!(bench.ingest(&["capture"]).counts(), (1, 0));
    let after = db.get_state(&key).await.unwrap().unwrap();
    late.query_drop("DELETE FROM logs WHERE raw_line = '10'").await.unwrap();
    db.set_state(&key, before).await.unwrap();

    // What a killed run has sent: the line and its position, with COMMIT on its way.
    for statement in [
        "START TRANSACTION",
        "INSERT INTO logs (timestamp, decky, service, event_type, attacker_ip, raw_line, fields) \
         SELECT timestamp, decky, service, event_type, attacker_ip, '10', fields FROM logs WHERE raw_line = '9'",
    ] {
        late.query_drop(statement).await.unwrap();
    }
    late.exec_drop("UPDATE state SET value = ? WHERE `key` = ?", (after.as_str(), &key)).await.unwrap();
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
