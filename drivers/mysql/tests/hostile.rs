//! Servers that lie, ask for what is none of their business, or say nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    reason = "helpers of tests are tests too, and other tests use more of them"
)]

mod client;
#[path = "server/database.rs"]
mod database;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use decnet_db_core::config::Config;
use decnet_db_core::contract::{LogFilter, NewLog};
use decnet_db_core::{Error, ErrorKind};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use database::{Database, open};

const PASSWORD: &str = "hunter2-hunter2";

/// A packet of the protocol.
fn packet(sequence: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_le_bytes();
    let mut packet = vec![length[0], length[1], length[2], sequence];
    packet.extend_from_slice(payload);
    packet
}

async fn read_packet(stream: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let mut header = [0; 4];
    stream.read_exact(&mut header).await.ok()?;
    let mut payload =
        vec![0; usize::from(header[0]) | usize::from(header[1]) << 8 | usize::from(header[2]) << 16];
    stream.read_exact(&mut payload).await.ok()?;
    Some((header[3], payload))
}

/// What a server without TLS says first.
fn greeting(plugin: &str) -> Vec<u8> {
    let mut hello = vec![10];
    hello.extend_from_slice(b"8.4.3\0");
    hello.extend_from_slice(&7_u32.to_le_bytes());
    hello.extend_from_slice(b"saltsalt\0");
    // PROTOCOL_41, SECURE_CONNECTION, CONNECT_WITH_DB, TRANSACTIONS, LONG_PASSWORD, PLUGIN_AUTH, DEPRECATE_EOF
    let flags: u32 = 0x0108_a209;
    hello.extend_from_slice(&flags.to_le_bytes()[..2]);
    hello.push(45);
    hello.extend_from_slice(&2_u16.to_le_bytes());
    hello.extend_from_slice(&flags.to_le_bytes()[2..]);
    hello.push(21);
    hello.extend_from_slice(&[0; 10]);
    hello.extend_from_slice(b"saltsaltsalt\0");
    hello.extend_from_slice(plugin.as_bytes());
    hello.push(0);
    packet(0, &hello)
}

const OK: [u8; 7] = [0, 0, 0, 2, 0, 0, 0];

/// A server that lets everybody in and answers the first command with `answer`.
async fn answering(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                stream.write_all(&greeting("mysql_native_password")).await.ok()?;
                let (sequence, _) = read_packet(&mut stream).await?;
                stream.write_all(&packet(sequence + 1, &OK)).await.ok()?;
                while let Some((sequence, _)) = read_packet(&mut stream).await {
                    stream.write_all(&packet(sequence + 1, answer)).await.ok()?;
                }
                Some(())
            });
        }
    });
    format!("mysql://u:{PASSWORD}@127.0.0.1:{port}/d?connect-timeout=2")
}

async fn refusal(url: &str) -> Error {
    let config = Config::new(url.parse().unwrap());
    let error = open(&config).await.map(drop).unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains(PASSWORD), "{shown}");
    error
}

#[tokio::test]
async fn the_number_of_columns_does_not_decide_how_much_memory_is_asked_for() {
    for answer in [
        // 2^32, 2^62, 2^64 - 1 columns.
        &[0xfe, 0, 0, 0, 0, 1, 0, 0, 0][..],
        &[0xfe, 0, 0, 0, 0, 0, 0, 0, 0x40],
        &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    ] {
        let error = refusal(&answering(answer).await).await;
        assert!(matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Backend), "{error}");
    }
}

#[tokio::test]
async fn answers_that_make_no_sense_are_errors() {
    for answer in
        [&[][..], &[0xfb], &[0xff], &[0], &[1], &[0xfe], &[0xfc, 0xff, 0xff], &[0x03, b'd', b'e', b'f']]
    {
        let error = refusal(&answering(answer).await).await;
        assert!(
            matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Backend | ErrorKind::Configuration),
            "{answer:?}: {error}"
        );
    }
}

