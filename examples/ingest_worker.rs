//! Reads a growing log file into the database, each line exactly once: whenever this is stopped, killed included, the next
//! run goes on where the stored rows end.
//!
//! The trick is the last method: the rows and the position behind them are one commit. So there is no moment when the
//! rows are stored and the position is not, or the other way round.
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
use serde_json::json;

/// Rows a commit: the larger, the faster, and the more is read again after a crash.
const BATCH: usize = 500;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let path = arguments.next().context("usage: ingest_worker FILE [URL]")?;
    let url = arguments.next().unwrap_or_else(|| "sqlite:///decnet.db".to_owned());

    let repository = decnet_db::connect(&url).await?;
    repository.initialize().await?;
    let mut worker = Worker::resume(repository, &path).await?;
    let stored = worker.run().await?;
    println!("{stored} new events up to byte {}", worker.position);
    worker.repository.close().await;
    Ok(())
}

struct Worker {
    repository: Arc<dyn Repository>,
    /// Where the position is kept in the database; one key a file.
    key: String,
    file: BufReader<File>,
    /// Bytes of the file that are dealt with.
    position: u64,
}

impl Worker {
    async fn resume(repository: Arc<dyn Repository>, path: &str) -> anyhow::Result<Self> {
        let key = format!("ingest_worker:{path}");
        let position: u64 = match repository.get_state(&key).await? {
            Some(state) => state.decode()?,
            None => 0,
        };
        let mut file = BufReader::new(File::open(path).with_context(|| format!("can't open {path}"))?);
        file.seek(SeekFrom::Start(position))?;
        Ok(Self { repository, key, file, position })
    }

    /// Takes in what is there, and returns the number of events. A worker that follows the file would wait here for more.
    async fn run(&mut self) -> anyhow::Result<usize> {
        let (mut parser, mut batch, mut stored) = (Parser::new(None), Vec::new(), 0);
        let mut line = Vec::new();
        // Bytes, not text: attackers send what they like. A line without its end is still being written.
        while self.file.read_until(b'\n', &mut line)? > 0 && line.ends_with(b"\n") {
            self.position += line.len() as u64;
            match parser.parse(&line) {
                Ok(log) => batch.extend(log),
                // One bad line stops nothing; the position moves past it with the next commit.
                Err(rejection) => eprintln!("before byte {}: {rejection}", self.position),
            }
            line.clear();
            if batch.len() == BATCH {
                stored += self.commit(std::mem::take(&mut batch)).await?;
            }
        }
        stored += self.commit(batch).await?;
        Ok(stored)
    }

    /// Stores the rows and the position behind them, both or neither.
    async fn commit(&self, batch: Vec<NewLog>) -> decnet_db::Result<usize> {
        let rows = batch.len();
        self.repository.unit().add_logs(batch).set_state(&self.key, json!(self.position)).commit().await?;
        Ok(rows)
    }
}
