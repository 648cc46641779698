//! What the attribute and the derive say to names that they don't know.

use decnet_db_macros::{Record, contract};

#[contract]
pub trait UnknownOnAnArgument {
    async fn list(&self, #[defualt(50)] limit: u64) -> Result<u64>;
}

#[contract]
pub trait UnknownOnAMethod {
    #[writing]
    async fn forget(&self) -> Result<()>;
}

#[contract]
pub trait UnknownInWrite {
    #[write(conflicts = "taken")]
    async fn forget(&self) -> Result<()>;
}

#[contract]
pub trait TwoSetsOfArguments {
    async fn list(&self, #[arguments] filter: Filter, #[arguments] order: Order) -> Result<u64>;
}

#[derive(Record)]
#[record(table = "logs", index(ix_logs_deky(deky)))]
pub struct IndexOfNoField {
    #[column(serial)]
    pub id: i64,
    pub decky: String,
}

fn main() {}
