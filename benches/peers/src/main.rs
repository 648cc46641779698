//! The workload of decnet-db, written as users of sqlx, Diesel and SeaORM would. Started by `run`; see README.md.

mod diesel_peer;
mod sea;
mod sqlx_peer;
mod times;

use anyhow::{Result, bail};
use decnet_db_harness::serve;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["sqlx", "sqlite"] => serve::<sqlx_peer::SqlxSqlite>(),
        ["sqlx", "mysql"] => serve::<sqlx_peer::SqlxMysql>(),
        ["diesel", "sqlite"] => serve::<diesel_peer::DieselSqlite>(),
        ["diesel", "mysql"] => serve::<diesel_peer::DieselMysql>(),
        ["sea-orm", _] => serve::<sea::SeaOrm>(),
        _ => bail!("usage: decnet-db-peers sqlx|diesel|sea-orm sqlite|mysql"),
    }
}
