//! Whatever arrives at run time can only be bound.

use decnet_db_core::sql::Sql;

fn search(sql: &mut Sql<'_>, needle: String) {
    sql.push(&needle);
    sql.push(format!("username = '{needle}'").as_str());
}

fn order(sql: &mut Sql<'_>, column: String) {
    sql.push(" ORDER BY ").identifier(&column);
}

fn main() {}
