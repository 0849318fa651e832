//! The processes of a host: what the topology declares, filled in, and what sfgen adds to it.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    lockfile::Allocation,
    model::{self, Text, Topology},
    types::{Image, JobName, ProcessName, RayPort, Role, ServiceName},
};

use super::{
    Access, HostPlan, JobPlan, Location, PartyPlan, PathUse, Process, ProcessKind, Program,
    Readiness, Restart, RunsAs, SecretUse, Word,
    place::{Place, Who},
    process::{JOB_GRACE, LAUNCHER_GRACE, LAUNCHER_READY_WITHIN, RAY_GRACE, RAY_READY_WITHIN},
    ray, targets,
};

/// The variable with which task workers are configured, and the one that they read (`docs/runtime.md`, Task workers).
const CONCURRENCY: (&str, &str) = ("WORKER_CONCURRENCY", "CELERY_WORKER_CONCURRENCY");

/// Programs in Python print at once, and no program colours what goes into a log.
const PLAIN_OUTPUT: [(&str, &str); 3] =
    [("PYTHONUNBUFFERED", "1"), ("NO_COLOR", "1"), ("RAY_COLOR_PREFIX", "0")];

/// Adds what runs on each host of a party, and the process of each job.
pub(super) fn add(
    topology: &Topology,
    party: &model::Party,
    ports: &Allocation,
    plan: &mut PartyPlan,
) {
    for host in &party.hosts {
        let name = &host.name.value;
        let deploy = &plan.deploy;
        let place = Place { topology, party, host, ports, deploy };
        let maker = Maker { place, plan, host: &plan.hosts[name] };
        let processes = maker.all();
        let jobs: Vec<_> = plan
            .jobs
            .iter()
            .filter(|_| *name == plan.main_host)
            .map(|(name, job)| (name.clone(), maker.job(name, job)))
            .collect();
        for (name, process) in jobs {
            plan.jobs.get_mut(&name).expect("a job of this plan").process = process;
        }
        plan.hosts.get_mut(name).expect("a host of this plan").processes = processes;
    }
}

/// What the processes of a host are made from.
struct Maker<'a> {
    place: Place<'a>,
    /// The party's plan, as far as it is made: all but its processes.
    plan: &'a PartyPlan,
    host: &'a HostPlan,
}

