//! `decnet-db call --lines`: requests on standard input, answers on standard output, one a line.

mod requests;

use std::sync::Arc;
use std::{io, thread};

use decnet_db::call::{call, method};
use decnet_db::config::Config;
use decnet_db::contract::limits::LONGEST_REQUEST;
use decnet_db::json::Json;
use decnet_db::{Repository, Result};
use tokio::sync::mpsc;

use self::requests::{Line, Request};
use super::call::creates;
use crate::connection::find_driver;
use crate::errors::Failure;
use crate::output::Output;

/// Lines that are read ahead of the one that is being answered.
const READ_AHEAD: usize = 16;

pub(crate) async fn run(config: Config, output: &mut Output) -> Result<(), Failure> {
    // Known before any request comes: a URL that no driver serves.
    find_driver(&config)?;
    let mut database = Database { config, repository: None };
    let mut lines = standard_input()?;
    let mut ended = Ok(());
    while let Some(line) = lines.recv().await {
        let answered = match line {
            Ok(line) => match requests::answer(line, async |request| database.call(request).await).await {
                Ok(Some(answer)) => output.text(&answer),
                Ok(None) => Ok(()),
                Err(error) => Err(error.into()),
            },
            Err(error) => Err(Failure::io("can't read standard input", error)),
        };
        if answered.is_err() {
            ended = answered;
            break;
        }
    }
    if let Some(repository) = database.repository {
        repository.close().await;
    }
    ended
}

/// Reads lines on a thread of its own: a runtime that waits for a person to type must still serve its connections.
fn standard_input() -> Result<mpsc::Receiver<io::Result<Line>>, Failure> {
    let (sender, receiver) = mpsc::channel(READ_AHEAD);
    let read = move || {
        let mut input = io::stdin().lock();
        while let Some(read) = Line::read(&mut input, LONGEST_REQUEST).transpose() {
            let last = read.is_err();
            if sender.blocking_send(read).is_err() || last {
                break;
            }
        }
    };
    thread::Builder::new()
        .name("stdin".into())
        .spawn(read)
        .map_err(|error| Failure::io("can't start a thread that reads standard input", error))?;
    Ok(receiver)
}

/// The database, opened by the first request that needs it, and again by the next one when that fails.
struct Database {
    config: Config,
    repository: Option<Arc<dyn Repository>>,
}

impl Database {
    async fn open_for(&mut self, method: &str) -> Result<Arc<dyn Repository>> {
        if let Some(repository) = &self.repository {
            return Ok(Arc::clone(repository));
        }
        self.config.create_if_missing = creates(method);
        let repository = decnet_db::connect_with(&self.config).await?;
        Ok(Arc::clone(self.repository.insert(repository)))
    }

    async fn call(&mut self, request: Request) -> Result<Json> {
        method(&request.method)?;
        let repository = self.open_for(&request.method).await?;
        call(&*repository, &request.method, request.arguments).await
    }
}
