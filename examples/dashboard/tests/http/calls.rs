//! What a service asks of its repository.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use decnet_db::Result;
use decnet_db::testing::Interceptor;

/// How often each method was called.
#[derive(Debug, Default, Clone)]
pub(crate) struct Calls(Arc<Mutex<BTreeMap<&'static str, u64>>>);

impl Calls {
    pub(crate) fn of(&self, method: &str) -> u64 {
        self.0.lock().unwrap().get(method).copied().unwrap_or(0)
    }

    pub(crate) fn all(&self) -> u64 {
        self.0.lock().unwrap().values().sum()
    }

    pub(crate) fn forget(&self) {
        self.0.lock().unwrap().clear();
    }
}

#[async_trait]
impl Interceptor for Calls {
    async fn before(&self, method: &'static str) -> Result<()> {
        *self.0.lock().unwrap().entry(method).or_default() += 1;
        Ok(())
    }
}
