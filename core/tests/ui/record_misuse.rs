//! What the derives say to a record that declares no table.

use decnet_db_macros::{Insertable, Record};

#[derive(Record)]
pub struct NoTable {
    pub id: i64,
}

#[derive(Record)]
#[record(table = "logs")]
pub struct UnknownAttribute {
    #[column(primary)]
    pub id: i64,
}

#[derive(Record)]
#[record(table = "logs")]
pub struct UnknownType {
    pub port: std::net::IpAddr,
}

#[derive(Record)]
#[record(table = "logs")]
pub struct NoNames(i64);

#[derive(Insertable)]
pub struct NoRecord {
    pub id: i64,
}

fn main() {}
