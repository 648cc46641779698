//! What is computed from the last answer and what came since.

pub(crate) mod figures;
pub(crate) mod pages;

use decnet_db_core::contract::NewLog;
use decnet_db_core::time::Timestamp;

/// An event of a source: out of order, several in a minute, some before 1970.
fn event(number: i64, source: i64) -> NewLog {
    let time = Timestamp::from_microseconds((number * 7_919 % 4_001 - 2_000) * 17_000_001).unwrap();
    NewLog::new("d", "s", "e", format!("203.0.113.{source}")).timestamp(time).raw_line(number.to_string())
}
