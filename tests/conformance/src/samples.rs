//! Arguments for each contract method: what its SQL is recorded with, and what the cases call that call every method.
//!
//! A method that is missing fails the tests: add it to its domain (`cases/<domain>/samples.rs`), with each argument that
//! changes its SQL.

use serde_json::Value;

use crate::cases::DOMAINS;

/// A domain: its name, and calls of its methods.
pub type Domain = (&'static str, Vec<(&'static str, Value)>);

/// A key that no row has.
pub(crate) const UUID: &str = "00000000-0000-4000-8000-0000000000b0";

/// The domains of the contract.
pub fn domains() -> Vec<Domain> {
    DOMAINS.iter().flat_map(|domain| (domain.samples)()).collect()
}

/// One call of each method.
pub fn one_each() -> Vec<(&'static str, Value)> {
    let mut calls: Vec<(&'static str, Value)> = Vec::new();
    for call in domains().into_iter().flat_map(|(_, calls)| calls) {
        if calls.iter().all(|(method, _)| *method != call.0) {
            calls.push(call);
        }
    }
    calls
}

#[cfg(test)]
mod tests {
    use decnet_db_core::call::methods;

    use super::*;

    #[test]
    fn each_contract_method_has_a_sample() {
        let sampled = one_each();
        let missing: Vec<_> = methods()
            .map(|method| method.name)
            .filter(|name| sampled.iter().all(|(sample, _)| sample != name))
            .collect();
        assert!(missing.is_empty(), "no sample arguments for {missing:?}");
    }
}
