//! `deploy "systemd"`: units of one account, whose home holds the runtime, the tree and the parties' programs.

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    keys::KEY_CREDENTIAL,
    model,
    plan::{
        Action, Deploy, Location, Locations, Process, Program, RunsAs, SecretUse, Stage, Step,
        names::{
            env_file_path, job_socket_unit, launcher_account, launcher_root, launcher_run_folder,
            project, runtime_dir, target_unit, unit,
        },
    },
    types::{Account, Home, MachinePath, PartyName, ProcessName, SecretName, TopologyName},
};

use super::{
    files::{KEY_COPY, check_access, copy_for_all, grant_read, grant_secrets, plain_key},
    launcher,
    target::{Reader, Scope, TREE, Target},
};

pub(super) const TARGET: Target = Target {
    account,
    launcher_account: launchers_account,
    locations,
    launcher_locations,
    secret,
    identity: |reader, key| Some(identity(reader, key)),
    steps,
};

/// Where systemd looks for the units that an administrator adds.
const UNITS: &str = "/etc/systemd/system";
/// Where a program that is installed by hand goes.
const SFGEN: &str = "/usr/local/bin/sfgen";

/// What the topology says of the units.
pub(super) fn deploy(systemd: &model::Systemd) -> Deploy {
    Deploy::Systemd { user: systemd.user.value.clone(), home: systemd.home.value.clone() }
}

fn parts(deploy: &Deploy) -> Option<(&Account, &Home)> {
    match deploy {
        Deploy::Systemd { user, home } => Some((user, home)),
        Deploy::Process | Deploy::Docker { .. } => None,
    }
}

fn account(deploy: &Deploy) -> RunsAs {
    parts(deploy).map_or(RunsAs::Caller, |(user, _)| RunsAs::Account(user.clone()))
}

fn launchers_account(deploy: &Deploy) -> RunsAs {
    parts(deploy).map_or(RunsAs::Caller, |(user, _)| RunsAs::Account(launcher_account(user)))
}

fn locations(scope: &Scope<'_>) -> Locations {
    let Some((_, home)) = parts(&scope.plan.deploy) else { return Locations::new() };
    let below = |path: &str| home.as_path().join(path).to_string();
    // Ray keeps a node's files below the path of its head's folder, whatever the node is told.
    let simulation = scope.plan.secretflow.as_ref().and_then(|all| all.simulation.as_ref());
    let leader = simulation.and_then(|simulation| simulation.parties.first());
    let run = runtime_dir(scope.topology, leader.unwrap_or(&scope.plan.party));
    Locations::from([
        (Location::Root, home.to_string()),
        (Location::Tree, below(TREE)),
        (Location::Home, home.to_string()),
        (Location::Run, format!("/run/{run}")),
        (Location::Logs, below("logs")),
        (Location::Sfgen, SFGEN.to_owned()),
    ])
}

/// The launcher's own folders. None of them belongs to the account of services and jobs, so that no job changes what the
/// launcher goes by, or reads what it writes.
fn launcher_locations(scope: &Scope<'_>) -> Locations {
    let Some((user, _)) = parts(&scope.plan.deploy).filter(|_| scope.has_launcher()) else {
        return Locations::new();
    };
    let (topology, party) = (scope.topology, &scope.plan.party);
    let root = launcher_root(topology, party);
    let home = format!("/var/lib/{}", launcher_account(user));
    Locations::from([
        (Location::Tree, format!("{root}/{TREE}")),
        (Location::Root, root),
        (Location::Run, launcher_run_folder(topology, party)),
        (Location::Logs, format!("{home}/{}", project(topology, party))),
        (Location::Home, home),
        (Location::Sfgen, SFGEN.to_owned()),
    ])
}

/// systemd reads the key as root and shows it to the unit alone, so that no account has to be let at the file.
fn identity(reader: Reader<'_>, key: &Utf8Path) -> SecretUse {
    let (topology, party, _) = reader;
    let copy = || Utf8PathBuf::from(launcher_root(topology, party)).join(KEY_COPY);
    let file = plain_key(key).unwrap_or_else(|| copy().as_str().parse().expect("it is plain"));
    let name: SecretName = KEY_CREDENTIAL.parse().expect("it is a name");
    let path = credential(reader, &name);
    SecretUse { name, file, path }
}

/// Where a unit finds its credentials (systemd.exec(5), `LoadCredential=`). A job reads the file itself: what it hands to
/// devices runs in Ray's unit, and must find the secret at the same path there.
fn secret(reader: Reader<'_>, name: &SecretName, file: &MachinePath) -> MachinePath {
    if reader.2.service().is_none() {
        return file.clone();
    }
    credential(reader, name)
}

fn credential((topology, party, process): Reader<'_>, name: &SecretName) -> MachinePath {
    let unit = unit(topology, party, process);
    format!("/run/credentials/{unit}/{name}").parse().expect("names are plain")
}

