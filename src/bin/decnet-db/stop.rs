//! The wish that a run stops: by a signal.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use decnet_db::Error;

use crate::errors::Failure;

/// How often somebody who waits looks.
const POLL: Duration = Duration::from_millis(50);

/// How long what is under way may take after a signal.
const GRACE: Duration = Duration::from_secs(2);

/// Whether the run is to stop.
#[derive(Clone, Default)]
pub(crate) struct Stop(pub(crate) Arc<AtomicBool>);

impl Stop {
    /// Sets it when a signal comes that asks for the end.
    pub(crate) fn on_signal(&self) -> tokio::task::JoinHandle<()> {
        let flag = Arc::clone(&self.0);
        tokio::spawn(async move {
            // Where signals can't be waited for, they end the program: also then each line is stored once.
            if signal().await.is_ok() {
                flag.store(true, Ordering::Relaxed);
            }
        })
    }

    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Waits until it is set.
    pub(crate) async fn set(&self) {
        while !self.is_set() {
            tokio::time::sleep(POLL).await;
        }
    }

    /// Waits until it is set, and what was under way had its time.
    pub(crate) async fn passed(&self) {
        self.set().await;
        tokio::time::sleep(GRACE).await;
    }

    /// Waits for some time, or until it is set.
    pub(crate) async fn sleep(&self, time: Duration) {
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            () = self.set() => {}
        }
    }

    /// Does some work unless it takes too long after a signal. What a commit does then is found out by the next run.
    pub(crate) async fn unless<T>(
        &self,
        work: impl Future<Output = decnet_db::Result<T>>,
    ) -> decnet_db::Result<T> {
        tokio::select! {
            result = work => result,
            () = self.passed() => Err(Self::error()),
        }
    }

    /// What a run ends with that was stopped while it waited for the database.
    pub(crate) fn error() -> Error {
        let message = "stopped while the database did not answer; what it did not confirm is read again by the next run";
        Error::Unavailable { message: message.to_owned(), source: None }
    }
}

/// Waits for a database that is not available, for as long as it takes when `patient`.
pub(crate) async fn when_available<T, F: Future<Output = Result<T, Failure>>>(
    stop: &Stop,
    patient: bool,
    mut attempt: impl FnMut() -> F,
    tell: impl Fn(&str),
) -> Result<T, Failure> {
    let mut waits = false;
    loop {
        let work = attempt();
        let result = tokio::select! {
            result = work => result,
            () = stop.passed() => Err(Stop::error().into()),
        };
        match result {
            Err(failure) if patient && failure.is_unavailable() && !stop.is_set() => {
                if !std::mem::replace(&mut waits, true) {
                    tell(&format!("{}; waiting for the database", failure.message()));
                }
                stop.sleep(Duration::from_secs(1)).await;
            }
            result => return result,
        }
    }
}

/// Waits until somebody wants the run to stop.
#[cfg(unix)]
pub(crate) async fn signal() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

#[cfg(not(unix))]
pub(crate) async fn signal() -> io::Result<()> {
    tokio::signal::ctrl_c().await
}
