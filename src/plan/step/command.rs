//! The command that does a step.

use crate::types::Access;

use super::Action;

/// The account of the system itself.
pub(super) const ROOT: &str = "root";

impl Action {
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
            Self::CopyTree { from, to } => {
                let start = ["cp", "--recursive", "--no-target-directory"];
                words(&start, [from.as_str(), to.as_str()])
            }
            Self::RemoveFile { path } => words(&["rm"], [path.as_str()]),
            Self::GrantRead { path, user } => {
                words(&["setfacl", "-m"], [format!("u:{user}:r").as_str(), path.as_str()])
            }
            Self::RevokeRead { path, user } => {
                words(&["setfacl", "-x"], [format!("u:{user}").as_str(), path.as_str()])
            }
            Self::GrantSearch { folders, user } => {
                let folders = folders.iter().map(|folder| folder.as_str());
                words(&["setfacl", "-m", &format!("u:{user}:x")], folders)
            }
            Self::RevokeSearch { folders, user } => {
                let folders = folders.iter().map(|folder| folder.as_str());
                words(&["setfacl", "-x", &format!("u:{user}")], folders)
            }
            Self::CheckAccess { path, access, user } => {
                let flag = match access {
                    Access::Read => "-r",
                    Access::Write => "-w",
                };
                words(&as_user(user), ["test", flag, path.as_str()])
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
                // The label tells whose it is to who takes it back last.
                let start = ["docker", "network", "create", "--label", "sfgen", "--subnet"];
                words(&start, [subnet.to_string().as_str(), network.as_str()])
            }
            Self::RemoveNetwork { network } => {
                words(&["docker", "network", "rm"], [network.as_str()])
            }
            Self::BuildImages { compose } => words(&COMPOSE, [compose.as_str(), "build"]),
            Self::RemoveImages { compose } => {
                words(&COMPOSE, [compose.as_str(), "down", "--rmi", "local", "--volumes"])
            }
            Self::CreateContainers { compose } => words(&COMPOSE, [compose.as_str(), "create"]),
            Self::RemoveContainers { compose } => {
                words(&COMPOSE, [compose.as_str(), "down", "--volumes"])
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
                | Self::CreateContainers { .. }
                | Self::RemoveContainers { .. }
                | Self::StartContainers { .. }
                | Self::StopContainers { .. }
        )
    }
}

/// What runs the rest of a command as an account. A number needs no entry in the list of accounts.
fn as_user(user: &str) -> Vec<String> {
    if user.bytes().all(|byte| byte.is_ascii_digit()) {
        let (user, group) = (format!("--reuid={user}"), format!("--regid={user}"));
        return words(&["setpriv"], [user.as_str(), group.as_str(), "--clear-groups"]);
    }
    words(&["runuser", "-u"], [user, "--"])
}

const COMPOSE: [&str; 3] = ["docker", "compose", "-f"];

fn words<'a>(start: &[impl AsRef<str>], rest: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let start = start.iter().map(|word| word.as_ref().to_owned());
    start.chain(rest.into_iter().map(ToOwned::to_owned)).collect()
}
