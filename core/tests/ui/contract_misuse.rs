//! What the contract attribute says to a method that is none of a contract.

use decnet_db_macros::contract;

#[contract]
pub trait NoResult {
    async fn count_logs(&self) -> u64;
}

#[contract]
pub trait NothingReturned {
    async fn forget(&self);
}

#[contract]
pub trait NotAsync {
    fn get_max_log_id(&self) -> Result<i64>;
}

#[contract]
pub trait NotAMethod {
    const LIMIT: u64;
}

#[contract]
pub trait Pattern {
    async fn add(&self, (a, b): (u64, u64)) -> Result<u64>;
}

fn main() {}
