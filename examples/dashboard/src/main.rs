//! The program: opens the repository, serves until it is told to end, and closes the repository.

#![allow(clippy::print_stdout, reason = "where the service listens, and how one signs in, is its output")]

use std::future::IntoFuture as _;
use std::io::{self, IsTerminal as _};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use decnet_dashboard::{State, TokenSettings, router, sample};
use decnet_db::Repository;
use decnet_db::config::{Config, DatabaseUrl, Settings};
use decnet_db::contract::SeededAdmin;
use tokio::net::{TcpListener, TcpSocket};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// How long requests under way may take at the end.
const GRACE: Duration = Duration::from_secs(5);

/// DECNET's dashboard over any database that decnet-db opens.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// The database; without it, the one that DECNET's settings name (`DECNET_DB_URL`, …), or decnet.db in this folder
    #[arg(long)]
    url: Option<String>,
    /// Where to listen
    #[arg(long, default_value = "127.0.0.1:8000")]
    listen: SocketAddr,
    /// Sample data in an empty database (in memory without --url), and more of it all the time
    #[arg(long)]
    sample: bool,
    /// Browsers reach the service through a proxy that speaks HTTPS: the cookie is never sent without, and who signs in
    /// is the last address of the header X-Forwarded-For
    #[arg(long)]
    behind_tls: bool,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let filter = std::env::var("DECNET_LOG").unwrap_or_else(|_| "warn,mysql_async=off".to_owned());
    let filter =
        EnvFilter::try_new(filter).context("DECNET_LOG is no filter, such as info or decnet_db=debug")?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .init();

    let settings = Settings::load()?;
    let mut config = config(&arguments, &settings)?;
    let password = match config.seed.admin_password()? {
        None if arguments.sample => Some(uuid::Uuid::new_v4().simple().to_string()),
        _ => None,
    };
    if let Some(password) = &password {
        config.seed = config.seed.with_admin_password(password.as_str());
    }
    let repository = decnet_db::connect_with(&config).await?;
    let served =
        serve(&arguments, &settings, &config.seed.admin_user, password.as_deref(), &repository).await;
    // Whatever happened: what was committed is finished, and the connections are closed.
    repository.close().await;
    served
}

fn config(arguments: &Arguments, settings: &Settings) -> anyhow::Result<Config> {
    let url = match &arguments.url {
        Some(url) => url.as_str(),
        None if arguments.sample => "sqlite:///:memory:",
        None => return Ok(Config::from_settings(settings)?),
    };
    let url: DatabaseUrl = url.parse()?;
    Ok(Config::from_settings_with_url(settings, url)?)
}

async fn serve(
    arguments: &Arguments,
    settings: &Settings,
    admin: &str,
    password: Option<&str>,
    repository: &Arc<dyn Repository>,
) -> anyhow::Result<()> {
    let initialized = repository.initialize().await?;
    if initialized.admin == SeededAdmin::NoPassword && repository.list_users().await?.is_empty() {
        tracing::warn!("nobody can sign in: set DECNET_ADMIN_PASSWORD, which creates the administrator");
    }
    let shutdown = CancellationToken::new();
    let tokens = TokenSettings::from_settings(settings)?.behind_tls(arguments.behind_tls);
    let state = State::new(Arc::clone(repository), &tokens, shutdown.clone())?;
    let listener = listen(arguments.listen).with_context(|| {
        format!("can't listen on {}: choose another address with --listen", arguments.listen)
    })?;
    // Before anybody is told where the service is: who ends it at once, ends it in order.
    let asked_to_end = end(shutdown.clone())?;
    if arguments.sample {
        let events = sample::load(&**repository).await?;
        println!("sample data: {events} events, and more all the time");
        let (repository, shutdown) = (Arc::clone(repository), shutdown.clone());
        tokio::spawn(async move {
            if let Err(error) = sample::replay(&*repository, shutdown).await {
                tracing::warn!(%error, "no more sample data");
            }
        });
    }
    if let (Some(password), SeededAdmin::Created) = (password, initialized.admin) {
        if let Some(user) = repository.get_user_by_username(admin).await? {
            // Nobody else knows it: the first thing to see is the data.
            repository.update_user_password(&user.uuid, &user.password_hash, false).await?;
        }
        println!("sign in as {admin} with {password}");
    }
    println!("listening on http://{}", listener.local_addr()?);

    let server = axum::serve(listener, router(state).into_make_service_with_connect_info::<SocketAddr>());
    let server = server.with_graceful_shutdown(asked_to_end);
    let server = server.into_future();
    tokio::pin!(server);
    tokio::select! {
        ended = &mut server => return Ok(ended?),
        () = shutdown.cancelled() => {}
    }
    match timeout(GRACE, server).await {
        Ok(ended) => Ok(ended?),
        Err(_) => {
            tracing::warn!("some requests were not answered within {} s, and are cut off", GRACE.as_secs());
            Ok(())
        }
    }
}

/// Many may come at once: with the usual queue of 128, the others would try again only after a second.
fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(4096)
}

/// Waits for SIGTERM or Ctrl-C, then cancels what runs on without end.
fn end(shutdown: CancellationToken) -> io::Result<impl Future<Output = ()> + use<>> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        shutdown.cancel();
    })
}
