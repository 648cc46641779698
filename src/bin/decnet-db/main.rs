//! The operator's tool: looks at a DECNET database, creates it, and calls the repository's methods by name.

mod archive;
mod args;
mod bar;
mod commands;
mod confirm;
mod connection;
mod error_object;
mod errors;
mod event_lines;
mod files;
mod histogram;
mod ingest;
mod json_text;
mod logging;
mod output;
mod selection;
mod stop;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Arguments, Command};
use errors::Failure;
use output::Output;

fn main() -> ExitCode {
    let arguments = Arguments::try_parse().unwrap_or_else(|error| errors::exit_for_command_line(&error));
    let mut output = Output::new(arguments.global.json);
    match run(arguments, &mut output) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(&mut output),
    }
}

fn run(arguments: Arguments, output: &mut Output) -> Result<(), Failure> {
    let Arguments { global, command } = arguments;
    logging::start(global.verbose)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::io("can't start: the system grants no event queue", error))?;
    runtime.block_on(async {
        match command {
            Command::Drivers => commands::drivers::run(output),
            Command::Status(arguments) => commands::status::run(&global, &arguments, output).await,
            Command::Init(arguments) => commands::init::run(&global, &arguments, output).await,
            Command::Check(arguments) => commands::check::run(&global, &arguments, output).await,
            Command::Ingest(arguments) => ingest::run(&global, arguments, output).await,
            Command::Logs(arguments) => commands::logs::run(&global, &arguments, output).await,
            Command::Top(arguments) => commands::top::run(&global, &arguments, output).await,
            Command::Show(arguments) => commands::show::run(&global, &arguments, output).await,
            Command::Histogram(arguments) => commands::histogram::run(&global, &arguments, output).await,
            Command::Export(arguments) => commands::export::run(&global, &arguments, output).await,
            Command::Methods(arguments) => commands::methods::run(&arguments, output),
            Command::Call(arguments) => commands::call::run(&global, arguments, output).await,
            Command::Copy(arguments) => commands::copy::run(&global, &arguments, output).await,
            Command::Prune(arguments) => commands::prune::run(&global, &arguments, output).await,
            Command::Backup(arguments) => commands::backup::run(&global, &arguments, output).await,
            Command::Reset(arguments) => commands::reset::run(&global, &arguments, output).await,
            Command::Completions(arguments) => commands::completions::run(&arguments, output),
            Command::Man => commands::completions::man(output),
            Command::NewDriver(arguments) => commands::new_driver::run(&arguments, output),
        }
    })
}
