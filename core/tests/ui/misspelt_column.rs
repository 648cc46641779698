//! What the compiler says to a column that the record does not have.

use decnet_db_core::contract::{Log, User};
use decnet_db_core::sql::{Changeset, Sql};

fn misspelt(sql: &mut Sql<'_>) {
    sql.update::<User>().set(User::ROL, "admin").only(User::UUID, "u");
}

fn of_another_table() -> Changeset<User> {
    Changeset::new().set(Log::DECKY, "decky-01")
}

fn text_in_place_of_a_column(sql: &mut Sql<'_>) {
    sql.update::<User>().set("role", "admin");
}

fn main() {}
