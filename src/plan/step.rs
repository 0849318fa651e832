//! What must be done on a machine, as data: runbooks print the steps, and an installer carries them out.

use camino::Utf8PathBuf;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::types::{Account, Home, HostName, NetworkName, PartyName, Subnet};

/// When a step is due.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Before anything of the party listens on the machine.
    Firewall,
    /// Once, and again whenever what it installs has changed.
    Install,
    /// To bring the party's side up.
    Start,
}

/// One thing to do on a host. Steps of a stage are done in their order, and undone in the opposite one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// When it is due.
    pub stage: Stage,
    /// What it does.
    pub action: Action,
}

/// What a step does. Paths are absolute on the machine, or relative to the folder of the topology.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Action {
    /// Makes an account of the system, with a home of its own.
    CreateAccount {
        /// Its name.
        account: Account,
        /// Its home.
        home: Home,
    },
    /// Removes an account of the system; its home stays, since it may hold data.
    RemoveAccount {
        /// Its name.
        account: Account,
    },
    /// Makes a folder, or sets owner and mode of one that is there.
    CreateFolder {
        /// The folder.
        #[schemars(with = "String")]
        path: Utf8PathBuf,
        /// Who owns it.
        owner: Account,
        /// Its mode in octal digits, such as `0755`.
        mode: String,
    },
    /// Removes a folder with all that is in it.
    RemoveFolder {
        /// The folder.
        #[schemars(with = "String")]
        path: Utf8PathBuf,
    },
    /// Makes a virtual environment of Python.
    CreateEnvironment {
        /// The interpreter.
        python: String,
        /// The environment's folder.
        #[schemars(with = "String")]
        folder: Utf8PathBuf,
        /// Who owns it.
        owner: Account,
    },
    /// Installs the pinned packages into a virtual environment.
    InstallPackages {
        /// The environment's folder.
        #[schemars(with = "String")]
        folder: Utf8PathBuf,
        /// The list of packages.
        #[schemars(with = "String")]
        requirements: Utf8PathBuf,
        /// Who owns it.
        owner: Account,
        /// The options of pip, the list included.
        options: Vec<String>,
    },
    /// Copies a file; folders above it are made.
    CopyFile {
        /// The file, relative to the folder of the topology.
        #[schemars(with = "String")]
        from: Utf8PathBuf,
        /// Where it goes.
        #[schemars(with = "String")]
        to: Utf8PathBuf,
        /// Who owns it.
        owner: Account,
        /// Its mode in octal digits, such as `0644`.
        mode: String,
    },
    /// Removes a file that a step copied.
    RemoveFile {
        /// The file.
        #[schemars(with = "String")]
        path: Utf8PathBuf,
    },
    /// Lets an account that has only a number read a file.
    GrantRead {
        /// The file.
        #[schemars(with = "String")]
        path: Utf8PathBuf,
        /// The account's number.
        number: u32,
    },
    /// Takes that permission back.
    RevokeRead {
        /// The file.
        #[schemars(with = "String")]
        path: Utf8PathBuf,
        /// The account's number.
        number: u32,
    },
    /// Loads the rules for the planned ports, in place of earlier ones of the same table.
    LoadFirewall {
        /// The file with the rules.
        #[schemars(with = "String")]
        file: Utf8PathBuf,
        /// The table that they are in.
        table: String,
    },
    /// Removes the rules.
    UnloadFirewall {
        /// The table that they are in.
        table: String,
    },
    /// Lets systemd read its units again.
    ReloadUnits,
    /// Has a unit started whenever the machine starts.
    EnableUnit {
        /// The unit.
        unit: String,
    },
    /// Has it no longer started with the machine.
    DisableUnit {
        /// The unit.
        unit: String,
    },
    /// Starts a unit with all that it wants, and waits until each is ready.
    StartUnit {
        /// The unit.
        unit: String,
    },
    /// Stops a unit and what is part of it.
    StopUnit {
        /// The unit.
        unit: String,
    },
    /// Starts the party's launcher on the host, which starts all else and stays in the foreground.
    StartLauncher {
        /// The party.
        party: PartyName,
        /// The host; `None` for the first one of the party.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        host: Option<HostName>,
    },
    /// Stops the party's launchers on the host with all that they started.
    StopLauncher {
        /// The party.
        party: PartyName,
    },
    /// Makes a bridge network, which all parties of the machine share.
    CreateNetwork {
        /// Its name.
        network: NetworkName,
        /// Its addresses.
        subnet: Subnet,
    },
    /// Removes it.
    RemoveNetwork {
        /// Its name.
        network: NetworkName,
    },
    /// Builds the images of a compose file.
    BuildImages {
        /// The compose file.
        #[schemars(with = "String")]
        compose: Utf8PathBuf,
    },
    /// Removes the images that were built for it.
    RemoveImages {
        /// The compose file.
        #[schemars(with = "String")]
        compose: Utf8PathBuf,
    },
    /// Starts the containers of a compose file, and waits until each is ready.
    StartContainers {
        /// The compose file.
        #[schemars(with = "String")]
        compose: Utf8PathBuf,
    },
    /// Stops and removes the containers of a compose file.
    StopContainers {
        /// The compose file.
        #[schemars(with = "String")]
        compose: Utf8PathBuf,
    },
}

