//! A statement comes only from the builder.

use decnet_db_core::sql::Statement;

fn statement(text: String) -> Statement {
    Statement { text, values: Vec::new() }
}

fn main() {}