impl Maker<'_> {
    /// All processes of the host in the order in which they start: the Ray node, the services, and the launcher where
    /// the party has one.
    fn all(&self) -> Vec<Process> {
        let mut all: Vec<_> = self.ray().into_iter().collect();
        let declared = self.place.party.services_on(&self.place.host.name.value).collect();
        let ordered = in_start_order(declared);
        all.extend(ordered.into_iter().map(|service| self.service(service)));
        all.extend(self.launcher());
        all
    }

    fn ray(&self) -> Option<Process> {
        let ray = self.host.ray.as_ref()?;
        let kind = if ray.join.is_none() { ProcessKind::RayHead } else { ProcessKind::RayNode };
        // The node manager registers with the GCS before it listens, so its port answers last.
        let ready = self.host.port(&Role::Ray(RayPort::NodeManager));
        let mut process = self.own(ProcessName::Ray, kind, ray::command(self.host, ray));
        process.ready = ready.map(|port| Readiness { port, within: RAY_READY_WITHIN });
        process.grace = RAY_GRACE;
        // It keeps the session's files, and its workers read the certificates of the jobs that they run for.
        process.paths.extend(self.credentials());
        process.paths.push(used(Location::Run.word(), Access::Write));
        // Its workers run what jobs hand to devices.
        let jobs = self.jobs();
        process.paths.extend(self.place.mounts_of_ray(&jobs));
        process.secrets = self.place.secrets_of_jobs(&jobs);
        Some(process)
    }

    /// The jobs that run on the host.
    fn jobs(&self) -> Vec<&model::Job> {
        let is_main = self.place.host.name.value == self.plan.main_host;
        let own = self.plan.jobs.keys().filter(|_| is_main);
        own.filter_map(|name| self.place.topology.jobs.get(name)).collect()
    }

    fn service(&self, service: &model::Service) -> Process {
        let who = Who::Service(service);
        let fill = |text: &Text| Word::literal(self.place.fill(text, who));
        let command = service.command.iter().map(|word| fill(&word.value)).collect();
        let name = ProcessName::Service(service.name.value.clone());
        let image = service.image.as_ref().map(|image| image.value.clone());
        let after = self.after(service);
        let follows_ray = after.contains(&ProcessName::Ray);
        let mut process = match image {
            None => self.own(name, ProcessKind::Service, command),
            Some(image) if follows_ray => self.driver(name, image, command),
            Some(image) => Process {
                image: Some(image),
                account: RunsAs::Image,
                folder: None,
                ..bare(name, ProcessKind::Service, command)
            },
        };
        process
            .env
            .extend(service.env.iter().map(|(name, text)| (name.clone(), fill(&text.value))));
        if let Some(workers) = process.env.get(CONCURRENCY.0).cloned() {
            process.env.entry(CONCURRENCY.1.to_owned()).or_insert(workers);
        }
        let ready = service.ready.as_ref();
        let ready = ready.and_then(|port| self.place.port(&Role::Service(port.value.clone())));
        process.ready = ready.map(|port| Readiness { port, within: service.ready_within });
        process.grace = service.grace;
        process.after = after;
        process.paths.extend(self.place.mounts(who));
        process.secrets = self.place.secrets(who);
        process.env_files = self.place.env_files(service);
        if follows_ray {
            self.join_ray(&mut process);
        }
        process
    }

    /// A service with an image of its own that joins Ray: it finds the tree, the topology's folder and its certificates,
    /// and runs as the account of the Ray node, whose sockets are for that account alone. Folders for logs and a home are
    /// its image's own affair.
    fn driver(&self, name: ProcessName, image: Image, command: Vec<Word>) -> Process {
        let mut process = self.own(name, ProcessKind::Service, command);
        process.image = Some(image);
        process.folder = None;
        process.env.remove("SFGEN_LOGS");
        process.paths.retain(|used| used.path == Location::Root.word());
        process
    }

    /// What a service waits for. A simulation may have its Ray elsewhere, or inside the job; the same topology is fine
    /// in production. Other names that nothing here has were allowed by the user: there is nothing to wait for.
    fn after(&self, service: &model::Service) -> Vec<ProcessName> {
        let host = &self.place.host.name.value;
        let is_here = |name: &ProcessName| match name {
            ProcessName::Ray => self.host.ray.is_some(),
            _ => self
                .place
                .party
                .services_on(host)
                .any(|other| name.service() == Some(&other.name.value)),
        };
        service.after.iter().map(|name| &name.value).filter(|name| is_here(name)).cloned().collect()
    }

    fn launcher(&self) -> Option<Process> {
        let control = self.host.port(&Role::Control)?;
        let party = self.plan.party.as_str();
        let words = ["__launcher", "--party", party, "--host", self.place.host.name.value.as_str()];
        let mut command = vec![Location::Sfgen.word()];
        command.extend(words.map(Word::literal));
        command.extend([Word::literal("--tree"), Location::Tree.word()]);
        command.extend([Word::literal("--root"), Location::Root.word()]);
        let mut process = bare(ProcessName::Launcher, ProcessKind::Launcher, command);
        process.account = targets::launcher_account(&self.plan.deploy);
        process.env = BTreeMap::from([
            ("SFGEN_RUN_DIR".to_owned(), Location::Run.word()),
            ("SFGEN_STATE".to_owned(), Location::Logs.word()),
        ]);
        process.ready = Some(Readiness { port: control, within: LAUNCHER_READY_WITHIN });
        process.grace = LAUNCHER_GRACE;
        process.paths = vec![
            used(Location::Root.word(), Access::Read),
            used(Location::Logs.word(), Access::Write),
            used(Location::Run.word(), Access::Write),
        ];
        process.paths.extend(self.identity());
        process.secrets = self.key(&process.name);
        Some(process)
    }

    /// A run of a job on this host; the launcher adds which run it is, and its slots. `None` for a job that something
    /// else starts.
    fn job(&self, name: &JobName, job: &JobPlan) -> Option<Process> {
        let command = match &job.program {
            Program::Script { path, args } => {
                let script = Location::Root.below(path);
                let args = args.iter().map(Word::literal);
                [Word::literal("python"), script].into_iter().chain(args).collect()
            }
            Program::Sum => vec![Location::Sfgen.word(), Word::literal("__job-sum")],
            Program::External => return None,
        };
        let mut process = self.own(ProcessName::Job(name.clone()), ProcessKind::Job, command);
        process.env.insert("SFGEN_JOB".to_owned(), Word::literal(name.to_string()));
        process.grace = JOB_GRACE;
        process.restart = None;
        if self.host.ray.is_some() {
            self.join_ray(&mut process);
        } else {
            process.paths.extend(self.credentials());
        }
        if matches!(job.program, Program::Sum) {
            // The parties' numbers go over links of its own, for which it needs the key; no code of a user runs in it.
            process.account = targets::launcher_account(&self.plan.deploy);
            process.paths.extend(self.identity());
            process.paths.extend(job.input_file.iter().map(|file| read(file.as_str())));
        }
        if let Some(job) = self.place.topology.jobs.get(name) {
            process.paths.extend(self.place.mounts(Who::Job(job)));
            process.secrets = self.place.secrets(Who::Job(job));
        }
        if matches!(job.program, Program::Sum) {
            process.secrets.extend(self.key(&process.name));
        }
        Some(process)
    }

    fn join_ray(&self, process: &mut Process) {
        process.joins_ray = true;
        process.paths.extend(self.credentials());
        process.paths.push(used(Location::Run.word(), Access::Write));
    }

    /// A process in the runtime's own environment, which finds the tree, and writes logs and caches.
    fn own(&self, name: ProcessName, kind: ProcessKind, command: Vec<Word>) -> Process {
        let party = Word::literal(self.plan.party.as_str());
        let mut env = BTreeMap::from(
            [
                ("SFGEN_PARTY", party),
                ("SFGEN_ROOT", Location::Root.word()),
                ("SFGEN_TREE", Location::Tree.word()),
                ("SFGEN_LOGS", Location::Logs.word()),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        if self.plan.secretflow.is_some() {
            // Where `import sf_party` finds it.
            env.insert("PYTHONPATH".to_owned(), Location::Tree.word());
            env.extend(PLAIN_OUTPUT.map(|(name, value)| (name.to_owned(), Word::literal(value))));
        }
        let paths = [
            (Location::Root, Access::Read),
            (Location::Home, Access::Write),
            (Location::Logs, Access::Write),
        ];
        Process {
            env,
            folder: Some(Location::Root),
            account: targets::account(&self.plan.deploy),
            paths: paths.map(|(path, access)| used(path.word(), access)).into(),
            ..bare(name, kind, command)
        }
    }

    /// The certificate and key that the runtime's own TLS names.
    fn credentials(&self) -> Vec<PathUse> {
        let tls = self.plan.secretflow.as_ref().and_then(|secretflow| secretflow.tls.as_ref());
        let files = tls.into_iter().flat_map(|tls| [&tls.cert, &tls.key]);
        files.map(|file| read(file.as_str())).collect()
    }

    /// How a process of sfgen's own comes to read the party's key, where that is not by the file itself.
    fn key(&self, process: &ProcessName) -> Vec<SecretUse> {
        let reader = (&self.place.topology.name.value, &self.plan.party, process);
        let key = self.plan.identity.as_ref().map(|identity| &*identity.key);
        key.and_then(|key| targets::identity(&self.plan.deploy, reader, key)).into_iter().collect()
    }

    fn identity(&self) -> Vec<PathUse> {
        let identity = self.plan.identity.iter();
        let files = identity.flat_map(|identity| [&identity.ca, &identity.cert, &identity.key]);
        files.map(|file| read(file.as_str())).collect()
    }
}

/// A file of the topology, read.
fn read(file: &str) -> PathUse {
    used(Location::Root.below(file), Access::Read)
}

/// What the installation itself brings.
fn used(path: Word, access: Access) -> PathUse {
    PathUse { path, access, mounted_at: None }
}

fn bare(name: ProcessName, kind: ProcessKind, command: Vec<Word>) -> Process {
    Process {
        name,
        kind,
        image: None,
        command,
        env: BTreeMap::new(),
        folder: Some(Location::Root),
        account: RunsAs::Caller,
        after: Vec::new(),
        ready: None,
        grace: JOB_GRACE,
        restart: Some(Restart::KEEP_UP),
        joins_ray: false,
        paths: Vec::new(),
        secrets: Vec::new(),
        env_files: Vec::new(),
    }
}

/// Each after all that it names, else as declared.
fn in_start_order(mut open: Vec<&model::Service>) -> Vec<&model::Service> {
    let mut ordered = Vec::new();
    while !open.is_empty() {
        let waiting: BTreeSet<&ServiceName> =
            open.iter().map(|service| &service.name.value).collect();
        let is_next = |service: &&model::Service| {
            service.services_awaited().all(|name| !waiting.contains(name))
        };
        // In a circle, which `check` refuses, nobody is next.
        let next = open.iter().position(is_next).unwrap_or(0);
        ordered.push(open.remove(next));
    }
    ordered
}
