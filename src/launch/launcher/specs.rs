//! Planned processes as programs to start: the plan says what, this machine says where.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use camino::Utf8Path;

use crate::{
    launch::{
        links::door::SpuDoor,
        machine::{python::Venv, script::ScriptCopy, side::Side, state::Deployment},
        peers::lockstep::RunId,
        processes::{JobUnit, RestartPolicy, RunOrder, ServiceSpec},
    },
    plan::{
        Location, Locations, Mode, Process, ProcessKind, Program, STEADY_AFTER, job_socket, located,
    },
    types::{DeviceName, JobName, PartyName, Port},
};

/// Makes the specifications of the processes of one host.
#[derive(Clone, Copy, Debug)]
pub struct Specs<'a> {
    /// What is planned.
    pub side: &'a Side,
    /// Where it may write.
    pub deployment: &'a Deployment,
    /// Where its Python is, if it needs one.
    pub venv: Option<&'a Venv>,
}

impl Specs<'_> {
    /// Everything that must be up before a job can run.
    #[must_use]
    pub fn services(&self) -> Vec<ServiceSpec> {
        let processes = self.side.host().processes.iter();
        let kept_up = processes.filter(|process| process.is_kept_up());
        kept_up
            .map(|process| {
                let name = process.name.to_string();
                let log = format!("{name}.log");
                self.spec(process, name, &log, BTreeMap::new())
            })
            .collect()
    }

    /// Where those of them answer that something else starts and keeps up.
    #[must_use]
    pub fn watched(&self) -> Vec<(String, SocketAddr)> {
        let processes = self.side.host().processes.iter();
        let kept_up = processes.filter(|process| process.is_kept_up());
        let named = kept_up
            .filter_map(|process| Some((process.name.to_string(), loopback(process.ready?.port))));
        named.collect()
    }

    /// One run of a job; `None` where the plan has no program for it. `script` is the copy that is run in place of the
    /// planned script.
    #[must_use]
    pub fn job(
        &self,
        job: &JobName,
        run: RunId,
        script: Option<&ScriptCopy>,
        slots: &BTreeMap<PartyName, u16>,
        doors: &BTreeMap<DeviceName, SpuDoor>,
    ) -> Option<ServiceSpec> {
        let planned = self.side.plan.jobs.get(job)?;
        let process = planned.process.as_ref()?;
        let slots = match self.side.plan.mode {
            Mode::Production => serde_json::to_string(slots).expect("names and numbers"),
            // A simulation has nobody else's slots: all parties run in this process, in slot 0.
            Mode::Simulation => String::new(),
        };
        let inside: BTreeMap<_, _> =
            doors.iter().map(|(spu, door)| (spu, door.inside.to_string())).collect();
        let doors = serde_json::to_string(&inside).expect("names and addresses");
        // All that the plan cannot say: which run this is.
        let of_run =
            [("SFGEN_DOORS", doors), ("SFGEN_RUN", run.to_string()), ("SFGEN_SLOTS", slots)];
        let of_run: BTreeMap<_, _> = of_run.map(|(name, value)| (name.to_owned(), value)).into();
        let log = format!("job-{job}-{run}.log");
        let order = RunOrder {
            env: of_run.clone(),
            files: script.map(|copy| copy.files.clone()).unwrap_or_default(),
        };
        let mut spec = self.spec(process, format!("job-{job}"), &log, of_run);
        if self.side.has_units() {
            let socket = job_socket(&self.side.federation.topology, self.side.party(), job);
            spec.unit = Some(JobUnit { socket: socket.into(), order });
        }
        if let (Some(copy), Program::Script { path, .. }) = (script, &planned.program) {
            let original = located(&Location::Root.below(path), &self.locations());
            // Only the first: an argument that names the script stays what it is.
            if let Some(word) = spec.program.iter_mut().find(|word| **word == original) {
                *word = copy.script.to_string();
            }
        }
        Some(spec)
    }

    fn spec(
        &self,
        process: &Process,
        name: String,
        log: &str,
        of_run: BTreeMap<String, String>,
    ) -> ServiceSpec {
        let locations = self.locations();
        let mut program: Vec<_> =
            process.command.iter().map(|word| located(word, &locations)).collect();
        let mut env = BTreeMap::new();
        if let Some(venv) = self.venv {
            let path = std::env::var("PATH").unwrap_or_default();
            env.insert("PATH".to_owned(), format!("{}:{path}", venv.bin));
            env.insert("VIRTUAL_ENV".to_owned(), venv.folder.to_string());
            // Found here rather than through PATH, which the guard would look up in its own environment.
            in_venv(&mut program, &venv.bin);
        }
        let planned = process.environment(&self.side.host().variables).into_iter();
        env.extend(planned.map(|(name, value)| (name, located(&value, &locations))));
        env.extend(of_run);
        let folder = process.folder.and_then(|folder| locations.get(&folder));
        let restart = process.restart.map_or(RestartPolicy::once(), RestartPolicy::of);
        ServiceSpec {
            name,
            program,
            env,
            env_files: process.env_files.iter().map(|file| file.as_path().to_owned()).collect(),
            cwd: folder.map_or(&*self.side.root, |folder| Utf8Path::new(folder)).to_owned(),
            after: process.after.iter().map(ToString::to_string).collect(),
            joins: self.joins(process),
            probe: process.ready.map(|ready| loopback(ready.port)),
            // A job has nobody who waits until it is ready.
            steady_after: process.restart.map_or(Duration::ZERO, |_| STEADY_AFTER),
            ready_within: process.ready.map_or(process.grace, |ready| ready.within).get(),
            grace: process.grace.get(),
            restart,
            log: self.deployment.logs.join(log),
            unit: None,
        }
    }

    /// The head of the cluster that a Ray node joins.
    fn joins(&self, process: &Process) -> Option<String> {
        let ray = self.side.host().ray.as_ref()?;
        ray.awaits.clone().filter(|_| process.kind == ProcessKind::RayNode)
    }

    /// Where the folders are that the plan names.
    fn locations(&self) -> Locations {
        let home = std::env::var("HOME").unwrap_or_else(|_| self.side.root.to_string());
        Locations::from([
            (Location::Root, self.side.root.to_string()),
            (Location::Tree, self.deployment.tree().to_string()),
            (Location::Home, home),
            (Location::Run, self.deployment.ray().to_string()),
            (Location::Logs, self.deployment.logs.to_string()),
            // The running program, even where its file was replaced meanwhile.
            (Location::Sfgen, "/proc/self/exe".to_owned()),
        ])
    }
}

/// A program of the virtual environment is started as that; others are looked for on `PATH`.
fn in_venv(program: &mut [String], bin: &Utf8Path) {
    if let Some(first) = program.first_mut()
        && !first.contains('/')
    {
        let path = bin.join(first.as_str());
        if crate::fs::is_program(&path) {
            *first = path.to_string();
        }
    }
}

fn loopback(port: Port) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port.get()))
}
