//! A follower on a database that is gone for a while, under a service manager.

use std::os::unix::net::UnixDatagram;

use crate::bench::{Bench, numbered, records};
use crate::support::{Database, each_backend};

each_backend!(the_service_manager_is_told_when_everything_was_looked_at);

async fn the_service_manager_is_told_when_everything_was_looked_at(db: Database) {
    let bench = Bench::new(&db);
    bench.write("capture", records(0..50));
    let socket = UnixDatagram::bind(bench.path("notify")).unwrap();
    socket.set_read_timeout(Some(std::time::Duration::from_secs(60))).unwrap();
    let mut command = bench.command(&["--follow", "-q", "--json", "capture"]);
    let running = crate::bench::Running::of(command.env("NOTIFY_SOCKET", bench.path("notify")));
    let mut message = [0; 1024];
    let length = socket.recv(&mut message).unwrap();
    assert_eq!(std::str::from_utf8(&message[..length]).unwrap().trim(), "READY=1");
    assert_eq!(bench.count().await, 50);
    let run = running.terminate();
    assert_eq!(run.code, 0, "{run:?}");
}

#[cfg(feature = "mysql")]
mod gone {
    use std::fs;
    use std::io::{BufRead as _, BufReader};

    use super::*;
    use crate::trouble::Proxy;

    /// Case 21: "stop the server for 40 s", before and while something is followed.
    #[test]
    fn a_server_that_is_gone_is_waited_for() {
        crate::support::mysql(a_server_comes_back);
    }

    async fn a_server_comes_back(db: Database) {
        let mut bench = Bench::new(&db);
        let proxy = Proxy::to(&db.url);
        bench.url = proxy.url(&db.url);
        bench.write("capture", records(0..3));
        proxy.set_gone(true);
        let mut child = bench.command(&["--follow", "--json", "capture"]).spawn().unwrap();
        let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut until_said = |what: &str| {
            let found = said.find(|line| line.as_ref().unwrap().contains(what));
            assert!(found.is_some(), "it ends without a word of {what:?}");
        };
        until_said("waiting for the database");
        proxy.set_gone(false);
        bench.until_count(3).await;
        for round in 1..4_u32 {
            proxy.set_gone(true);
            bench.append("capture", records(round * 3..round * 3 + 2));
            until_said("waiting for the database");
            // What is written and renamed meanwhile is not lost.
            fs::rename(bench.path("capture"), bench.path(&format!("capture.{}", 9 - round))).unwrap();
            bench.write("capture", records(round * 3 + 2..round * 3 + 3));
            proxy.set_gone(false);
            until_said("the database is there again");
            bench.until_count(u64::from(round) * 3 + 3).await;
        }
        let stopped = std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
        assert!(stopped.unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(0));
        let mut lines = bench.lines().await;
        lines.sort_by_key(|line| line.parse::<u32>().unwrap());
        assert_eq!(lines, numbered(0..12));
    }
}
