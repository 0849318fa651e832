//! What must be done on a machine, as data: runbooks print the steps, and an installer carries them out.

mod command;
#[cfg(test)]
mod tests;

use camino::{Utf8Path, Utf8PathBuf};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::types::{Access, Account, Home, HostName, MachinePath, NetworkName, PartyName, Subnet};

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
    /// Copies what a party reads of a tree, its shared files and the party's own folder, for everybody to read; only root
    /// may change the copy.
    CopyTree {
        /// The tree, relative to the folder of the topology.
        #[schemars(with = "String")]
        from: Utf8PathBuf,
        /// The folder that the copy becomes.
        #[schemars(with = "String")]
        to: Utf8PathBuf,
    },
    /// Removes a file that a step copied.
    RemoveFile {
        /// The file.
        #[schemars(with = "String")]
        path: Utf8PathBuf,
    },
    /// Lets an account read a file.
    GrantRead {
        /// The file.
        #[schemars(with = "String")]
        path: Utf8PathBuf,
        /// The account's name, or its number where it has no name on the machine.
        user: String,
    },
    /// Takes that permission back.
    RevokeRead {
        /// The file.
        #[schemars(with = "String")]
        path: Utf8PathBuf,
        /// The account's name or number.
        user: String,
    },
    /// Lets an account through folders that are closed to it, without letting it see what is in them.
    GrantSearch {
        /// The folders, from the outermost.
        #[schemars(with = "Vec<String>")]
        folders: Vec<Utf8PathBuf>,
        /// The account's name or number.
        user: String,
    },
    /// Takes that permission back.
    RevokeSearch {
        /// The folders.
        #[schemars(with = "Vec<String>")]
        folders: Vec<Utf8PathBuf>,
        /// The account's name or number.
        user: String,
    },
    /// Fails where data of the machine is absent, or closed to the account that works with it.
    CheckAccess {
        /// The file or folder.
        path: MachinePath,
        /// What is done with it.
        access: Access,
        /// The account's name or number.
        user: String,
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
    /// Removes the images that were built for it, and the volumes of its containers.
    RemoveImages {
        /// The compose file.
        #[schemars(with = "String")]
        compose: Utf8PathBuf,
    },
    /// Makes the containers of a compose file with their volumes, to be started later, and fetches images that are not there.
    CreateContainers {
        /// The compose file.
        #[schemars(with = "String")]
        compose: Utf8PathBuf,
    },
    /// Removes them with their volumes. Images that were fetched stay: others may use them.
    RemoveContainers {
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

impl Action {
    /// The same with the paths that its command is given, and what it takes back too, as `here` has them. What is copied,
    /// and the firewall's file, are known to the tree alone.
    #[must_use]
    pub fn with_paths(&self, here: impl Fn(&Utf8Path) -> Utf8PathBuf) -> Self {
        let mut placed = self.clone();
        match &mut placed {
            Self::GrantRead { path, .. } | Self::RevokeRead { path, .. } => *path = here(path),
            Self::GrantSearch { folders, .. } | Self::RevokeSearch { folders, .. } => {
                for folder in folders {
                    *folder = here(folder);
                }
            }
            Self::BuildImages { compose }
            | Self::RemoveImages { compose }
            | Self::CreateContainers { compose }
            | Self::RemoveContainers { compose }
            | Self::StartContainers { compose }
            | Self::StopContainers { compose } => *compose = here(compose),
            _ => {}
        }
        placed
    }

    /// What takes it back; `None` where there is nothing to take back.
    #[must_use]
    pub fn undo(&self) -> Option<Self> {
        Some(match self {
            Self::CreateAccount { account, .. } => Self::RemoveAccount { account: account.clone() },
            Self::CreateFolder { path, .. } => Self::RemoveFolder { path: path.clone() },
            Self::CreateEnvironment { folder, .. } => Self::RemoveFolder { path: folder.clone() },
            Self::CopyFile { to, .. } => Self::RemoveFile { path: to.clone() },
            Self::CopyTree { to, .. } => Self::RemoveFolder { path: to.clone() },
            Self::GrantRead { path, user } => {
                Self::RevokeRead { path: path.clone(), user: user.clone() }
            }
            Self::GrantSearch { folders, user } => {
                Self::RevokeSearch { folders: folders.clone(), user: user.clone() }
            }
            Self::LoadFirewall { table, .. } => Self::UnloadFirewall { table: table.clone() },
            Self::ReloadUnits => Self::ReloadUnits,
            Self::EnableUnit { unit } => Self::DisableUnit { unit: unit.clone() },
            Self::StartUnit { unit } => Self::StopUnit { unit: unit.clone() },
            Self::StartLauncher { party, .. } => Self::StopLauncher { party: party.clone() },
            Self::CreateNetwork { network, .. } => Self::RemoveNetwork { network: network.clone() },
            Self::BuildImages { compose } => Self::RemoveImages { compose: compose.clone() },
            Self::CreateContainers { compose } => {
                Self::RemoveContainers { compose: compose.clone() }
            }
            Self::StartContainers { compose } => Self::StopContainers { compose: compose.clone() },
            // They go with the folder of the environment.
            Self::InstallPackages { .. }
            | Self::CheckAccess { .. }
            | Self::RemoveAccount { .. }
            | Self::RemoveFolder { .. }
            | Self::RemoveFile { .. }
            | Self::RevokeRead { .. }
            | Self::RevokeSearch { .. }
            | Self::UnloadFirewall { .. }
            | Self::DisableUnit { .. }
            | Self::StopUnit { .. }
            | Self::StopLauncher { .. }
            | Self::RemoveNetwork { .. }
            | Self::RemoveImages { .. }
            | Self::RemoveContainers { .. }
            | Self::StopContainers { .. } => return None,
        })
    }
}
