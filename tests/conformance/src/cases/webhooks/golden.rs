//! Golden data of webhook subscriptions.

use serde_json::json;

use crate::golden::{Coverage, List, Ruled};

pub(crate) fn golden() -> Coverage {
    Coverage {
        tables: &["webhook_subscriptions"],
        ruled: vec![Ruled::answer(
            List::DeploymentWrites,
            72,
            "R18: an empty patch of a subscription that is not there",
            json!(false),
        )],
        ..Coverage::default()
    }
}
