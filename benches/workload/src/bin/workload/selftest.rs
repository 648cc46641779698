//! Digests of the rows, checked before anybody measures with them.

use anyhow::{Result, bail};
use decnet_db_workload::digests::{EXPECTED, digests};
use serde_json::json;

use crate::results::Pairs;

pub(crate) fn run() -> Result<String> {
    let mut output = Pairs::default();
    for ((what, expected), found) in EXPECTED.into_iter().zip(digests()) {
        if found != expected {
            bail!("{what}: is {found} and must be {expected}");
        }
        output.set(what, json!(found));
    }
    Ok(serde_json::to_string_pretty(&output)?)
}
