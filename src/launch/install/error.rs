//! Why something is not installed, or not taken back.

use camino::Utf8PathBuf;
use miette::Diagnostic;
use thiserror::Error;

use crate::{fs::FsError, types::PartyName};

/// Why an installation cannot go on.
#[derive(Debug, Error, Diagnostic)]
pub enum InstallError {
    /// Files on the machine are neither as planned nor as sfgen left them.
    #[error("what is installed for {party} is not as sfgen left it: {}", listed(edited))]
    #[diagnostic(
        code(SF0775),
        help(
            "put into the topology what was changed there and plan again, or let `--force` overwrite it"
        )
    )]
    Edited {
        /// Whose installation.
        party: PartyName,
        /// All such files.
        edited: Vec<Edited>,
    },
    /// The changes need rights that this process has not.
    #[error("only root may change what is installed for {party}")]
    #[diagnostic(code(SF0776), help("run `sudo {command}`"))]
    NotRoot {
        /// Whose installation.
        party: PartyName,
        /// The command to run as root.
        command: String,
    },
    /// Nobody can be asked whether the changes are wanted.
    #[error(
        "nothing was done: nobody said that this is wanted, and there is no terminal to ask at"
    )]
    #[diagnostic(code(SF0777), help("look at what is listed, then add `--yes`"))]
    Unconfirmed,
    /// A step could not be done.
    #[error("cannot {step}: {why}")]
    #[diagnostic(
        code(SF0778),
        help(
            "the command was `{command}`; run the same again once it works: what was done already is kept"
        )
    )]
    Step {
        /// What was to be done.
        step: String,
        /// The command, as it is typed in a shell.
        command: String,
        /// What it said.
        why: String,
    },
    /// Something was started and is not ready.
    #[error("{party} is installed, but not healthy: {}", told(processes))]
    #[diagnostic(
        code(SF0779),
        help("mend what its last lines tell, then run the same again; `{look}` shows more")
    )]
    Unhealthy {
        /// Whose.
        party: PartyName,
        /// What is not ready.
        processes: Vec<Sick>,
        /// The command that shows what it said.
        look: String,
    },
    /// Nobody said in time that the firewall may stay, or none was loaded.
    #[error(
        "there is no firewall of {party} to keep: none was loaded, or it was taken back since nobody confirmed it in time"
    )]
    #[diagnostic(
        code(SF0793),
        help(
            "load it again with `sfgen apply --party {party} --firewall`, and confirm it while the connections that you need work"
        )
    )]
    TakenBack {
        /// Whose firewall.
        party: PartyName,
    },
    /// Another process installs for this party or takes back what was installed.
    #[error("another `sfgen` changes what is installed for {party} just now")]
    #[diagnostic(help("wait until it has ended"))]
    Busy {
        /// Whose installation.
        party: PartyName,
    },
    /// The record of what was done cannot be read.
    #[error("the record of what is installed, `{file}`, cannot be used: {why}")]
    #[diagnostic(help(
        "use the release of sfgen that wrote it, or take back by hand what the party's RUNBOOK.md lists, then remove it"
    ))]
    Record {
        /// The record.
        file: Utf8PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// There is no folder for the record.
    #[error("there is no folder for the record of what is installed: this account has no home")]
    #[diagnostic(help("set HOME, or name a folder of your own in SFGEN_STATE"))]
    NoHome,
    /// The disk.
    #[error(transparent)]
    Fs(#[from] FsError),
}

/// A file that is neither as planned nor as sfgen left it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// The file.
    pub path: Utf8PathBuf,
    /// Whether sfgen put it there.
    pub is_ours: bool,
}

/// Something that is not ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sick {
    /// What the target calls it.
    pub name: String,
    /// How it is, as the end of a sentence.
    pub what: String,
    /// The last lines that it wrote.
    pub lines: Vec<String>,
}

fn listed(edited: &[Edited]) -> String {
    let words = edited.iter().map(|Edited { path, is_ours }| {
        let how = if *is_ours { "was edited" } else { "was there before" };
        format!("`{path}` {how}")
    });
    words.collect::<Vec<_>>().join(", ")
}

fn told(processes: &[Sick]) -> String {
    let words = processes.iter().map(|Sick { name, what, lines }| {
        let lines = lines.iter().flat_map(|line| ["\n    ", line]).collect::<String>();
        format!("{name} {what}{lines}")
    });
    words.collect::<Vec<_>>().join("\n  ")
}
