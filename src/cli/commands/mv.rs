//! `sfgen mv OLD NEW`: renames in topology and lock at once, so that no port moves.

use camino::{Utf8Path, Utf8PathBuf};
use clap::Args;

use crate::{
    cli::{
        disk::{DiskWorkspace, LOCK},
        status::{Failure, Status},
        topology::locate,
        ui::Ui,
    },
    diag::{FileId, Findings, Sources},
    fs::{self, Kind},
    lockfile::Lock,
    rename::{self, EditedFile, Pair, Renaming},
    syntax::{Loaded, MAX_FILE, load},
};

use super::{
    compiling::take_lock,
    lost_lock::{self, IfLost},
};

/// Arguments of `mv`.
#[derive(Debug, Args)]
#[command(
    after_help = "Topology and lock are edited together: what names the party, host or port says the new name afterwards, and every number stays. Where the topology has the new name already, only the lock is. Names are `alice`, `alice/alice-1` or, for a port of a service, `alice/alice-1/redis`."
)]
pub(crate) struct MvArgs {
    /// The name as it is
    pub(crate) old: String,
    /// The name as it is to be
    pub(crate) new: String,
    /// The topology; `topology.kdl` unless given, or `topology.toml` if there is only that
    pub(crate) topology: Option<Utf8PathBuf>,
    /// Write nothing; show what would change
    #[arg(long)]
    pub(crate) dry_run: bool,
}

/// Runs the command. Nothing is written where anything is wrong.
pub(in crate::cli) fn run(args: &MvArgs, ui: &Ui) -> Result<Status, Failure> {
    ui.is_about(args.topology.as_ref());
    let command = format!("sfgen mv {} {}", args.old, args.new);
    let (workspace, root) = locate(args.topology.as_ref(), &command)?;
    let held = if args.dry_run { None } else { Some(take_lock(&workspace)?) };
    let mut findings = Findings::default();
    let mut loaded = load(&workspace, &root, &mut findings);
    findings.extend(lost_lock::look(&workspace, IfLost::default())?.finding());
    let lock = read_lock(&workspace, &mut loaded.sources, &mut findings)?;
    let pair = Pair::new(&args.old, &args.new, &mut loaded.sources);
    // Names in a file that cannot be read would be missed.
    if findings.has_errors() {
        ui.findings(&findings.into_sorted(), &loaded.sources);
        return Ok(Status::Findings);
    }
    let input = rename::Input { loaded: &loaded, lock: lock.as_ref(), pair: &pair };
    let renaming = match rename::rename(input) {
        Ok(renaming) => renaming,
        Err(wrong) => {
            ui.findings(&wrong, &loaded.sources);
            return Ok(Status::Findings);
        }
    };
    let lock_file = workspace.named().join(LOCK);
    if !args.dry_run {
        write(&renaming, &loaded, &lock_file)?;
    }
    drop(held);
    report(&renaming, &loaded, &lock_file, ui);
    let next = if args.dry_run {
        "not written"
    } else {
        "every number stays; run `sfgen plan` to write the tree under the new name"
    };
    ui.note(next);
    Ok(Status::Done)
}

/// The lock; `None` where there is none, or one that cannot be trusted, which is reported.
fn read_lock(
    workspace: &DiskWorkspace,
    sources: &mut Sources,
    findings: &mut Findings,
) -> Result<Option<Lock>, Failure> {
    let path = workspace.named().join(LOCK);
    let Some(bytes) = fs::read_if_exists(&path)? else { return Ok(None) };
    if bytes.len() > MAX_FILE {
        findings.push(Lock::unreadable(&format!("the file is larger than {} MiB", MAX_FILE >> 20)));
        return Ok(None);
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let file = sources.add(path.as_str(), text.as_str());
    Ok(Lock::parse(file, &text, findings))
}

/// Replaces the files of the topology and, last, the lock: a command that was cut off can be given again.
fn write(renaming: &Renaming, loaded: &Loaded, lock_file: &Utf8Path) -> Result<(), Failure> {
    let mut ready: Vec<(Utf8PathBuf, String, u32)> = Vec::new();
    for EditedFile { file, text, .. } in &renaming.files {
        let (path, mode) = place(Utf8Path::new(&loaded.sources.get(*file).name))?;
        ready.push((path, text.clone(), mode));
    }
    if let Some(lock) = &renaming.lock {
        ready.push((lock_file.to_owned(), lock.to_text(), 0o644));
    }
    let files: Vec<_> =
        ready.iter().map(|(path, text, mode)| (path.as_path(), text.as_bytes(), *mode)).collect();
    Ok(fs::write_all_atomically(&files)?)
}

/// Where a file really lies, and its mode: a link stays one.
fn place(path: &Utf8Path) -> Result<(Utf8PathBuf, u32), Failure> {
    let real = fs::resolve(path)?;
    let mode = match fs::kind(&real)? {
        Kind::File { mode, .. } => mode,
        _ => 0o644,
    };
    Ok((real, mode))
}

/// Each line that changes, as it is afterwards.
fn report(renaming: &Renaming, loaded: &Loaded, lock_file: &Utf8Path, ui: &Ui) {
    let line_of =
        |text: &str, line: usize| text.lines().nth(line - 1).unwrap_or_default().trim().to_owned();
    let name = |file: FileId| loaded.sources.get(file).name.clone();
    for EditedFile { file, text, lines } in &renaming.files {
        for line in lines {
            ui.result(format!("~ {}:{line}: {}", name(*file), line_of(text, *line)));
        }
    }
    let Some(lock) = &renaming.lock else { return };
    let text = lock.to_text();
    for key in &renaming.renamed {
        let start = format!("\"{key}\" ");
        let line = text.lines().position(|line| line.starts_with(&start));
        let line = line.expect("the lock has a line for each of its keys") + 1;
        ui.result(format!("~ {lock_file}:{line}: {}", line_of(&text, line)));
    }
}
