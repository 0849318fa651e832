//! A mistake is one finding with both of its places, and is gone once its help is followed.

use sfgen::{
    compile::Compilation,
    diag::{Finding, render_text},
};

use crate::{federation::compile_text, fixes::broken_fixes};

/// Of all that Kuscia runs it is said that nothing is generated yet.
pub(crate) const NOT_GENERATED: &str = "SF1100";

/// Replaces texts, each of which stands once.
pub(crate) fn edited(text: &str, edits: &[(&str, &str)]) -> String {
    edits.iter().fold(text.to_owned(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "`{from}` stands once");
        text.replace(from, to)
    })
}

/// What is found, but for what is said of every party of Kuscia.
pub(crate) fn found(done: &Compilation) -> Vec<&Finding> {
    done.findings.iter().filter(|finding| finding.code.0 != NOT_GENERATED).collect()
}

/// The findings as a user sees them.
pub(crate) fn shown(done: &Compilation) -> String {
    render_text(&done.findings, &done.sources, 100, false)
}

/// Makes a mistake in a sound topology: one finding of that code, with two places and a help that holds `help`; what
/// the help says to write, written, leaves nothing.
#[track_caller]
pub(crate) fn check(
    good: &str,
    mistake: &[(&str, &str)],
    code: &str,
    help: &str,
    mended: &[(&str, &str)],
) {
    let sound = compile_text(good);
    assert!(found(&sound).is_empty(), "{}", shown(&sound));
    let bad = edited(good, mistake);
    let done = compile_text(&bad);
    let codes: Vec<&str> = found(&done).iter().map(|finding| finding.code.0).collect();
    assert_eq!(codes, [code], "{}", shown(&done));
    let finding = found(&done)[0];
    assert!(finding.labels.len() >= 2, "{}", shown(&done));
    let said = finding.help.as_deref().unwrap_or_default();
    assert!(said.contains(help), "{}", shown(&done));
    let broken = broken_fixes(&done, compile_text);
    assert!(broken.is_empty(), "{broken}");
    let done = compile_text(&edited(&bad, mended));
    assert!(found(&done).is_empty(), "{}", shown(&done));
}
