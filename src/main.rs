//! The command line of `sfgen`.

use std::process::ExitCode;

fn main() -> ExitCode {
    sfgen::cli::run()
}
