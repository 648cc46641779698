//! Runs the whole kit against the empty database of a URL: `by_url sqlite:////tmp/empty.db`.
//!
//! A driver author's version of it refers to their crate instead of `decnet_db_sqlite`.

use std::io::Write as _;
use std::process::ExitCode;

use decnet_db_sqlite as _;

fn main() -> ExitCode {
    let Some(url) = std::env::args().nth(1) else {
        eprintln!("usage: by_url URL-OF-AN-EMPTY-DATABASE");
        return ExitCode::from(2);
    };
    match decnet_db_conformance::run(&url) {
        Ok(report) => {
            // A closed pipe is the reader's choice.
            let _ = writeln!(std::io::stdout(), "{report}");
            if report.failures().is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(2)
        }
    }
}
