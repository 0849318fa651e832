//! The command line: reads arguments and files, calls the phases, prints, and turns outcomes into exit statuses.
//!
//! The only layer that prints, and the only one that knows of exit statuses and terminals.

mod args;
mod command_line;
mod commands;
mod disk;
mod own_process;
pub mod pages;
mod schemas;
mod status;
mod topology;
mod ui;

use std::{io::ErrorKind, process::ExitCode};

use clap::Parser as _;

use command_line::{Cli, Command};
pub use commands::plan::{ChangeWord, FileReport, PlanReport};
pub use schemas::{SCHEMAS, Schema};
use status::Failure;
pub use status::Status;
use ui::Ui;

/// Runs the command that the arguments of this process name.
#[must_use]
pub fn run() -> ExitCode {
    own_process::harden();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Clap writes help and version to stdout and mistakes to stderr.
            let printed = error.print();
            if error.use_stderr() {
                return Status::Usage.into();
            }
            let is_lost = printed.is_err_and(|why| why.kind() != ErrorKind::BrokenPipe);
            return if is_lost { Status::Failed } else { Status::Done }.into();
        }
    };
    let ui = Ui::new(cli.format(), cli.color);
    let status = dispatch(cli.command, &ui).unwrap_or_else(|failure| {
        ui.failure(&failure);
        failure.status
    });
    ui.finish(status).into()
}

fn dispatch(command: Command, ui: &Ui) -> Result<Status, Failure> {
    match command {
        Command::Plan(args) => commands::plan::run(&args, ui),
        Command::Check(args) => commands::check::run(&args, ui),
        Command::Init(args) => commands::init::run(&args, ui),
        Command::Fmt(args) => commands::fmt::run(&args, ui),
        Command::Mv(args) => commands::mv::run(&args, ui),
        Command::Keys(args) => commands::keys::run(&args, ui),
        Command::Explain(args) => commands::explain::run(&args, ui),
        Command::Templates(args) => commands::templates::run(&args, ui),
        Command::Schema(args) => commands::schema::run(&args, ui),
        Command::Apply(args) => commands::apply::run(&args, ui),
        Command::Run(args) => commands::run::run(&args, ui),
        Command::Status(args) => commands::status::run(&args, ui),
        Command::Stop(args) => commands::stop::run(&args, ui),
        Command::Uninstall(args) => commands::uninstall::run(&args, ui),
        Command::Demo(args) => commands::demo::run(&args, ui),
        Command::JobSum => commands::job_sum::run(ui),
        Command::Launcher(args) => commands::launcher::run(&args, ui),
        Command::Job(args) => commands::job::run(args),
    }
}
