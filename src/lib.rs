//! The storage layer of [DECNET](https://pypi.org/project/decnet/), a deception network: users, captured events, attackers,
//! bounties and worker state in one database, on any backend.
//!
//! A program holds an `Arc<dyn `[`Repository`]`>`. Features choose the drivers (`sqlite`, which is the default, and `mysql` for
//! MySQL and MariaDB), the URL chooses among them:
//!
//! ```
//! # #[cfg(feature = "sqlite")]
//! # fn main() -> decnet_db::Result<()> {
//! use decnet_db::contract::{LogQuery, NewLog};
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! let repository = decnet_db::connect("sqlite:///:memory:").await?;
//! repository.initialize().await?;
//! repository.add_log(NewLog::new("decky-01", "ssh", "login_attempt", "203.0.113.7").raw_line("root:123456")).await?;
//! let found = repository.get_logs(LogQuery::new().search("service:ssh 123456").limit(50)).await?;
//! assert_eq!(found.len(), 1);
//! # Ok(())
//! # })
//! # }
//! # #[cfg(not(feature = "sqlite"))]
//! # fn main() {}
//! ```
//!
//! | to | see |
//! |---|---|
//! | open a database | [`connect`], [`from_env`], [`connect_with`] and [`config`] |
//! | read and write | [`contract`]: the traits that [`Repository`] is the sum of, a page for each domain |
//! | write several things in one commit | [`contract::UnitOfWork`] |
//! | call methods by name, with JSON | [`call`] |
//! | follow what is stored | [`watch`] |
//! | copy, back up, delete old events, get a verdict | [`transfer`], [`backup`], [`retention`], [`examination`] |
//! | read capture files | [`capture`] |
//! | see what it does | [`telemetry`] |
//! | test a program | [`testing`], and `sqlite:///:memory:`, which is the whole contract |
//! | write a driver | the crate `decnet-db-core`, its module `driver` |
//!
//! Whole programs for what comes up often are in
//! [docs/recipes.md](https://github.com/decnet/decnet-db/blob/main/docs/recipes.md). The command-line tool (feature `cli`) and the operator's side are in the
//! [README](https://github.com/decnet/decnet-db#readme).

#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod backup;
pub mod capture;
mod factory;
pub mod reports;

pub use decnet_db_core::contract::Repository;
pub use decnet_db_core::{
    EngineError, Error, ErrorCode, ErrorKind, Result, call, config, contract, examination, json, password,
    retention, telemetry, testing, time, topology, transfer, watch,
};
// For authors of drivers, who depend on `decnet-db-core`, and for tools that look at an engine.
#[doc(hidden)]
pub use decnet_db_core::{driver, excerpt, is_unprintable, sql};
pub use factory::{connect, connect_with, drivers, from_env, get_repository, registry};

/// README's Rust blocks are tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// So are the recipes.
#[cfg(all(doctest, feature = "sqlite", feature = "cli"))]
#[doc = include_str!("../docs/recipes.md")]
struct Recipes;
