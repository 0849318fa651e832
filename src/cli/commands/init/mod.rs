//! `sfgen init`: a first topology, from flags or from answers on a terminal.

mod answers;
mod args;
mod questions;
mod text;
mod toml_text;

use std::io::{self, IsTerminal as _};

use camino::{Utf8Path, Utf8PathBuf};
use time::OffsetDateTime;

use crate::{
    cli::{
        disk::LOCK,
        status::{Failure, Status},
        ui::Ui,
    },
    compile::{Input, compile},
    diag::{Code, Finding, Findings, Severity, Sources},
    fs::{self, FsError, Kind},
    syntax::{MemoryWorkspace, is_toml},
};

use answers::{Answers, Given};
pub(in crate::cli) use args::InitArgs;
use args::RuntimeChoice;
use questions::Terminal;

/// Something is where the topology would be written.
const THERE: Code = Code("SF0707");

/// Runs the command. Nothing that is there is overwritten, and nothing is written that `plan` would refuse.
pub(in crate::cli) fn run(args: &InitArgs, ui: &Ui) -> Result<Status, Failure> {
    let path = args.topology.clone().unwrap_or_else(|| "topology.kdl".into());
    if !matches!(path.extension(), Some("kdl" | "toml")) {
        let message = format!("`{path}` is no name of a topology");
        let help = "name it `topology.kdl`, or `topology.toml` for TOML";
        return Err(Failure::new(Status::Usage, message).help(help));
    }
    if let Some(other) = in_the_way(&path)? {
        ui.findings(&[already_there(&other)], &Sources::default());
        return Ok(Status::Findings);
    }
    if args.runtime == Some(RuntimeChoice::Embedded) && args.engine.is_some() {
        let message = "`--engine` is for `--runtime secretflow`; the embedded runtime has none";
        return Err(Failure::new(Status::Usage, message).help("drop one of the two"));
    }
    let (mut findings, mut sources) = (Findings::default(), Sources::default());
    let given = Given::read(args, &mut sources, &mut findings);
    if findings.has_errors() {
        ui.findings(&findings.into_sorted(), &sources);
        return Ok(Status::Findings);
    }
    let answers = complete(given, args.yes, &path)?;
    let text = text::topology(&answers);
    let text = if is_toml(path.as_str()) { toml_text::of(&text) } else { text };
    let (findings, sources) = refused_by_plan(&path, &text);
    if !findings.is_empty() {
        ui.findings(&findings, &sources);
        ui.note(format!("`{path}` was not written"));
        return Ok(Status::Findings);
    }
    if let Some(folder) = path.parent().filter(|folder| !folder.as_str().is_empty()) {
        fs::create_folder(folder, 0o755)?;
    }
    match fs::write_new(&path, text.as_bytes(), 0o644) {
        Err(why) if why.kind() == io::ErrorKind::AlreadyExists => {
            ui.findings(&[already_there(&path)], &Sources::default());
            return Ok(Status::Findings);
        }
        written => written?,
    }
    ui.result(format!("+ {path}"));
    for line in text::next_steps(&answers, &path) {
        ui.note(line);
    }
    Ok(Status::Done)
}

/// What is missing is asked on a terminal, and has a default under `--yes`; elsewhere it must be given.
fn complete(given: Given, yes: bool, path: &Utf8Path) -> Result<Answers, Failure> {
    let default = answers::default_name(folder_name(path).as_deref());
    if yes {
        return Ok(given.or_defaults(default));
    }
    if io::stdin().is_terminal() && io::stderr().is_terminal() {
        let (mut input, mut output) = (io::stdin().lock(), io::stderr().lock());
        return Terminal { input: &mut input, output: &mut output }.complete(given, &default);
    }
    let missing = given.missing();
    if missing.is_empty() {
        return Ok(given.or_defaults(default));
    }
    let message =
        format!("{} must be given, since there is no terminal to ask on", missing.join(" and "));
    let help =
        "write `--name NAME --party NAME=ADDRESS --party NAME=ADDRESS`, or `--yes` for defaults";
    Err(Failure::new(Status::Usage, message).help(help))
}

/// The name of the folder that the topology goes to.
fn folder_name(path: &Utf8Path) -> Option<String> {
    let folder = path.parent().filter(|folder| !folder.as_str().is_empty());
    let real = fs::resolve(folder.unwrap_or(Utf8Path::new("."))).ok()?;
    real.file_name().map(str::to_owned)
}

/// What is there already: the file itself, or the same topology in the other language, of which one would hide the other.
fn in_the_way(path: &Utf8Path) -> Result<Option<Utf8PathBuf>, FsError> {
    for other in [path.to_owned(), path.with_extension("kdl"), path.with_extension("toml")] {
        if fs::kind(&other)? != Kind::Absent {
            return Ok(Some(other));
        }
    }
    Ok(None)
}

fn already_there(path: &Utf8Path) -> Finding {
    Finding::error(THERE, format!("`{path}` is there already, and nothing is overwritten")).help(
        "edit it, move it away, or name another file in another folder: `sfgen init other/topology.kdl`",
    )
}

/// The errors that `plan` would find in a text, but for certificates, which come later.
fn refused_by_plan(path: &Utf8Path, text: &str) -> (Vec<Finding>, Sources) {
    let input = Input {
        workspace: &MemoryWorkspace::default().with(path.as_str(), text),
        root: path,
        lock: LOCK.into(),
        mode: None,
        now: OffsetDateTime::now_utc(),
    };
    let mut compilation = compile(&input);
    compilation.findings.retain(|finding| {
        finding.severity == Severity::Error && !finding.code.0.starts_with("SF05")
    });
    (compilation.findings, compilation.sources)
}
