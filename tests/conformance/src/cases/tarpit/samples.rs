//! Sample arguments: tarpit rules.

use crate::samples::Domain;

pub(crate) fn samples() -> Vec<Domain> {
    Vec::new()
}
