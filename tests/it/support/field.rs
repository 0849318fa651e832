//! Reads what was found in a topology of `tests/field/`, and what was made of it.

use sfgen::compile::Compilation;

use super::mended::shown;

/// The codes of all findings, in their order.
pub(crate) fn codes(done: &Compilation) -> Vec<&'static str> {
    done.findings.iter().map(|finding| finding.code.0).collect()
}

/// A file of the tree of a topology without errors.
#[track_caller]
pub(crate) fn file(done: &Compilation, path: &str) -> String {
    let output = done.output.as_ref().unwrap_or_else(|| panic!("{}", shown(done)));
    let file = output.tree.get(path).unwrap_or_else(|| panic!("there is no {path}"));
    String::from_utf8(file.bytes.to_vec()).unwrap()
}

/// The labelled texts of a finding, in their order.
pub(crate) fn places(text: &str, done: &Compilation, index: usize) -> Vec<String> {
    let labels = done.findings[index].labels.iter();
    labels.map(|label| text[label.span.start..label.span.end].to_owned()).collect()
}
