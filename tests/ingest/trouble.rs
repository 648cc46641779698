//! What a database goes through while it is written to: locked, gone, frozen, slow.

use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::bench::Random;

/// How often somebody looks whether it is over.
const POLL: Duration = Duration::from_millis(10);

/// A database that can be disturbed.
pub(crate) enum Victim {
    /// A SQLite file in a folder of its own.
    #[cfg(feature = "sqlite")]
    File(PathBuf),
    /// A server behind a proxy.
    Server(Proxy),
}

impl Victim {
    /// How the tool reaches it.
    pub(crate) fn url(&self, url: &str) -> String {
        match self {
            #[cfg(feature = "sqlite")]
            Self::File(folder) => format!("sqlite:///{}/decnet.db", folder.display()),
            Self::Server(proxy) => proxy.url(url),
        }
    }

    /// Disturbs it until told to end; leaves it in order.
    fn disturb(&self, random: &mut Random, over: &AtomicBool) {
        let pause = |time: u64| {
            let mut left = Duration::from_millis(time);
            while !left.is_zero() && !over.load(Ordering::Relaxed) {
                let step = left.min(POLL);
                std::thread::sleep(step);
                left -= step;
            }
        };
        while !over.load(Ordering::Relaxed) {
            pause(random.below(150));
            let time = random.below(300);
            match self {
                #[cfg(feature = "sqlite")]
                Self::File(folder) => {
                    if random.below(2) == 0 {
                        // Whoever has it open goes on; nobody else finds it.
                        let away = folder.with_extension("away");
                        if fs::rename(folder, &away).is_ok() {
                            pause(time);
                            fs::rename(&away, folder).unwrap();
                        }
                    } else if let Ok(other) = rusqlite::Connection::open_with_flags(
                        folder.join("decnet.db"),
                        rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE,
                    ) && other.execute_batch("BEGIN IMMEDIATE").is_ok()
                    {
                        pause(time);
                        other.execute_batch("ROLLBACK").unwrap();
                    }
                }
                Self::Server(proxy) => {
                    let mode = [GONE, FROZEN, SLOW][random.below(3) as usize];
                    proxy.mode.store(mode, Ordering::Relaxed);
                    pause(time);
                    proxy.mode.store(OPEN, Ordering::Relaxed);
                }
            }
        }
    }

    /// Does some work while it is disturbed.
    pub(crate) fn while_disturbed<T>(&self, random: &mut Random, work: impl FnOnce(&mut Random) -> T) -> T {
        /// Ends the disturbance also when the work panics.
        struct Ends<'a>(&'a AtomicBool);
        impl Drop for Ends<'_> {
            fn drop(&mut self) {
                self.0.store(true, Ordering::Relaxed);
            }
        }
        let over = AtomicBool::new(false);
        let mut other = Random(random.next());
        std::thread::scope(|scope| {
            scope.spawn(|| self.disturb(&mut other, &over));
            let _ends = Ends(&over);
            work(random)
        })
    }
}

/// What a proxy does.
const OPEN: u8 = 0;
const GONE: u8 = 1;
const FROZEN: u8 = 2;
const SLOW: u8 = 3;
const ENDED: u8 = 4;

/// A way to a server that can be cut.
pub(crate) struct Proxy {
    port: u16,
    mode: Arc<AtomicU8>,
    accepting: Option<JoinHandle<()>>,
}

impl Proxy {
    /// A way to the server of a URL.
    pub(crate) fn to(url: &str) -> Self {
        let server = Self::address(url).to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let mode = Arc::new(AtomicU8::new(OPEN));
        let shared = Arc::clone(&mode);
        let accepting = std::thread::spawn(move || {
            loop {
                match (shared.load(Ordering::Relaxed), listener.accept()) {
                    (ENDED, _) => return,
                    (GONE, _) => {}
                    (_, Ok((client, _))) => {
                        if let Ok(server) = TcpStream::connect(&server) {
                            connect(client, server, &shared);
                        }
                        continue;
                    }
                    _ => {}
                }
                std::thread::sleep(POLL);
            }
        });
        Self { port, mode, accepting: Some(accepting) }
    }

    /// Host and port of a URL.
    fn address(url: &str) -> &str {
        let rest = url.rsplit_once('@').expect("the URL names a user").1;
        rest.split_once('/').expect("the URL names a database").0
    }

    pub(crate) fn url(&self, url: &str) -> String {
        url.replacen(Self::address(url), &format!("127.0.0.1:{}", self.port), 1)
    }

    /// The server is gone, or there again.
    #[cfg(feature = "mysql")]
    pub(crate) fn set_gone(&self, gone: bool) {
        self.mode.store(if gone { GONE } else { OPEN }, Ordering::Relaxed);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.mode.store(ENDED, Ordering::Relaxed);
        drop(self.accepting.take().map(JoinHandle::join));
    }
}

/// Passes on what two sides say.
fn connect(client: TcpStream, server: TcpStream, mode: &Arc<AtomicU8>) {
    for (from, to) in [(&client, &server), (&server, &client)] {
        let (mut from, mut to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
        from.set_nonblocking(false).unwrap();
        from.set_read_timeout(Some(POLL)).unwrap();
        drop(from.set_nodelay(true));
        let mode = Arc::clone(mode);
        std::thread::spawn(move || {
            let mut chunk = [0; 4096];
            loop {
                match mode.load(Ordering::Relaxed) {
                    GONE | ENDED => break,
                    FROZEN => {
                        std::thread::sleep(POLL);
                        continue;
                    }
                    SLOW => std::thread::sleep(POLL),
                    _ => {}
                }
                match from.read(&mut chunk) {
                    Ok(0) => break,
                    Ok(count) if to.write_all(&chunk[..count]).is_ok() => {}
                    Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                    _ => break,
                }
            }
            drop((from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both)));
        });
    }
}
