//! Sample arguments: campaigns.

use crate::samples::Domain;

pub(crate) fn samples() -> Vec<Domain> {
    Vec::new()
}
