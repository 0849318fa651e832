//! Every page that `sfgen explain` prints, from the modules that raise the codes.

use crate::{check, compile, diag::Page, keys, launch, lockfile, model, output, rename, syntax};

use super::commands;

/// The pages of each module, but for those of checks, which stand in the tables of checks.
const TABLES: &[&[Page]] = &[
    syntax::PAGES,
    model::PAGES,
    check::PAGES,
    lockfile::PAGES,
    rename::PAGES,
    compile::PAGES,
    output::PAGES,
    keys::PAGES,
    launch::PAGES,
    commands::PAGES,
];

/// Every page.
pub fn pages() -> impl Iterator<Item = &'static Page> + Clone {
    let tables = TABLES.iter().copied().flatten();
    tables.chain(check::all().map(|check| &check.page))
}