/// What takes back the steps of these stages, the last step first. Units are read again once all of them are gone.
#[must_use]
pub fn undo(steps: &[Step], stages: &[Stage]) -> Vec<Action> {
    let actions = stages.iter().flat_map(|stage| {
        let of_stage = steps.iter().rev().filter(move |step| step.stage == *stage);
        of_stage.filter_map(|step| step.action.undo())
    });
    let (last, mut first): (Vec<_>, Vec<_>) =
        actions.partition(|action| *action == Action::ReloadUnits);
    first.extend(last);
    first
}

/// The account of the system itself.
const ROOT: &str = "root";

impl Action {
    /// What takes it back; `None` where there is nothing to take back.
    #[must_use]
    pub fn undo(&self) -> Option<Self> {
        Some(match self {
            Self::CreateAccount { account, .. } => Self::RemoveAccount { account: account.clone() },
            Self::CreateFolder { path, .. } => Self::RemoveFolder { path: path.clone() },
            Self::CreateEnvironment { folder, .. } => Self::RemoveFolder { path: folder.clone() },
            Self::CopyFile { to, .. } => Self::RemoveFile { path: to.clone() },
            Self::GrantRead { path, number } => {
                Self::RevokeRead { path: path.clone(), number: *number }
            }
            Self::LoadFirewall { table, .. } => Self::UnloadFirewall { table: table.clone() },
            Self::ReloadUnits => Self::ReloadUnits,
            Self::EnableUnit { unit } => Self::DisableUnit { unit: unit.clone() },
            Self::StartUnit { unit } => Self::StopUnit { unit: unit.clone() },
            Self::StartLauncher { party, .. } => Self::StopLauncher { party: party.clone() },
            Self::CreateNetwork { network, .. } => Self::RemoveNetwork { network: network.clone() },
            Self::BuildImages { compose } => Self::RemoveImages { compose: compose.clone() },
            Self::StartContainers { compose } => Self::StopContainers { compose: compose.clone() },
            // They go with the folder of the environment.
            Self::InstallPackages { .. }
            | Self::RemoveAccount { .. }
            | Self::RemoveFolder { .. }
            | Self::RemoveFile { .. }
            | Self::RevokeRead { .. }
            | Self::UnloadFirewall { .. }
            | Self::DisableUnit { .. }
            | Self::StopUnit { .. }
            | Self::StopLauncher { .. }
            | Self::RemoveNetwork { .. }
            | Self::RemoveImages { .. }
            | Self::StopContainers { .. } => return None,
        })
    }

