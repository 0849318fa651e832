//! `sfgen explain CODE`: the page of a finding.

use clap::Args;

use crate::{
    cli::{
        pages::pages,
        status::{Failure, Status},
        ui::Ui,
    },
    syntax::nearest,
};

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The code, such as SF0201
    pub(crate) code: String,
}

/// The code that a text means: the letters may be small or left out, zeros in front too.
fn code(text: &str) -> String {
    let upper = text.trim().to_ascii_uppercase();
    let digits = upper.strip_prefix("SF").unwrap_or(&upper);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return upper;
    }
    format!("SF{digits:0>4}")
}

/// Runs the command.
pub(in crate::cli) fn run(args: &ExplainArgs, ui: &Ui) -> Result<Status, Failure> {
    let wanted = code(&args.code);
    if let Some(page) = pages().find(|page| page.code.0 == wanted) {
        ui.result(format!("# {}\n\n{}", page.code, page.text.trim_end()));
        return Ok(Status::Done);
    }
    let near = nearest(&wanted, pages().map(|page| page.code.0));
    let failure = Failure::new(Status::Usage, format!("there is no finding `{}`", args.code));
    Err(match near {
        Some(near) => failure.help(format!("did you mean `{near}`?")),
        None => failure.help("codes are `SF` and four digits, as findings print them"),
    })
}
