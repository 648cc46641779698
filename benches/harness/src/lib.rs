//! What the benchmarks share that compare storage layers.
//!
//! A layer (hand-written SQL, an ORM, decnet-db) implements [`Layer`]; its program calls [`serve`]. A program that compares
//! starts one such program per layer and asks them in turn for a short run of the same operation, so that
//! whatever else the machine does hits all of them alike. Each layer is a process of its own, with a database of its own.

mod compare;
mod layer;
mod load;
mod op;
mod report;
mod run;
mod serve;

pub use compare::{Comparison, Outcome, compare};
pub use layer::{Layer, Search};
pub use op::{OPS, Op, Phase};
pub use report::{Figures, table};
pub use run::{Sample, Span};
pub use serve::{Checks, serve};
