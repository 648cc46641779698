//! A network that fails between the MySQL driver and a server: cut, reset, half closed, stalled or slow behind each byte of a session.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use decnet_db::config::Config;
use decnet_db::contract::Repository;
use decnet_db::{Error, ErrorKind};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::database;
use crate::history::{End, History, no_faults};
use crate::operation::{self, Operation, wrote_nothing};
use crate::report::Row;
use crate::seed::Seed;
use crate::server::Server;

/// What callers may wait at most: for a connection, for an answer, for a place in the pool, and a machine that is busy.
const LIMIT: Duration = Duration::from_secs(20);
const OPTIONS: &str = "?connect-timeout=2&answer-timeout=2";
/// How often the whole database is compared.
const RUNS_OF_A_DATABASE: u64 = 50;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Harm {
    /// Both sides are told that the other one has ended.
    Close,
    /// Both sides are reset.
    Reset,
    /// The direction ends, the other one goes on.
    HalfClose,
    /// Nothing passes any more, until the network is well again.
    Stall,
    /// It takes a tenth of a second.
    Delay,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Requests,
    Replies,
}

#[derive(Debug, Clone, Copy)]
struct Plan {
    harm: Harm,
    side: Side,
    /// So many bytes pass before.
    after: u64,
}

/// A proxy that does harm once.
#[derive(Clone)]
struct Proxy {
    state: Arc<Mutex<State>>,
    /// Changes when the network is well again.
    well: Arc<watch::Sender<u64>>,
    address: SocketAddr,
}

#[derive(Default)]
struct State {
    plan: Option<Plan>,
    /// The bytes of requests and replies since the plan was made.
    passed: [u64; 2],
    done: bool,
}

enum Next {
    Pass,
    Harm(usize, Harm),
}

impl Proxy {
    async fn start(server: String) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let proxy = Self {
            state: Arc::default(),
            well: Arc::new(watch::Sender::new(0)),
            address: listener.local_addr()?,
        };
        let own = proxy.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (own, server) = (own.clone(), server.clone());
                tokio::spawn(async move {
                    if let Ok(server) = TcpStream::connect(&server).await {
                        own.pass(client, server).await;
                    }
                });
            }
        });
        Ok(proxy)
    }

    fn plan(&self, plan: Option<Plan>) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State { plan, ..State::default() };
    }

    /// Lets everything pass again; says what had passed, and whether there was harm.
    fn heal(&self) -> ([u64; 2], bool) {
        let state = std::mem::take(&mut *self.state.lock().unwrap_or_else(PoisonError::into_inner));
        self.well.send_modify(|times| *times += 1);
        (state.passed, state.done)
    }

    fn next(&self, side: Side, length: usize) -> Next {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let before = state.passed[side as usize];
        state.passed[side as usize] += length as u64;
        match state.plan {
            Some(plan) if plan.side == side && !state.done && before + length as u64 > plan.after => {
                state.done = true;
                Next::Harm(plan.after.saturating_sub(before) as usize, plan.harm)
            }
            _ => Next::Pass,
        }
    }

    async fn pass(&self, client: TcpStream, server: TcpStream) {
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        let mut well = self.well.subscribe();
        let (mut request, mut reply) = (vec![0; 16 << 10], vec![0; 16 << 10]);
        let mut ended = [false; 2];
        while ended != [true; 2] {
            let (side, read) = tokio::select! {
                read = from_client.read(&mut request), if !ended[0] => (Side::Requests, read),
                read = from_server.read(&mut reply), if !ended[1] => (Side::Replies, read),
            };
            let to = match side {
                Side::Requests => &mut to_server,
                Side::Replies => &mut to_client,
            };
            let data = match (side, read) {
                (_, Err(_)) => return,
                (_, Ok(0)) => {
                    ended[side as usize] = true;
                    let _ = to.shutdown().await;
                    continue;
                }
                (Side::Requests, Ok(length)) => &request[..length],
                (Side::Replies, Ok(length)) => &reply[..length],
            };
            let (passes, harm) = match self.next(side, data.len()) {
                Next::Pass => (data.len(), None),
                Next::Harm(passes, harm) => (passes, Some(harm)),
            };
            if to.write_all(&data[..passes]).await.is_err() {
                return;
            }
            match harm {
                None => {}
                Some(Harm::Close) => return,
                Some(Harm::Reset) => {
                    for socket in [from_client.as_ref(), from_server.as_ref()] {
                        let _ = socket.set_zero_linger();
                    }
                    return;
                }
                Some(Harm::HalfClose) => {
                    ended[side as usize] = true;
                    let _ = to.shutdown().await;
                }
                Some(Harm::Stall) => {
                    let _ = well.changed().await;
                    return;
                }
                Some(Harm::Delay) => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    if to.write_all(&data[passes..]).await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}

/// What was done and seen.
#[derive(Default)]
struct Tally {
    runs: u64,
    harmed: u64,
    done: u64,
    refused: u64,
    unknown: u64,
    longest: Duration,
}

/// Harms so many sessions with MariaDB.
pub(crate) fn mariadb(seed: u64, runs: u64, folder: &Path) -> anyhow::Result<Vec<Row>> {
    let server = Server::start(folder)?;
    let address = server.address()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let mut tally = Tally::default();
        tally.all(seed, runs, &address).await?;
        Ok(vec![tally.row(seed)])
    })
}

