//! The command line of `sfgen`.

fn main() {}
