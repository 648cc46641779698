//! What DECNET 1.0.0 wrote and returned (`golden/`), in a form that tests compare.

mod coverage;
mod dump;
mod recorded;
mod replay;

pub use dump::rows;
pub use recorded::{List, Recorded, recorded};
pub use replay::{check_reads, check_writes};

pub(crate) use coverage::{Coverage, Ruled};

/// A SQLite dump that DECNET wrote: all 39 tables, and rows of the core domains.
pub const CORE: &str = include_str!("../golden/core.sql");

/// Another, with rows of attackers, intelligence and TTP.
pub const INTELLIGENCE: &str = include_str!("../golden/intelligence.sql");

/// Another, with rows of topologies, canaries and realism; it has a trigger whose token is gone.
pub const DEPLOYMENT: &str = include_str!("../golden/deployment.sql");

/// The MySQL DDL of DECNET for the core domains.
pub const CORE_MYSQL: &str = include_str!("../golden/core.mysql.sql");

/// The MySQL DDL that ruling R3 has instead, for all 39 tables.
pub const R3_MYSQL: &str = include_str!("../golden/r3.mysql.sql");
