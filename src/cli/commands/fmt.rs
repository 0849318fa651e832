//! `sfgen fmt [TOPOLOGY...]`: lays out KDL files.

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;

use crate::{
    cli::{
        status::{Failure, Status},
        topology::locate,
        ui::Ui,
    },
    diag::{Findings, Sources},
    fs::{self, Kind},
    syntax::{self, MAX_FILE},
};

/// Arguments of `fmt`.
#[derive(Debug, Args)]
pub(crate) struct FmtArgs {
    /// The files, `topology.kdl` unless given
    #[arg(value_name = "TOPOLOGY", default_value = "topology.kdl")]
    pub(crate) files: Vec<Utf8PathBuf>,
    /// Write nothing; status 3 where a file would change
    #[arg(long)]
    pub(crate) check: bool,
}

/// Runs the command. A file that cannot be read as KDL is left alone with its findings; the others are laid out.
pub(in crate::cli) fn run(args: &FmtArgs, ui: &Ui) -> Result<Status, Failure> {
    let (mut findings, mut sources) = (Findings::default(), Sources::default());
    let mut has_drift = false;
    for path in &args.files {
        let file = read(path)?;
        let id = sources.add(path.as_str(), file.text.as_str());
        let Some(made) = syntax::format(id, &file.text, &mut findings) else { continue };
        if made == file.text {
            continue;
        }
        has_drift = true;
        if !args.check {
            // A link stays one: what it leads to is replaced.
            let real = fs::resolve(path)?;
            fs::write_atomically(&real, made.as_bytes(), file.mode)?;
        }
        ui.result(format!("~ {path}"));
    }
    let has_errors = findings.has_errors();
    ui.findings(&findings.into_sorted(), &sources);
    Ok(match (has_errors, args.check && has_drift) {
        (true, _) => Status::Findings,
        (false, true) => Status::Drift,
        (false, false) => Status::Done,
    })
}

struct File {
    text: String,
    mode: u32,
}

/// A KDL file. TOML has formatters of its own.
fn read(path: &Utf8Path) -> Result<File, Failure> {
    let fail = |why: &str| Failure::new(Status::Usage, format!("`{path}`: {why}"));
    if path.extension() == Some("toml") {
        return Err(fail("only KDL files are laid out").help("use a formatter for TOML"));
    }
    let real = fs::resolve(path).map_err(|why| match why.kind() {
        std::io::ErrorKind::NotFound => locate(Some(&path.to_owned()), "sfgen fmt")
            .err()
            .map_or_else(|| why.into(), Failure::from),
        _ => why.into(),
    })?;
    let Kind::File { mode, len, .. } = fs::kind(&real)? else {
        return Err(fail("this is no regular file"));
    };
    if len > MAX_FILE as u64 {
        return Err(fail(&format!("the file is larger than {} MiB", MAX_FILE >> 20)));
    }
    let text = String::from_utf8(fs::read(&real)?);
    text.map(|text| File { text, mode }).map_err(|_| fail("the file is not UTF-8 text"))
}
