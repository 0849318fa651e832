//! The command line of `sfgen`.

use std::process::ExitCode;

/// A plan is made of many small texts: with the system's allocator, a fifth of its time went there. Huge pages would
/// cost a fifth more memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Before anything else is opened or parsed: a guard is a small program of its own.
    let mut args = std::env::args_os().skip(1);
    if args.next().is_some_and(|first| first == sfgen::launch::processes::guard::SUBCOMMAND) {
        return sfgen::launch::processes::guard::main(args);
    }
    sfgen::cli::run()
}
