//! Words that the catalogue of runtimes knows.

use crate::{
    diag::{Code, Finding, Spanned},
    syntax::nearest,
};

use super::Context;

/// The finding for a word that is none of `known`, with the one that was probably meant.
pub(super) fn unknown<'a>(
    context: Context<'_>,
    code: Code,
    what: &str,
    word: &Spanned<String>,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Finding {
    let list: Vec<String> = known.clone().map(|name| format!("`{name}`")).collect();
    let list = format!("known: {}", list.join(", "));
    let other_case = known.clone().find(|name| name.eq_ignore_ascii_case(&word.value));
    let near = other_case.or_else(|| nearest(&word.value, known));
    let help = match near {
        Some(near) => format!("did you mean `{near}`? {list}"),
        None => list,
    };
    let fix = near.and_then(|near| context.write(format!("write `{near}`"), word, near));
    Finding::error(code, format!("there is no {what} `{}`", word.value))
        .label(word.span, "unknown")
        .help(help)
        .fixes(fix)
}
