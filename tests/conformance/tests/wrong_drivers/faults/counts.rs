//! What is known of earlier events is not what is there.

use std::sync::atomic::{AtomicI64, Ordering};

use decnet_db_core::sql::{Dialect, Unit, Value};

use crate::rewrite::{each_insert, with};
use crate::wrapper::Fault;

/// Each opening takes its keys from a block of its own, as engines do that cache a sequence, and the driver says that keys
/// become visible in ascending order.
#[derive(Debug)]
pub(crate) struct ClaimsKeysInOrder {
    last: AtomicI64,
}

impl Default for ClaimsKeysInOrder {
    fn default() -> Self {
        static BLOCKS: AtomicI64 = AtomicI64::new(0);
        Self { last: AtomicI64::new(BLOCKS.fetch_add(1, Ordering::Relaxed) * 1_000_000) }
    }
}

impl Fault for ClaimsKeysInOrder {
    fn unit(&self, unit: Unit) -> Unit {
        each_insert(&unit, |insert| {
            if insert.table().name != "logs" || insert.columns().contains(&"id") {
                return insert.clone();
            }
            let columns = [&["id"], insert.columns()].concat();
            let key = || Value::Int(self.last.fetch_add(1, Ordering::Relaxed) + 1);
            let rows = insert.iter().flat_map(|row| std::iter::once(key()).chain(row.iter().cloned()));
            with(insert, columns, rows.collect())
        })
    }

    fn keys_in_commit_order(&self, _: &dyn Dialect) -> bool {
        true
    }
}
