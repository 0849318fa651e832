//! The templates of the user, in `templates/` beside the topology.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    diag::{Code, FileId, Finding, Findings, SourceSpan, Sources},
    render::{RenderError, Template, templates},
    syntax::{Workspace, nearest},
};

/// A value or template of the user that an artifact cannot carry.
const NOT_RENDERED: Code = Code("SF0706");
/// A file in the folder that replaces no template.
const UNKNOWN: Code = Code("SF0790");
/// A template without a line that programs rely on.
const LINE_MISSING: Code = Code("SF0791");

/// The folder beside the topology.
pub const FOLDER: &str = "templates";

/// The templates that were read.
#[derive(Default)]
pub(super) struct Read {
    /// Their texts by their path below the folder.
    pub(super) texts: BTreeMap<String, String>,
    files: BTreeMap<String, FileId>,
}

/// Reads the user's templates, and says what is wrong with them whatever they are filled in with.
pub(super) fn read(
    workspace: &dyn Workspace,
    sources: &mut Sources,
    findings: &mut Findings,
) -> Read {
    let mut read = Read::default();
    let found = workspace.below(Utf8Path::new(FOLDER)).unwrap_or_else(|why| {
        findings.push(Finding::error(UNKNOWN, format!("`{FOLDER}`: {why}")));
        Vec::new()
    });
    if found.is_empty() {
        return read;
    }
    let known = templates();
    // Files whose names begin with a dot are those of editors and of git.
    let is_meant = |path: &Utf8PathBuf| !path.file_name().is_some_and(|name| name.starts_with('.'));
    for path in found.into_iter().filter(is_meant) {
        let Some(template) = known.iter().find(|one| *one.name() == path) else {
            findings.push(unknown(&path, &known, workspace));
            continue;
        };
        let in_folder = Utf8Path::new(FOLDER).join(&path);
        let text = workspace.read(&in_folder).and_then(|bytes| {
            let bytes = bytes.ok_or("there is no such file")?;
            String::from_utf8(bytes).map_err(|_| "the file is not UTF-8 text".to_owned())
        });
        let text = match text {
            Ok(text) => text,
            Err(why) => {
                let shown = workspace.display(&in_folder);
                findings.push(Finding::error(NOT_RENDERED, format!("template `{shown}`: {why}")));
                continue;
            }
        };
        let file = sources.add(workspace.display(&in_folder), text.as_str());
        findings.extend(template.mistakes(&text).into_iter().map(|mistake| {
            Finding::error(NOT_RENDERED, format!("template `{path}`: {}", mistake.message))
                .label(span(file, &text, mistake.place), "in this place of the template")
                .help(mistake.help)
        }));
        read.files.insert(path.to_string(), file);
        read.texts.insert(path.into_string(), text);
    }
    read
}

fn unknown(path: &Utf8Path, known: &[Template], workspace: &dyn Workspace) -> Finding {
    let shown = workspace.display(&Utf8Path::new(FOLDER).join(path));
    let names = || known.iter().map(Template::name);
    let same_file = names().find(|name| Utf8Path::new(name).file_name() == path.file_name());
    let help = match same_file.or_else(|| nearest(path.as_str(), names())) {
        Some(near) => {
            format!("its path would be `{FOLDER}/{near}`; `sfgen templates list` names all")
        }
        None => "remove it, or give it the path of a template: `sfgen templates list` names all"
            .to_owned(),
    };
    Finding::error(UNKNOWN, format!("`{shown}` replaces no template of sfgen")).help(help)
}

/// The finding for what cannot become a file, at its place where it is a template of the user.
pub(super) fn not_rendered(why: &RenderError, read: &Read) -> Finding {
    let place = |name: &str| Some((*read.files.get(name)?, read.texts.get(name)?.as_str()));
    match why {
        RenderError::MissingCa { .. } => Finding::error(NOT_RENDERED, why.to_string()),
        RenderError::LineMissing { name, .. } => {
            let finding = Finding::error(LINE_MISSING, why.to_string()).help(format!(
                "programs read what it makes: add lines, and keep those of `sfgen templates show {name}` in their order"
            ));
            match place(name) {
                Some((file, text)) => {
                    finding.label(span(file, text, (1, 1)), "this template leaves it out")
                }
                None => finding,
            }
        }
        RenderError::Template { name, place: at, .. } => {
            let finding = Finding::error(NOT_RENDERED, why.to_string())
                .help("mend the template, or remove it: sfgen has one of its own");
            match place(name) {
                Some((file, text)) => finding
                    .label(span(file, text, at.unwrap_or((1, 1))), "in this place of the template"),
                None => finding,
            }
        }
    }
}

/// What stands at a place of a text: an expression up to its end, else the rest of the line.
fn span(file: FileId, text: &str, (line, column): (usize, usize)) -> SourceSpan {
    let before = text.split_inclusive('\n').take(line.saturating_sub(1));
    let start_of_line = before.map(str::len).sum::<usize>();
    let rest = text[start_of_line..].lines().next().unwrap_or_default();
    let skipped = rest.chars().take(column.saturating_sub(1)).map(char::len_utf8).sum::<usize>();
    let rest = &rest[skipped.min(rest.len())..];
    let length = rest.find("}}").map_or(rest.len(), |end| end + "}}".len());
    let start = start_of_line + skipped;
    SourceSpan::new(file, start..start + length)
}