fn steps(scope: &Scope<'_>) -> Vec<Step> {
    let Some((user, home)) = parts(&scope.plan.deploy) else { return Vec::new() };
    let (topology, party) = (scope.topology, &scope.plan.party);
    let install = |action| Step { stage: Stage::Install, action };
    let copy = |from: Utf8PathBuf, to: Utf8PathBuf| install(copy_for_all(from, to));
    let home = home.as_path();
    let mut steps: Vec<_> = scope.firewall().into_iter().collect();
    let own = Action::CreateAccount {
        account: user.clone(),
        home: home.as_str().parse().expect("a home that was read"),
    };
    steps.push(install(own));
    let logs = home.join("logs");
    let folder = Action::CreateFolder { path: logs, owner: user.clone(), mode: "0700".to_owned() };
    steps.push(install(folder));
    if let Some(secretflow) = &scope.plan.secretflow {
        let software = &secretflow.software;
        let venv = home.join(VENV);
        for file in software.files() {
            let from = Utf8Path::new(TREE).join(party.as_str()).join(file);
            steps.push(copy(from, home.join(file)));
        }
        steps.push(install(Action::CreateEnvironment {
            python: secretflow.interpreter(),
            folder: venv.clone(),
            owner: user.clone(),
        }));
        for list in software.lists() {
            steps.push(install(Action::InstallPackages {
                folder: venv.clone(),
                requirements: home.join(list.file()),
                owner: user.clone(),
                options: list.options(home, &software.source),
            }));
        }
        let env_file = scope.folder().join(format!("{party}.env"));
        steps.push(copy(env_file, env_file_path(topology, party).into()));
    }
    for file in run_from(scope) {
        steps.push(copy(file.clone(), home.join(file)));
    }
    let opens = |process: &Process| {
        process.secrets.iter().all(|secret| secret.path.as_path() == secret.file.as_path())
    };
    let secrets = grant_secrets(scope, user.as_str(), opens);
    let data = check_access(scope, user.as_str());
    steps.extend(key(scope, user, home).into_iter().chain(secrets).chain(data).map(install));
    if scope.has_launcher() {
        let launcher = launcher_account(user);
        steps.extend(launcher::steps(scope, &launcher, home).into_iter().map(install));
    }
    let units = units(scope);
    let target = target_unit(topology, party);
    let folder = scope.folder().join("systemd");
    for unit in units.into_iter().chain([target.clone()]) {
        steps.push(copy(folder.join(&unit), Utf8Path::new(UNITS).join(unit)));
    }
    steps.push(install(Action::ReloadUnits));
    steps.push(install(Action::EnableUnit { unit: target.clone() }));
    steps.push(Step { stage: Stage::Start, action: Action::StartUnit { unit: target } });
    steps
}

/// The units of a host but its target: of what runs for as long as the party's side is up, and, where a launcher starts
/// them, of jobs.
fn units(scope: &Scope<'_>) -> Vec<String> {
    let (topology, party) = (scope.topology, &scope.plan.party);
    let permanent = scope.host.processes.iter().filter(|process| process.is_permanent());
    let permanent = permanent.map(|process| unit(topology, party, &process.name));
    permanent.chain(job_units(scope, topology, party)).collect()
}

fn job_units(scope: &Scope<'_>, topology: &TopologyName, party: &PartyName) -> Vec<String> {
    let jobs = scope.plan.jobs.iter().filter(|(_, job)| job.process.is_some());
    let is_main = *scope.host_name == scope.plan.main_host;
    let jobs = jobs.filter(|_| is_main && scope.has_launcher());
    let both = jobs.flat_map(|(job, _)| {
        let process = ProcessName::Job(job.clone());
        [job_socket_unit(topology, party, job), unit(topology, party, &process)]
    });
    both.collect()
}

/// How the account comes to read the party's key: it has a copy of what lies beside the topology, where the others'
/// programs run too, and is let at what lies elsewhere.
fn key(scope: &Scope<'_>, user: &Account, home: &Utf8Path) -> Vec<Action> {
    let tls = scope.plan.secretflow.as_ref().and_then(|secretflow| secretflow.tls.as_ref());
    // The key is on the first host only.
    let Some(tls) = tls.filter(|_| *scope.host_name == scope.plan.main_host) else {
        return Vec::new();
    };
    if tls.key.is_absolute() {
        return grant_read(&tls.key, user.as_str());
    }
    let (from, to) = (tls.key.clone(), home.join(&tls.key));
    vec![Action::CopyFile { from, to, owner: user.clone(), mode: "0600".to_owned() }]
}

/// The virtual environment in an account's home.
pub const VENV: &str = "venv";

/// What programs on the host read of the tree and of the topology's folder: the shared files, the party's plan and
/// certificates, and the scripts of its jobs.
fn run_from(scope: &Scope<'_>) -> Vec<Utf8PathBuf> {
    if scope.plan.secretflow.is_none() {
        return Vec::new();
    }
    let tree = Utf8Path::new(TREE);
    let party = tree.join(scope.plan.party.as_str());
    let mut files = vec![
        tree.join("manifest.json"),
        tree.join("federation.json"),
        tree.join("sf_party.py"),
        party.join("plan.json"),
    ];
    let tls = scope.plan.secretflow.iter().filter_map(|secretflow| secretflow.tls.as_ref());
    for tls in tls {
        files.push(tree.join(&tls.ca));
        // What is absolute lies where it is to be.
        files.extend([&tls.cert].into_iter().filter(|file| file.is_relative()).cloned());
    }
    let is_main = *scope.host_name == scope.plan.main_host;
    let scripts = scope.plan.jobs.values().filter_map(|job| match &job.program {
        Program::Script { path, .. } => Some(Utf8PathBuf::from(path)),
        Program::Sum | Program::External => None,
    });
    files.extend(scripts.filter(|script| is_main && script.is_relative()));
    files
}
