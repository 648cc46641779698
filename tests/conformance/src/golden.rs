//! What DECNET 1.0.0 wrote and returned (`golden/`), in a form that tests compare.

mod coverage;
mod dump;
mod likeness;
mod recorded;
mod replay;
mod state;

pub use dump::rows;
pub use recorded::{List, Recorded, recorded};
pub use replay::{check_reads, check_writes};

pub(crate) use recorded::catalogue;

pub(crate) use coverage::{Coverage, Ruled, RuledRow};
pub(crate) use replay::{check_lists, check_writes_from_the_start};

/// A SQLite dump that DECNET wrote: all 39 tables, and rows of the core domains.
pub const CORE: &str = include_str!("../golden/core.sql");

/// Another, with rows of attackers, intelligence and TTP.
pub const INTELLIGENCE: &str = include_str!("../golden/intelligence.sql");

/// Another, with rows of topologies, canaries and realism; it has a trigger whose token is gone.
pub const DEPLOYMENT: &str = include_str!("../golden/deployment.sql");

/// A dump's rows as they go into our tables: without rows that refer to one that is not there (ruling R15).
pub(crate) fn whole_rows(dump: &str) -> decnet_db_core::sql::Unit {
    let mut tables = dump::dumped(dump);
    dump::leave_out_dangling(&mut tables);
    dump::unit(tables)
}

/// The MySQL DDL of DECNET for the core domains.
pub const CORE_MYSQL: &str = include_str!("../golden/core.mysql.sql");

/// The MySQL DDL that ruling R3 has instead, for all 39 tables.
pub const R3_MYSQL: &str = include_str!("../golden/r3.mysql.sql");
