//! `decnet-db completions` and `decnet-db man`.

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::args::Arguments;
use crate::errors::Failure;
use crate::output::Output;

#[derive(clap::Args)]
pub(crate) struct CompletionsArgs {
    /// The shell that they are for
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints what a shell reads to complete command lines.
pub(crate) fn run(arguments: &CompletionsArgs, output: &mut Output) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::command(), "decnet-db", &mut script);
    output.text(&String::from_utf8_lossy(&script))
}

/// Prints the manual page of the tool and its commands.
pub(crate) fn man(output: &mut Output) -> Result<(), Failure> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Arguments::command()).render(&mut page).map_err(Failure::output)?;
    output.text(&String::from_utf8_lossy(&page))
}
