//! How many commands a write takes, and that rows are the same whichever command took them.

use std::collections::BTreeMap;

use decnet_db_core::config::Config;
use decnet_db_core::contract::{Attacker, LogFilter, LogQuery, NewBounty, NewLog, Repository};
use decnet_db_core::json::Json;
use decnet_db_core::sql::Changeset;
use decnet_db_core::time::Timestamp;
use mysql_async::prelude::Queryable;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};

use crate::database::{Database, open};
use crate::private::Private;

/// What a server of this test's own has counted.
async fn counts(database: &Database) -> BTreeMap<String, i64> {
    let mut conn = database.conn().await;
    let rows: Vec<(String, i64)> = conn
        .query(
            "SHOW GLOBAL STATUS WHERE Variable_name IN ('Com_begin', 'Com_commit', 'Com_savepoint', 'Com_insert', \
             'Com_stmt_prepare', 'Com_stmt_execute')",
        )
        .await
        .unwrap();
    conn.disconnect().await.unwrap();
    rows.into_iter().collect()
}

/// How much more `name` was counted meanwhile.
fn more(before: &BTreeMap<String, i64>, after: &BTreeMap<String, i64>, name: &str) -> i64 {
    after[name] - before[name]
}

fn log(number: usize) -> NewLog {
    NewLog::new("d", "s", "e", "x").raw_line(number.to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_of_one_statement_is_one_command() {
    let server = Private::start("");
    let database = Database::on(&server.url(), "CHARACTER SET utf8mb4").await;
    let repository = database.open().await;
    repository.initialize().await.unwrap();
    let write = async |number: usize| {
        repository.add_log(log(number)).await.unwrap();
        let value = Json::parse(number.to_string()).unwrap();
        repository.set_state("k", value).await.unwrap();
    };
    // Prepares the statements.
    write(0).await;
    let before = counts(&database).await;
    for number in 1..=20 {
        write(number).await;
    }
    let after = counts(&database).await;
    assert_eq!(more(&before, &after, "Com_insert"), 40);
    for name in ["Com_begin", "Com_commit", "Com_savepoint", "Com_stmt_prepare"] {
        assert_eq!(more(&before, &after, name), 0, "{name}");
    }
    repository.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_must_be_there_once_costs_a_look_up_a_lock_or_neither() {
    let server = Private::start("");
    let database = Database::on(&server.url(), "CHARACTER SET utf8mb4").await;
    let repository = database.open().await;
    repository.initialize().await.unwrap();
    let seen = |n: u32| {
        let now = Timestamp::now();
        let seen = Changeset::<Attacker>::new().set(Attacker::IP, format!("10.0.0.{n}"));
        seen.set(Attacker::FIRST_SEEN, now).set(Attacker::LAST_SEEN, now)
    };
    let bounty = |n: u32| NewBounty::new("d", "s", format!("10.0.0.{n}"), "credential").payload("x");
    // Prepares the statements.
    for _ in 0..2 {
        let uuid = repository.upsert_attacker(seen(0)).await.unwrap();
        repository.increment_smtp_target(&uuid, "a.example").await.unwrap();
        repository.add_bounty(bounty(0)).await.unwrap();
    }
    let uuid = repository.get_attacker_uuid_by_ip("10.0.0.0").await.unwrap().unwrap();
    let commands = async |what: &str, expected: [i64; 3], before: BTreeMap<String, i64>| {
        let after = counts(&database).await;
        let counted = ["Com_stmt_execute", "Com_begin", "Com_commit"].map(|name| more(&before, &after, name));
        assert_eq!(counted, expected.map(|each| 20 * each), "{what}");
    };
    let before = counts(&database).await;
    for n in 1..=20 {
        repository.upsert_attacker(seen(n)).await.unwrap();
    }
    commands("a new attacker: looked for, and inserted", [2, 0, 0], before).await;
    let before = counts(&database).await;
    for n in 1..=20 {
        repository.upsert_attacker(seen(n)).await.unwrap();
    }
    commands("a known attacker: looked for, and updated", [2, 0, 0], before).await;
    let before = counts(&database).await;
    for _ in 1..=20 {
        repository.increment_smtp_target(&uuid, "a.example").await.unwrap();
    }
    commands("a counter", [1, 0, 0], before).await;
    let before = counts(&database).await;
    for n in 1..=20 {
        repository.add_bounty(bounty(n)).await.unwrap();
    }
    // The lock goes along with BEGIN and COMMIT.
    commands("a bounty", [1, 1, 1], before).await;
    repository.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_rows_are_few_commands_and_leave_no_number_out() {
    let server = Private::start("");
    let database = Database::on(&server.url(), "CHARACTER SET utf8mb4").await;
    let repository = database.open().await;
    repository.initialize().await.unwrap();
    let mut stored = 0;
    // Up to 64 rows are one statement, which commits by itself; 500 are 255, 127, 63 and 55.
    for (rows, commands, transactions) in [(37_usize, 1, 0), (500, 4, 1)] {
        // Prepares the statements, and finds out that the server takes many rows at once.
        repository.add_logs((0..rows).map(log).collect()).await.unwrap();
        let before = counts(&database).await;
        repository.add_logs((0..rows).map(log).collect()).await.unwrap();
        let after = counts(&database).await;
        assert_eq!(more(&before, &after, "Com_insert"), commands, "{rows}");
        assert_eq!(more(&before, &after, "Com_commit"), transactions, "{rows}");
        for name in ["Com_savepoint", "Com_stmt_prepare"] {
            assert_eq!(more(&before, &after, name), 0, "{name}, {rows}");
        }
        stored += 2 * rows;
        // This server counts by one.
        let newest = repository.get_logs(LogQuery::new().limit(1)).await.unwrap();
        assert_eq!(newest[0].id, i64::try_from(stored).unwrap(), "a number was left out");
    }
    repository.close().await;
}

/// A proxy that hides from the client that the server is MariaDB's kind: its greeting has the abilities that MySQL lacks
/// in four bytes of their own. Of another server nothing is hidden.
async fn plain_proxy(server: String) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&server).await.unwrap();
            tokio::spawn(relay(client, server));
        }
    });
    port
}