impl Tally {
    async fn all(&mut self, seed: u64, runs: u64, address: &str) -> anyhow::Result<()> {
        let (begin, host) = address.rsplit_once('@').context("a URL with a user")?;
        let proxy = Proxy::start(host.to_owned()).await?;
        let mut numbers = Seed::new(seed, 9);
        let mut lengths = [0; 2];
        let mut after = [0_u64; 2];
        while self.runs < runs {
            let name = format!("network_{}", self.runs);
            database::statement(address, &format!("CREATE DATABASE {name} CHARACTER SET utf8mb4")).await?;
            let direct = format!("{address}/{name}");
            let repository = decnet_db::connect(&direct).await?;
            repository.initialize().await?;
            operation::prepare(&*repository).await?;
            repository.close().await;
            let url = format!("{begin}@{}/{name}{OPTIONS}", proxy.address);
            let mut history = History::default();
            for _ in 0..RUNS_OF_A_DATABASE.min(runs - self.runs) {
                let side = if numbers.once_in(2) { Side::Requests } else { Side::Replies };
                let harm = match numbers.within(0..16) {
                    0 => Harm::Stall,
                    1..3 => Harm::Delay,
                    3..7 => Harm::Close,
                    7..12 => Harm::Reset,
                    _ => Harm::HalfClose,
                };
                // One byte after the other behind the login, and for one in four anywhere.
                let at = &mut after[side as usize];
                *at = if *at >= lengths[side as usize] { 0 } else { *at + 1 };
                let long = numbers.once_in(4);
                let place = if long { numbers.within(0..20_000) } else { *at };
                let plan = Plan { harm, side, after: place };
                let passed = self
                    .run(&url, &proxy, plan, long, &mut numbers, &mut history)
                    .await
                    .with_context(|| format!("run {}: {plan:?}, long: {long}", self.runs))?;
                if !long {
                    lengths = [0, 1].map(|side| passed[side].max(lengths[side]));
                }
                self.runs += 1;
            }
            let (found, mut faults) = database::server(&direct).await?;
            faults.extend(history.faults(&found));
            no_faults(&faults).with_context(|| name.clone())?;
            database::statement(address, &format!("DROP DATABASE {name}")).await?;
        }
        Ok(())
    }

    /// A session that is harmed, from its login on or behind it, and goes on.
    async fn run(
        &mut self,
        url: &str,
        proxy: &Proxy,
        plan: Plan,
        long: bool,
        numbers: &mut Seed,
        history: &mut History,
    ) -> anyhow::Result<[u64; 2]> {
        let mut config = Config::new(url.parse()?);
        config.pool.wait_timeout = Duration::from_secs(3);
        let from_the_login = numbers.once_in(4);
        if from_the_login {
            proxy.plan(Some(plan));
        }
        let mut repository = None;
        let began = Instant::now();
        while repository.is_none() {
            match decnet_db::connect_with(&config).await {
                Ok(open) => repository = Some(open),
                Err(error) if error.kind() == ErrorKind::Unavailable => self.heard(began)?,
                Err(error) => bail!("opening: {:?}: {error}", error.kind()),
            }
        }
        let Some(repository) = repository else { bail!("there is no repository") };
        if !from_the_login {
            proxy.plan(Some(plan));
        }
        let task = (1_000 + self.runs, 0);
        let mut number = 0;
        for _ in 0..if long { 40 } else { 4 } {
            self.write(&*repository, Operation::next(numbers, task, number), history).await?;
            number += 1;
        }
        let (passed, harmed) = proxy.heal();
        self.harmed += u64::from(harmed);
        // What a stalled connection held may fail one call more; then all is well by itself.
        let began = Instant::now();
        while !self.write(&*repository, Operation::next(numbers, task, number), history).await? {
            number += 1;
            self.heard(began)?;
        }
        repository.close().await;
        Ok(passed)
    }

    fn heard(&mut self, began: Instant) -> anyhow::Result<()> {
        self.longest = self.longest.max(began.elapsed());
        ensure!(began.elapsed() < LIMIT, "no answer for {:?}", began.elapsed());
        Ok(())
    }

    /// Whether it was done.
    async fn write(
        &mut self,
        repository: &dyn Repository,
        operation: Operation,
        history: &mut History,
    ) -> anyhow::Result<bool> {
        let began = Instant::now();
        let answer: Result<(), Error> = tokio::time::timeout(LIMIT, operation.run(repository))
            .await
            .with_context(|| format!("{operation} has no answer"))?;
        let end = match answer {
            Ok(()) => {
                self.done += 1;
                End::Done
            }
            Err(error) if wrote_nothing(&error) && error.is_retryable() => {
                self.refused += 1;
                End::Nothing
            }
            Err(error) if error.kind() == ErrorKind::UnknownOutcome => {
                self.unknown += 1;
                End::Open
            }
            Err(error) => bail!("{operation}: {:?}: {error}", error.kind()),
        };
        self.heard(began)?;
        history.note(operation, end);
        Ok(end == End::Done)
    }

    fn row(&self, seed: u64) -> Row {
        let Self { runs, harmed, done, refused, unknown, longest } = self;
        Row {
            fault: "the network fails, MariaDB".to_owned(),
            how: "a connection is closed, reset, half closed, stalled or delayed behind the n-th byte of requests or replies, n = 1, 2, …, and \
                  anywhere in longer sessions"
                .to_owned(),
            times: *runs,
            promise: "no caller waits longer than the time-outs; each answer is true; nothing is doubled or torn; the pool recovers by itself"
                .to_owned(),
            result: format!(
                "{harmed} harmed; {done} acknowledged, {refused} refused, {unknown} of unknown outcome: 0 lost, 0 doubled, 0 torn; the longest wait {} ms",
                longest.as_millis()
            ),
            seed,
        }
    }
}
