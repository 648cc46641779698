//! What programs do with topologies beyond single rows: the rules of statuses, and whole designs.
//!
//! DECNET has these functions above its repository, and so are they here: they take any
//! [`Repository`](crate::contract::Repository) (contract document 70 §2.1 and ruling R18).

mod addresses;
mod design;
mod status;

pub use design::{Design, Plan, PlannedDecky, PlannedEdge, hydrate, persist};
pub use status::{assert_transition, legal_next, transition_status};
