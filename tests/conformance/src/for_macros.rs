//! What the code that [`suite!`](crate::suite) writes calls. Not for use by hand.

use std::sync::Arc;

use crate::catalogue;
use crate::harness::Harness;
use crate::report::Outcome;
use crate::second_process::{Again, serve_if_asked};
use crate::suite::LIMIT;

pub use std::sync::OnceLock;

/// What the macro keeps: the harness is made once for all tests of a program.
pub type Shared = Arc<dyn Harness>;

/// Makes it so.
pub fn shared(harness: impl Harness) -> Shared {
    Arc::new(harness)
}

/// The test of one case.
///
/// # Panics
/// When the promise is not kept.
#[track_caller]
pub fn test(harness: &Shared, module: &str, name: &str) {
    let case =
        catalogue::all().find(|case| case.name == name).expect("the macro and the list have the same names");
    match case.execute(harness, &Again::as_test(module), LIMIT, true) {
        Outcome::Passed => {}
        Outcome::Excused { capability, reason } => eprintln!("excused: lacks {capability}: {reason}"),
        Outcome::NotRun { needs } => eprintln!("not run: needs {needs}"),
        Outcome::Failed { message } => panic!("{}\n{message}", case.promise()),
    }
}

/// What a second process does; nothing when the tests are run as usual.
pub fn second_process(harness: &Shared, module: &str) {
    serve_if_asked(harness, module);
}
