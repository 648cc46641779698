//! The databases that are measured: made by decnet-db itself, so that all layers have its tables, indexes and rows.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use decnet_db_harness::Layer;
use decnet_db_workload as workload;
use mysql_async::prelude::Queryable;

use crate::ours::Ours;

/// Rows in one commit of the preload.
const LOT: u64 = 5_000;

/// Where databases are made.
pub(crate) struct Place {
    url: String,
    seed: u64,
    rows: u64,
}

impl Place {
    pub(crate) fn new(url: String, seed: u64, rows: u64) -> Self {
        Self { url, seed, rows }
    }

    /// Makes the database of a layer anew and returns its URL.
    pub(crate) async fn make(&self, layer: &str, empty: bool) -> Result<String> {
        let between = if self.is_file() { '-' } else { '_' };
        let url = format!(
            "{}{between}{}",
            self.url,
            if self.is_file() { layer.to_owned() } else { layer.replace('-', "_") }
        );
        if !self.is_file() {
            self.recreate(&url).await?;
            self.fill(&url, empty).await?;
            return Ok(url);
        }
        // One that is filled once is copied, so that all layers have the same file.
        let kind = if empty { "empty" } else { "filled" };
        let template = format!("{}-{kind}", self.url);
        let (path, copy) = (file(&template)?, file(&url)?);
        if !fs::exists(path)? {
            let making = format!("{template}.new");
            remove(file(&making)?)?;
            self.fill(&making, empty).await?;
            fs::rename(file(&making)?, path)?;
        }
        remove(copy)?;
        fs::copy(path, copy).with_context(|| format!("copying {path} to {copy}"))?;
        Ok(url)
    }

    /// Removes what [`make`](Self::make) made for these layers.
    pub(crate) async fn remove<'a>(&self, layers: impl Iterator<Item = &'a str>) -> Result<()> {
        for layer in layers.chain(["empty", "filled"]) {
            if self.is_file() {
                remove(file(&format!("{}-{layer}", self.url))?)?;
            }
        }
        Ok(())
    }

    /// What the result files call the engine.
    pub(crate) fn backend(&self) -> &'static str {
        if self.is_file() { "sqlite" } else { "mysql" }
    }

    fn is_file(&self) -> bool {
        self.url.starts_with("sqlite:")
    }

    async fn recreate(&self, url: &str) -> Result<()> {
        let (_, name) = url.rsplit_once('/').context("the URL names no database")?;
        if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
            bail!("the database's name {name:?} must be of letters, digits and _");
        }
        // The named database need not be there.
        let options = mysql_async::OptsBuilder::from_opts(mysql_async::Opts::from_url(&self.url)?);
        let mut conn = mysql_async::Conn::new(options.db_name(None::<String>)).await?;
        conn.query_drop(format!("DROP DATABASE IF EXISTS {name}")).await?;
        conn.query_drop(format!("CREATE DATABASE {name} CHARACTER SET utf8mb4")).await?;
        Ok(conn.disconnect().await?)
    }

    async fn fill(&self, url: &str, empty: bool) -> Result<()> {
        let ours = Ours::initialize(url).await?;
        let (seed, rows) = (self.seed, if empty { 0 } else { self.rows });
        for from in (0..rows).step_by(LOT as usize) {
            let logs = from..rows.min(from + LOT);
            let logs = logs.map(|index| Ours::log(workload::preloaded_log(seed, index, rows)));
            ours.add_logs(logs.collect::<Result<_>>()?).await?;
        }
        if !empty {
            for rank in 0..workload::preloaded_attackers(rows) {
                let attacker = Ours::attacker(workload::preloaded_attacker(seed, rank))?;
                ours.upsert_attacker(attacker).await?;
            }
            let bounties = workload::preloaded_bounties(rows);
            for index in 0..bounties {
                ours.add_bounty(Ours::bounty(workload::preloaded_bounty(seed, index, bounties))?).await?;
            }
        }
        ours.repository().close().await;
        Ok(())
    }
}

fn file(url: &str) -> Result<&str> {
    url.strip_prefix("sqlite:///").context("no URL of a SQLite file")
}

/// Removes a database file with what SQLite keeps beside it.
fn remove(path: &str) -> Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        let path = format!("{path}{suffix}");
        if Path::new(&path).exists() {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}
