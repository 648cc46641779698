//! `testing::intercept`: faults between a program and its repository.
#![cfg(feature = "sqlite")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use decnet_db::contract::{LogFilter, NewLog};
use decnet_db::testing::{Interceptor, intercept};
use decnet_db::{Error, ErrorKind, Repository, Result};

async fn repository() -> Arc<dyn Repository> {
    let repository = decnet_db::connect("sqlite:///:memory:").await.unwrap();
    repository.initialize().await.unwrap();
    repository
}

fn event() -> NewLog {
    NewLog::new("decky-01", "ssh", "connect", "203.0.113.7")
}

/// Refuses the second call of the method.
struct FailsTheSecond(&'static str, AtomicU64);

#[async_trait]
impl Interceptor for FailsTheSecond {
    async fn before(&self, method: &'static str) -> Result<()> {
        let second = method == self.0 && self.1.fetch_add(1, Ordering::Relaxed) == 1;
        if second { Err(Error::unavailable("away", anyhow::anyhow!("a test"))) } else { Ok(()) }
    }
}

/// Loses the answer of the method, which is carried out.
struct LosesTheAnswer(&'static str);

#[async_trait]
impl Interceptor for LosesTheAnswer {
    async fn after(&self, method: &'static str, failed: Option<&Error>) -> Result<()> {
        if method != self.0 {
            return Ok(());
        }
        assert!(failed.is_none());
        Err(Error::UnknownOutcome { message: "lost".into(), source: None })
    }
}

#[tokio::test]
async fn a_refused_call_does_nothing_and_the_next_one_goes_through() {
    let real = repository().await;
    let faulty = intercept(real.clone(), FailsTheSecond("add_log", AtomicU64::new(0)));
    let kinds = [faulty.add_log(event()).await, faulty.add_log(event()).await, faulty.add_log(event()).await];
    assert!(kinds[0].is_ok() && kinds[2].is_ok());
    assert_eq!(kinds[1].as_ref().unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(real.get_total_logs(LogFilter::all()).await.unwrap(), 2);
}

#[tokio::test]
async fn a_lost_answer_was_a_write_that_happened() {
    let real = repository().await;
    let faulty = intercept(real.clone(), LosesTheAnswer("unit"));
    let error = faulty.unit().add_log(event()).commit().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownOutcome);
    assert_eq!(real.get_total_logs(LogFilter::all()).await.unwrap(), 1);
    // Other methods are not touched.
    faulty.add_log(event()).await.unwrap();
    assert_eq!(faulty.get_total_logs(LogFilter::all()).await.unwrap(), 2);
}
