//! Repositories for tests of programs: the real contract, with faults put between it and the program.
//!
//! A program is tested against `sqlite:///:memory:`, which is the contract whole and fast. What a real database does only
//! now and then, an [`Interceptor`] does when the test says so:
//!
//! ```no_run
//! use std::sync::Arc;
//! use std::sync::atomic::{AtomicU64, Ordering};
//!
//! use async_trait::async_trait;
//! use decnet_db_core::contract::{Logs as _, Repository};
//! use decnet_db_core::testing::{Interceptor, intercept};
//! use decnet_db_core::{Error, Result};
//!
//! /// The second call of a method fails, and nothing is written.
//! struct FailsTheSecond {
//!     method: &'static str,
//!     calls: AtomicU64,
//! }
//!
//! #[async_trait]
//! impl Interceptor for FailsTheSecond {
//!     async fn before(&self, method: &'static str) -> Result<()> {
//!         let second = method == self.method && self.calls.fetch_add(1, Ordering::Relaxed) == 1;
//!         if second { Err(Error::unavailable("away for a moment", anyhow::anyhow!("a test"))) } else { Ok(()) }
//!     }
//! }
//!
//! # async fn test(repository: Arc<dyn Repository>) -> Result<()> {
//! let faulty = intercept(repository, FailsTheSecond { method: "get_max_log_id", calls: AtomicU64::new(0) });
//! assert!(faulty.get_max_log_id().await.is_ok());
//! assert!(faulty.get_max_log_id().await.unwrap_err().is_retryable());
//! assert!(faulty.get_max_log_id().await.is_ok());
//! # Ok(())
//! # }
//! ```

use std::sync::Arc;
use std::time::Duration;

use crate::base::{SqlRepository, advance_clock};
use crate::config::SeedConfig;
use crate::contract::Repository;
use crate::driver::Backend;
pub use crate::telemetry::Interceptor;
use crate::telemetry::{Database, Instrumented};

/// The repository behind the interceptor. Wrapped this way it records no spans and metrics of its own.
pub fn intercept(repository: Arc<dyn Repository>, interceptor: impl Interceptor) -> Arc<dyn Repository> {
    Arc::new(Instrumented::intercepted(repository, Arc::new(interceptor)))
}

/// Lets time pass for what repositories of this process believe of events that they counted (see
/// [`get_total_logs`](crate::contract::Logs::get_total_logs)); nothing else notices.
pub fn let_time_pass(time: Duration) {
    advance_clock(time);
}

/// The contract over a backend of the test's own, without telemetry; `seed` says whom `initialize` creates.
pub fn repository(backend: Arc<dyn Backend>, seed: SeedConfig) -> Arc<dyn Repository> {
    Arc::new(SqlRepository::new(backend, seed))
}

/// The same with [telemetry](crate::telemetry), as [`Registry::connect`](crate::registry::Registry::connect) opens it.
pub fn instrumented(backend: Arc<dyn Backend>, seed: SeedConfig) -> Arc<dyn Repository> {
    let set_up = |backend| SqlRepository::new(backend, seed);
    Instrumented::over(backend, Database::default(), None, set_up)
}