    /// The command that does it, as words; [`Self::needs_root`] says as whom.
    #[must_use]
    pub fn command(&self) -> Vec<String> {
        match self {
            Self::CreateAccount { account, home } => {
                let start = ["useradd", "--system", "--create-home", "--home-dir"];
                words(&start, [home.as_str(), account.as_str()])
            }
            Self::RemoveAccount { account } => words(&["userdel"], [account.as_str()]),
            Self::CreateFolder { path, owner, mode } => {
                let owner = owner.as_str();
                words(&["install", "-d", "-o"], [owner, "-g", owner, "-m", mode, path.as_str()])
            }
            Self::RemoveFolder { path } => words(&["rm", "-r"], [path.as_str()]),
            Self::CreateEnvironment { python, folder, owner } => {
                let rest = [owner.as_str(), "--", python.as_str(), "-m", "venv", folder.as_str()];
                words(&["runuser", "-u"], rest)
            }
            Self::InstallPackages { folder, owner, options, .. } => {
                let pip = folder.join("bin/pip");
                let start = [owner.as_str(), "--", pip.as_str(), "install"];
                let rest = start.into_iter().chain(options.iter().map(String::as_str));
                words(&["runuser", "-u"], rest)
            }
            Self::CopyFile { from, to, owner, mode } => {
                let mut command = words(&["install", "-D", "-m"], [mode.as_str()]);
                if owner.as_str() != ROOT {
                    command.extend(words(&["-o", owner.as_str(), "-g", owner.as_str()], []));
                }
                command.extend([from.to_string(), to.to_string()]);
                command
            }
            Self::RemoveFile { path } => words(&["rm"], [path.as_str()]),
            Self::GrantRead { path, number } => {
                words(&["setfacl", "-m"], [format!("u:{number}:r").as_str(), path.as_str()])
            }
            Self::RevokeRead { path, number } => {
                words(&["setfacl", "-x"], [format!("u:{number}").as_str(), path.as_str()])
            }
            Self::LoadFirewall { file, .. } => words(&["nft", "-f"], [file.as_str()]),
            Self::UnloadFirewall { table } => {
                words(&["nft", "delete", "table", "inet"], [table.as_str()])
            }
            Self::ReloadUnits => words(&["systemctl", "daemon-reload"], []),
            Self::EnableUnit { unit } => words(&["systemctl", "enable"], [unit.as_str()]),
            Self::DisableUnit { unit } => words(&["systemctl", "disable"], [unit.as_str()]),
            Self::StartUnit { unit } => words(&["systemctl", "start"], [unit.as_str()]),
            Self::StopUnit { unit } => words(&["systemctl", "stop"], [unit.as_str()]),
            Self::StartLauncher { party, host } => {
                let host = host.iter().flat_map(|host| ["--host", host.as_str()]);
                words(&["sfgen", "apply", "--party"], [party.as_str()].into_iter().chain(host))
            }
            Self::StopLauncher { party } => words(&["sfgen", "stop", "--party"], [party.as_str()]),
            Self::CreateNetwork { network, subnet } => {
                let start = ["docker", "network", "create", "--subnet"];
                words(&start, [subnet.to_string().as_str(), network.as_str()])
            }
            Self::RemoveNetwork { network } => {
                words(&["docker", "network", "rm"], [network.as_str()])
            }
            Self::BuildImages { compose } => words(&COMPOSE, [compose.as_str(), "build"]),
            Self::RemoveImages { compose } => {
                words(&COMPOSE, [compose.as_str(), "down", "--rmi", "local"])
            }
            Self::StartContainers { compose } => {
                words(&COMPOSE, [compose.as_str(), "up", "--detach", "--wait"])
            }
            Self::StopContainers { compose } => words(&COMPOSE, [compose.as_str(), "down"]),
        }
    }

    /// Whether the command needs the rights of root. Docker asks for those of its own group, and a launcher for none.
    #[must_use]
    pub fn needs_root(&self) -> bool {
        !matches!(
            self,
            Self::StartLauncher { .. }
                | Self::StopLauncher { .. }
                | Self::CreateNetwork { .. }
                | Self::RemoveNetwork { .. }
                | Self::BuildImages { .. }
                | Self::RemoveImages { .. }
                | Self::StartContainers { .. }
                | Self::StopContainers { .. }
        )
    }
}

const COMPOSE: [&str; 3] = ["docker", "compose", "-f"];

fn words<'a>(start: &[&str], rest: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let start = start.iter().map(|word| (*word).to_owned());
    start.chain(rest.into_iter().map(ToOwned::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_step_makes_its_undoing_removes() {
        let file = Action::CopyFile {
            from: "generated/a".into(),
            to: "/etc/a".into(),
            owner: ROOT.parse().unwrap(),
            mode: "0644".into(),
        };
        assert_eq!(file.command().join(" "), "install -D -m 0644 generated/a /etc/a");
        assert_eq!(file.undo().unwrap().command().join(" "), "rm /etc/a");
        assert_eq!(file.undo().unwrap().undo(), None);
    }

    #[test]
    fn steps_are_taken_back_from_the_last_to_the_first_and_then_units_are_read_again() {
        let step = |action| Step { stage: Stage::Install, action };
        let unit = |unit: &str| Action::EnableUnit { unit: unit.to_owned() };
        let steps = [step(unit("a")), step(Action::ReloadUnits), step(unit("b"))];
        let undone = undo(&steps, &[Stage::Start, Stage::Install]);
        let commands: Vec<_> = undone.iter().map(|action| action.command().join(" ")).collect();
        assert_eq!(
            commands,
            ["systemctl disable b", "systemctl disable a", "systemctl daemon-reload"]
        );
    }

    #[test]
    fn a_step_is_read_back_from_a_plan() {
        let step =
            Step { stage: Stage::Start, action: Action::StartUnit { unit: "a.target".into() } };
        let json = serde_json::to_string(&step).unwrap();
        assert_eq!(json, r#"{"stage":"start","action":{"do":"start-unit","unit":"a.target"}}"#);
        assert_eq!(serde_json::from_str::<Step>(&json).unwrap(), step);
    }
}
