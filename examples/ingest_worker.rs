//! Reads a growing log file into the database, each line exactly once: whenever this is stopped, killed included, the next
//! run goes on where the stored rows end.
//!
//! The trick is in [`Worker::commit`]: the rows and the position behind them are one commit. So there is no moment when
//! the rows are stored and the position is not, or the other way round. (A file that is rotated or cut short needs more
//! care: `decnet-db ingest --follow` takes it.)
//!
//! ```text
//! cargo run --example ingest_worker -- examples/data/sample.jsonl sqlite:///captures.db
//! ```

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what an example prints is what one wants to see"
)]

use std::fs::File;
use std::io::{BufRead, BufReader, Seek, SeekFrom};
use std::sync::Arc;

use anyhow::Context;
use decnet_db::Repository;
use decnet_db::capture::Parser;
use decnet_db::contract::NewLog;
use decnet_db::json::Json;
use serde::{Deserialize, Serialize};

/// Rows a commit: the larger, the faster, and the more is read again after a crash.
const BATCH: usize = 500;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().context("usage: ingest_worker FILE [URL]")?;
    let url = arguments.next().unwrap_or_else(|| "sqlite:///decnet.db".to_owned());

    let repository = decnet_db::connect(&url).await?;
    repository.initialize().await?;
    let mut worker = Worker::resume(Arc::clone(&repository), &path).await?;
    let stored = worker.run().await?;
    println!("{stored} new events up to byte {}", worker.position.byte);
    repository.close().await;
    Ok(())
}

/// How far the file was read; kept in the database as the value of a key.
#[derive(Default, Serialize, Deserialize)]
struct Position {
    byte: u64,
    /// What the parser remembers: Cowrie's lines name the protocol of a session only once.
    sessions: Json,
}

struct Worker {
    repository: Arc<dyn Repository>,
    key: String,
    file: BufReader<File>,
    parser: Parser,
    position: Position,
}

impl Worker {
    async fn resume(repository: Arc<dyn Repository>, path: &str) -> anyhow::Result<Self> {
        let key = format!("ingest_worker:{path}");
        let position: Position = match repository.get_state(&key).await? {
            Some(state) => state.decode()?,
            None => Position::default(),
        };
        let mut file = BufReader::new(File::open(path).with_context(|| format!("can't open {path}"))?);
        file.seek(SeekFrom::Start(position.byte))?;
        let mut parser = Parser::new(None);
        parser.resume_sessions(&position.sessions);
        Ok(Self { repository, key, file, parser, position })
    }

    /// Takes in what is there, and returns the number of events. A worker that follows the file would wait here for more.
    async fn run(&mut self) -> anyhow::Result<usize> {
        let (mut batch, mut stored, mut committed) = (Vec::new(), 0, self.position.byte);
        let mut line = Vec::new();
        // Bytes, not text: attackers send what they like. A line without its end is still being written.
        while self.file.read_until(b'\n', &mut line)? > 0 && line.ends_with(b"\n") {
            self.position.byte += line.len() as u64;
            match self.parser.parse(&line) {
                Ok(log) => batch.extend(log),
                // One bad line stops nothing; the position moves past it with the next commit.
                Err(rejection) => eprintln!("the line before byte {}: {rejection}", self.position.byte),
            }
            line.clear();
            if batch.len() == BATCH {
                stored += self.commit(std::mem::take(&mut batch)).await?;
                committed = self.position.byte;
            }
        }
        if self.position.byte > committed {
            stored += self.commit(batch).await?;
        }
        Ok(stored)
    }

    /// Stores the rows and the position behind them, both or neither.
    async fn commit(&mut self, batch: Vec<NewLog>) -> decnet_db::Result<usize> {
        let rows = batch.len();
        self.position.sessions = self.parser.open_sessions();
        let position = Json::of(&self.position)?;
        self.repository.unit().add_logs(batch).set_state(&self.key, position).commit().await?;
        Ok(rows)
    }
}
