//! Actions in words, for people who decide whether they want them, and commands as they are typed.

use super::{difference::Change, machine::Ran};
use crate::{
    plan::{Access, Action},
    render::shell_word,
};

/// What a change does, as a line with its sign: `+` for what is new, `~` for what is there, `-` for what goes.
#[must_use]
pub fn change(change: &Change) -> String {
    match change {
        Change::Do { step, is_new: true, .. } => format!("+ {}", action(&step.action)),
        Change::Do { step, is_new: false, .. } => format!("~ {}", again(&step.action)),
        Change::TakeBack { action: done } => match done.undo() {
            Some(undo) => format!("- {}", action(&undo)),
            None => format!("- forget: {}", action(done)),
        },
    }
}

/// What doing a step again does.
fn again(done: &Action) -> String {
    match done {
        Action::CopyFile { from, to, .. } => format!("replace {to} with {from}"),
        Action::CopyTree { from, to } => format!("replace {to} with the tree {from}"),
        Action::CreateFolder { path, owner, mode } => {
            format!("give the folder {path} to {owner}, with mode {mode}")
        }
        other => action(other),
    }
}

/// What an action does, as a phrase that follows "cannot".
#[must_use]
pub fn action(action: &Action) -> String {
    match action {
        Action::CreateAccount { account, home } => {
            format!("create the account {account} with the home {home}")
        }
        Action::RemoveAccount { account } => format!("remove the account {account}"),
        Action::CreateFolder { path, owner, mode } => {
            format!("create the folder {path} for {owner}, with mode {mode}")
        }
        Action::RemoveFolder { path } => format!("remove the folder {path}"),
        Action::CreateEnvironment { python, folder, .. } => {
            format!("create the Python environment {folder} with {python}")
        }
        Action::InstallPackages { folder, requirements, .. } => {
            format!("install the packages of {requirements} into {folder}")
        }
        Action::CopyFile { from, to, owner, mode } => {
            format!("copy {from} to {to} for {owner}, with mode {mode}")
        }
        Action::CopyTree { from, to } => format!("copy the tree {from} to {to}"),
        Action::RemoveFile { path } => format!("remove {path}"),
        Action::GrantRead { path, user } => format!("let {user} read {path}"),
        Action::RevokeRead { path, user } => format!("no longer let {user} read {path}"),
        Action::GrantSearch { folders, user } => {
            format!("let {user} through {}", join(folders))
        }
        Action::RevokeSearch { folders, user } => {
            format!("no longer let {user} through {}", join(folders))
        }
        Action::CheckAccess { path, access, user } => {
            let verb = match access {
                Access::Read => "read",
                Access::Write => "write",
            };
            format!("{verb} {path} as {user}")
        }
        Action::LoadFirewall { file, .. } => format!("load the firewall of {file}"),
        Action::UnloadFirewall { table } => format!("remove the table {table} of the firewall"),
        Action::ReloadUnits => "let systemd read its units again".to_owned(),
        Action::EnableUnit { unit } => format!("start {unit} whenever the machine starts"),
        Action::DisableUnit { unit } => format!("no longer start {unit} with the machine"),
        Action::StartUnit { unit } => format!("start {unit}"),
        Action::StopUnit { unit } => format!("stop {unit}"),
        Action::StartLauncher { party, .. } => format!("start the launcher of {party}"),
        Action::StopLauncher { party } => format!("stop the launcher of {party}"),
        Action::CreateNetwork { network, subnet } => {
            format!("create the network {network} with the addresses {subnet}")
        }
        Action::RemoveNetwork { network } => format!("remove the network {network}"),
        Action::BuildImages { compose } => format!("build the images of {compose}"),
        Action::RemoveImages { compose } => {
            format!("remove the images that were built for {compose}, and its volumes")
        }
        Action::CreateContainers { compose } => {
            format!("create the containers of {compose}, with their volumes")
        }
        Action::RemoveContainers { compose } => {
            format!("remove the containers of {compose}, with their volumes")
        }
        Action::StartContainers { compose } => format!("start the containers of {compose}"),
        Action::StopContainers { compose } => format!("stop the containers of {compose}"),
    }
}

fn join(folders: &[camino::Utf8PathBuf]) -> String {
    folders.iter().map(|folder| folder.as_str()).collect::<Vec<_>>().join(", ")
}

/// A command as it is typed in a shell.
#[must_use]
pub(super) fn shell(command: &[String]) -> String {
    let words = command.iter().map(|word| {
        // A word with a byte 0 is no shell's.
        shell_word(word).unwrap_or_else(|_| word.clone())
    });
    words.collect::<Vec<_>>().join(" ")
}

/// So many lines of what a command said are shown.
const LINES: usize = 10;

/// What a command that failed said last, with how it ended.
pub(super) fn last_words(ran: &Ran) -> String {
    let end = match ran.status {
        Some(status) => format!("it ended with status {status}"),
        None => "a signal ended it".to_owned(),
    };
    let said = if ran.stderr.trim().is_empty() { &ran.stdout } else { &ran.stderr };
    let lines: Vec<_> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    let last = &lines[lines.len().saturating_sub(LINES)..];
    last.iter().fold(end, |text, line| format!("{text}\n    {line}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_that_failed_is_told_by_its_last_lines() {
        let lines: Vec<_> = (1..=12).map(|line| format!("line {line}\n")).collect();
        let stderr = lines.join("\n");
        let ran = Ran { status: Some(1), stdout: "out".into(), stderr };
        let words = last_words(&ran);
        assert!(words.starts_with("it ended with status 1\n    line 3\n"), "{words}");
        assert!(words.ends_with("    line 12"), "{words}");
        let silent = Ran { status: None, stdout: "out".into(), stderr: String::new() };
        assert_eq!(last_words(&silent), "a signal ended it\n    out");
    }
}