async fn relay(client: TcpStream, server: TcpStream) -> std::io::Result<()> {
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let mut head = [0; 4];
    from_server.read_exact(&mut head).await?;
    let mut greeting = vec![0; usize::from(u16::from_le_bytes([head[0], head[1]]))];
    from_server.read_exact(&mut greeting).await?;
    // Protocol, version, connection, scramble and a zero, abilities, character set, status, more abilities, length of the
    // scramble, six zeros.
    let version = greeting[1..].iter().position(|byte| *byte == 0).unwrap();
    let abilities = 1 + version + 1 + 4 + 9 + 2 + 1 + 2 + 2 + 1 + 6;
    if String::from_utf8_lossy(&greeting[1..=version]).contains("MariaDB") {
        assert_ne!(greeting[abilities..abilities + 4], [0; 4], "MariaDB shows no abilities of its own");
    }
    greeting[abilities..abilities + 4].fill(0);
    to_client.write_all(&head).await?;
    to_client.write_all(&greeting).await?;
    let up = async { copy(&mut from_client, &mut to_server).await };
    let down = async { copy(&mut from_server, &mut to_client).await };
    tokio::select! { _ = up => {}, _ = down => {} }
    Ok(())
}

async fn logs(repository: &dyn Repository) -> Vec<(String, String, Option<String>)> {
    let logs = repository.get_logs_after_id(-1, 100_000, LogFilter::all()).await.unwrap();
    logs.into_iter().map(|log| (log.raw_line, log.fields, log.msg)).collect()
}

/// What the rows are, and what a refusal says, depends neither on the command nor on the way to the server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_the_same_by_either_command() {
    let mut found = Vec::new();
    for hidden in [false, true] {
        let (database, direct) = Database::ready().await;
        database.sql("ALTER TABLE logs MODIFY raw_line TEXT NOT NULL").await;
        let repository = if hidden {
            let port = plain_proxy(database.address().await).await;
            open(&Config::new(database.url_through(port))).await.unwrap()
        } else {
            database.open().await
        };
        let hostile = (0..300).map(|number| {
            let text: String = (0..40_u32).filter_map(|step| char::from_u32(step * 37 + number)).collect();
            let mut log = NewLog::new("d", "s", "e", "x").raw_line(format!("\0\\'\"{text}\u{10ffff}"));
            // The first row has NULL where others have text.
            log.msg = (number % 3 == 1).then(|| text.clone());
            log
        });
        repository.add_logs(hostile.collect()).await.unwrap();
        repository.add_logs((0..77).map(log).collect()).await.unwrap();
        for (count, bad) in [(2, 1), (300, 299), (300, 77)] {
            let mut rows: Vec<_> = (0..count).map(log).collect();
            rows[bad] = NewLog::new("d", "s", "e", "x").raw_line("x".repeat(65_536));
            let error = repository.add_logs(rows).await.unwrap_err().to_string();
            assert!(error.contains(&format!("[{bad}].raw_line")) && error.contains("65535 bytes"), "{error}");
        }
        let stored = logs(&*direct).await;
        assert_eq!(stored.len(), 377, "a refused batch left something");
        found.push(stored);
        repository.close().await;
        direct.close().await;
        database.drop().await;
    }
    assert_eq!(found[0], found[1]);
}

/// Rows that go in together although they are of several callers: a bad one fails alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_is_refused_takes_no_other_callers_with_it() {
    let (database, repository) = Database::ready().await;
    database.sql("ALTER TABLE logs MODIFY raw_line TEXT NOT NULL").await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..200_usize {
        let repository = repository.clone();
        let text = if number % 50 == 7 { "x".repeat(65_536) } else { number.to_string() };
        tasks.spawn(async move {
            let outcome = repository.add_log(NewLog::new("d", "s", "e", "x").raw_line(text)).await;
            (number, outcome)
        });
    }
    while let Some(done) = tasks.join_next().await {
        let (number, outcome) = done.unwrap();
        if number % 50 == 7 {
            let error = outcome.unwrap_err().to_string();
            assert!(error.contains("raw_line") && error.contains("65535 bytes"), "{error}");
        } else {
            outcome.unwrap();
        }
    }
    assert_eq!(logs(&*repository).await.len(), 196);
    repository.close().await;
    database.drop().await;
}
