//! What the telemetry wrapper costs when nobody listens: a contract method called bare and wrapped, over a backend that
//! answers at once.
//!
//!     cargo bench -p decnet-db-core --bench telemetry

#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, reason = "a bench")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use decnet_db_core::config::SeedConfig;
use decnet_db_core::contract::{Logs, Repository};
use decnet_db_core::driver::{Backend, Bootstrap, Bootstrapped, PoolStatus, ServerInfo};
use decnet_db_core::sql::{Column, Dialect, Receipt, Rows, Sql, Statement, Table, Unit, Value};
use decnet_db_core::testing;
use decnet_db_core::{Error, Result};

#[derive(Debug)]
struct AtOnce;

impl Dialect for AtOnce {
    fn system(&self) -> &'static str {
        "instant"
    }
    fn column_type(&self, _: &Table, _: &Column) -> String {
        String::new()
    }
    fn contains(&self, _: &mut Sql<'_>, _: &'static Column, _: &str) {}
    fn json_member_equals(&self, _: &mut Sql<'_>, _: &'static Column, _: &str, _: &str) {}
    fn bucket(&self, _: &mut Sql<'_>, _: &'static Column, _: i64) {}
    fn upsert(&self, _: &mut Sql<'_>, _: &[&'static Column], _: &[&'static Column]) {}
    fn catalog(&self) -> &'static str {
        ""
    }
}

#[async_trait]
impl Backend for AtOnce {
    fn dialect(&self) -> &dyn Dialect {
        self
    }
    async fn query(&self, _: Statement) -> Result<Rows> {
        let mut rows = Rows::new(1);
        rows.push(Value::Int(7));
        Ok(rows)
    }
    async fn commit(&self, _: Unit) -> Result<Receipt> {
        Ok(Receipt::default())
    }
    async fn bootstrap(&self, _: Bootstrap) -> Result<Bootstrapped> {
        Err(Error::Unsupported("not in this bench".into()))
    }
    async fn ping(&self) -> Result<ServerInfo> {
        Ok(ServerInfo::new("instant", "0"))
    }
    fn pool(&self) -> PoolStatus {
        PoolStatus::default()
    }
    async fn close(&self) {}
}

const CALLS: u32 = 200_000;
const ROUNDS: usize = 9;

async fn nanoseconds_per_call(repository: &dyn Repository) -> f64 {
    let mut rounds = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let started = Instant::now();
        for _ in 0..CALLS {
            black_box(Logs::get_max_log_id(repository).await.unwrap());
        }
        rounds.push(started.elapsed().as_nanos() as f64 / f64::from(CALLS));
    }
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let bare = testing::repository(Arc::new(AtOnce), SeedConfig::default());
        let wrapped = testing::instrumented(Arc::new(AtOnce), SeedConfig::default());
        // Alternating, so that a noisy neighbour disturbs both.
        let (mut without, mut with) = (f64::MAX, f64::MAX);
        for _ in 0..3 {
            without = without.min(nanoseconds_per_call(&*bare).await);
            with = with.min(nanoseconds_per_call(&*wrapped).await);
        }
        println!("bare     {without:7.0} ns a call");
        println!("wrapped  {with:7.0} ns a call, nobody listening");
        println!("telemetry costs {:.0} ns a call", with - without);
    });
}