/// A server that wants the password itself; what it is sent after that.
async fn curious() -> (String, mpsc::UnboundedReceiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (sender, received) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let sender = sender.clone();
            tokio::spawn(async move {
                stream.write_all(&greeting("caching_sha2_password")).await.ok()?;
                let (sequence, _) = read_packet(&mut stream).await?;
                stream.write_all(&packet(sequence + 1, &[1, 4])).await.ok()?;
                while let Some((_, payload)) = read_packet(&mut stream).await {
                    sender.send(payload).ok()?;
                }
                Some(())
            });
        }
    });
    (format!("mysql://u:{PASSWORD}@127.0.0.1:{port}/d"), received)
}

#[tokio::test]
async fn the_password_does_not_go_to_whoever_asks_for_it() {
    for options in ["", "?ssl-mode=off", "?ssl-mode=preferred"] {
        let (url, mut received) = curious().await;
        let error = refusal(&format!("{url}{options}")).await;
        assert_eq!(error.kind(), ErrorKind::Configuration, "{error}");
        assert!(error.to_string().contains("server-public-key"), "{error}");
        while let Ok(Some(payload)) = tokio::time::timeout(Duration::from_millis(300), received.recv()).await
        {
            // COM_QUIT may come.
            assert_eq!(payload, [1], "{options}");
        }
    }
    // The URL may allow it.
    let (url, mut received) = curious().await;
    let config =
        Config::new(format!("{url}?allow-public-key-retrieval=true&connect-timeout=1").parse().unwrap());
    assert!(open(&config).await.is_err());
    assert_eq!(received.recv().await.unwrap(), [2], "it asks for the key");
}

/// A way to a server that can fall silent: what comes is read, and nothing more is passed on.
async fn mutable_way(to: String) -> (u16, Arc<AtomicBool>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let mute = Arc::new(AtomicBool::new(false));
    let switch = mute.clone();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let Ok(server) = TcpStream::connect(&to).await else { continue };
            let (from_client, to_client) = client.into_split();
            let (from_server, to_server) = server.into_split();
            for (mut from, mut to) in [(from_client, to_server), (from_server, to_client)] {
                let mute = mute.clone();
                tokio::spawn(async move {
                    let mut buffer = vec![0; 64 * 1024];
                    while let Ok(count @ 1..) = from.read(&mut buffer).await {
                        if !mute.load(Ordering::Acquire) && to.write_all(&buffer[..count]).await.is_err() {
                            return;
                        }
                    }
                });
            }
        }
    });
    (port, switch)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_caller_waits_for_ever_for_a_connection_that_fell_silent() {
    let (database, direct) = Database::ready().await;
    let host = database.url().hosts()[0].to_string();
    let (port, mute) = mutable_way(host.clone()).await;
    let url = database.url().expose().replace(&host, &format!("127.0.0.1:{port}"));
    let mark = if url.contains('?') { '&' } else { '?' };
    let mut config = Config::new(format!("{url}{mark}answer-timeout=2&connect-timeout=2").parse().unwrap());
    config.pool.wait_timeout = Duration::from_secs(3);
    let repository = open(&config).await.unwrap();
    repository.add_log(NewLog::new("d", "s", "e", "x")).await.unwrap();

    mute.store(true, Ordering::Release);
    let begun = Instant::now();
    let mut tasks = JoinSet::new();
    for n in 0..8 {
        let repository = repository.clone();
        tasks.spawn(async move {
            if n % 2 == 0 {
                repository.add_log(NewLog::new("d", "s", "e", "x")).await.unwrap_err().kind()
            } else {
                repository.get_total_logs(LogFilter::all()).await.unwrap_err().kind()
            }
        });
    }
    while let Some(kind) = tasks.join_next().await {
        assert!(matches!(kind.unwrap(), ErrorKind::Unavailable | ErrorKind::UnknownOutcome));
    }
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());

    mute.store(false, Ordering::Release);
    repository.add_log(NewLog::new("d", "s", "e", "x")).await.unwrap();
    repository.close().await;
    direct.close().await;
    database.drop().await;
}
