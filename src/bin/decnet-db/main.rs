//! The operator's tool: looks at a DECNET database, creates it, and calls the repository's methods by name.

mod args;
mod commands;
mod confirm;
mod connection;
mod errors;
mod event_lines;
mod histogram;
mod ingest;
mod json_text;
mod logging;
mod output;
mod selection;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Arguments, Command};
use errors::Failure;
use output::Output;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(arguments: Arguments) -> Result<(), Failure> {
    let Arguments { global, command } = arguments;
    logging::start(global.verbose)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::io("can't start: the system grants no event queue", error))?;
    let mut output = Output::new(global.json);
    runtime.block_on(async {
        match command {
            Command::Drivers => commands::drivers::run(&mut output),
            Command::Status => commands::status::run(&global, &mut output).await,
            Command::Init => commands::init::run(&global, &mut output).await,
            Command::Ingest(arguments) => ingest::run(&global, arguments, &mut output).await,
            Command::Logs(arguments) => commands::logs::run(&global, &arguments, &mut output).await,
            Command::Top(arguments) => commands::top::run(&global, &arguments, &mut output).await,
            Command::Show(arguments) => commands::show::run(&global, &arguments, &mut output).await,
            Command::Histogram(arguments) => commands::histogram::run(&global, &arguments, &mut output).await,
            Command::Export(arguments) => commands::export::run(&global, &arguments, &mut output).await,
            Command::Methods(arguments) => commands::methods::run(&arguments, &mut output),
            Command::Call(arguments) => commands::call::run(&global, arguments, &mut output).await,
            Command::Copy(arguments) => commands::copy::run(&global, &arguments, &mut output).await,
            Command::Reset(arguments) => commands::reset::run(&global, &arguments, &mut output).await,
            Command::NewDriver(arguments) => commands::new_driver::run(&arguments, &mut output),
        }
    })
}
