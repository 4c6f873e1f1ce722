//! The `countersign` program: arguments in, one command, an exit status out.

mod commands;
mod config;
mod connections;
mod data;
mod env;
mod notify;
mod print;
mod profile;
mod telemetry;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::print::Printer;

/// Accounts for people, AccessKeys for programs, and requests whose signature proves who sent them.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, propagate_version = true, max_term_width = 100, after_help = EXIT_STATUS)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXIT_STATUS: &str = "Exit status: 0 done; 1 refused or failed, with the reason on standard error; 2 the \
                           arguments cannot be used. `explain` and `exec` have their own, see their help.";

/// What each command does stands with its arguments, in its own file.
#[derive(Debug, Subcommand)]
enum Command {
    Dev(commands::dev::Dev),
    Init(commands::init::Init),
    Serve(commands::serve::Serve),
    Migrate(commands::migrate::Migrate),
    #[command(subcommand)]
    Account(commands::account::Account),
    #[command(subcommand)]
    AccessKey(commands::access_key::AccessKey),
    #[command(subcommand)]
    Project(commands::project::Project),
    Sign(commands::sign::Sign),
    Request(commands::request::Request),
    Exec(commands::exec::Exec),
    Explain(commands::explain::Explain),
    Whoami(commands::whoami::Whoami),
    Doctor(commands::doctor::Doctor),
    #[command(subcommand)]
    RingKey(commands::ring_key::RingKey),
    #[command(subcommand)]
    MasterKey(commands::master_key::MasterKey),
    #[command(subcommand)]
    Config(commands::config::Config),
}

fn main() -> ExitCode {
    let matches = Arguments::command().get_matches();
    let arguments = match Arguments::from_arg_matches(&matches) {
        Ok(arguments) => arguments,
        Err(error) => error.exit(),
    };
    let mut printer = Printer::new();
    // To a program that asks whether signatures match, 1 says that one does not.
    let failure = if matches!(arguments.command, Command::Explain(_)) { 2 } else { 1 };
    match run(arguments.command, &mut printer) {
        Ok(status) => ExitCode::from(status),
        // Whoever reads the output has seen enough, as `head` does.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            printer.error(&error);
            ExitCode::from(failure)
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.root_cause().downcast_ref::<std::io::Error>();
    io.is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}

fn run(command: Command, printer: &mut Printer) -> anyhow::Result<u8> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match command {
            Command::Dev(command) => command.run(printer).await,
            Command::Init(command) => command.run(printer).await,
            Command::Serve(command) => command.run(printer).await,
            Command::Migrate(command) => command.run(printer).await,
            Command::Account(command) => command.run(printer).await,
            Command::AccessKey(command) => command.run(printer).await,
            Command::Project(command) => command.run(printer).await,
            Command::Sign(command) => command.run(printer),
            Command::Request(command) => command.run(printer).await,
            Command::Exec(command) => command.run(printer).await,
            Command::Explain(command) => command.run(printer),
            Command::Whoami(command) => command.run(printer).await,
            Command::Doctor(command) => command.run(printer).await,
            Command::RingKey(command) => command.run(printer).await,
            Command::MasterKey(command) => command.run(printer).await,
            Command::Config(command) => command.run(printer),
        }
    })
}
