//! From a plan to processes: what to run, in which environment, and when it is ready.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use camino::Utf8Path;

use crate::{
    launch::{
        links::door::SpuDoor,
        machine::{python::Venv, side::Side, state::Deployment},
        peers::lockstep::RunId,
        processes::{RestartPolicy, ServiceSpec},
    },
    plan::{Program, ServicePlan},
    types::{DeviceName, JobName, PartyName, Port},
};

/// How often a service is started before it counts as failed.
const SERVICE_STARTS: u32 = 5;
/// How long Ray may take to open its ports: 5 s on a quiet machine (RUNTIME 6), much more on a busy one.
const RAY_READY_WITHIN: Duration = Duration::from_mins(2);
/// Ray ends all of its children within 3.3 s of SIGTERM (ran).
const RAY_GRACE: Duration = Duration::from_secs(15);
/// How long a service with a `ready` port may take to answer there.
const READY_WITHIN: Duration = Duration::from_mins(1);
/// How long a job may take to end by itself. A driver in ray mode needs 2 s (ran).
const JOB_GRACE: Duration = Duration::from_secs(5);

/// Name of the Ray node among a party's services.
pub const RAY: &str = "ray";

/// Makes the specifications of one party's processes.
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
        let host = self.side.plan.main();
        let mut specs = Vec::new();
        if let Some(ray) = host.ray_command(self.deployment.ray().as_str()) {
            let mut spec = self.spec(RAY, ray.args, ray.env);
            spec.probe = host.ray_ready().map(loopback);
            spec.ready_within = RAY_READY_WITHIN;
            spec.grace = RAY_GRACE;
            specs.push(spec);
        }
        specs.extend(host.services.iter().map(|service| self.service(service)));
        specs
    }

    fn service(&self, service: &ServicePlan) -> ServiceSpec {
        let name = service.name.to_string();
        let mut spec = self.spec(&name, service.command.clone(), service.env.clone());
        spec.after.clone_from(&service.after);
        spec.probe = service.ready.map(loopback);
        spec.ready_within = service.ready_within.get();
        spec.grace = service.grace.get();
        spec
    }

    /// One run of a job; `None` where the plan has no program for it.
    #[must_use]
    pub fn job(
        &self,
        job: &JobName,
        run: RunId,
        slots: &BTreeMap<PartyName, u16>,
        doors: &BTreeMap<DeviceName, SpuDoor>,
    ) -> Option<ServiceSpec> {
        let program = match &self.side.plan.jobs.get(job)?.program {
            Program::Script { path, args } => {
                let script = self.side.root.join(path);
                ["python".to_owned(), script.to_string()].into_iter().chain(args.clone()).collect()
            }
            Program::Sum => vec!["/proc/self/exe".to_owned(), "__job-sum".to_owned()],
            Program::External => return None,
        };
        let slots = serde_json::to_string(slots).expect("names and numbers");
        let inside: BTreeMap<_, _> =
            doors.iter().map(|(spu, door)| (spu, door.inside.to_string())).collect();
        let doors = serde_json::to_string(&inside).expect("names and addresses");
        let env = [
            ("SFGEN_DOORS", doors),
            ("SFGEN_TREE", self.side.tree.to_string()),
            ("SFGEN_ROOT", self.side.root.to_string()),
            ("SFGEN_PARTY", self.side.party().to_string()),
            ("SFGEN_JOB", job.to_string()),
            ("SFGEN_RUN", run.to_string()),
            ("SFGEN_SLOTS", slots),
            ("SFGEN_LOGS", self.deployment.logs.to_string()),
            ("PYTHONPATH", self.side.tree.to_string()),
        ];
        let env = env.map(|(name, value)| (name.to_owned(), value)).into();
        let mut spec = self.spec(&format!("job-{job}"), program, env);
        spec.restart = RestartPolicy::job();
        spec.grace = JOB_GRACE;
        spec.log = self.deployment.logs.join(format!("job-{job}-{run}.log"));
        Some(spec)
    }

    fn spec(
        &self,
        name: &str,
        mut program: Vec<String>,
        env: BTreeMap<String, String>,
    ) -> ServiceSpec {
        let mut all = BTreeMap::from(
            // Ray and SecretFlow colour and buffer what they print otherwise.
            [("PYTHONUNBUFFERED", "1"), ("NO_COLOR", "1"), ("RAY_COLOR_PREFIX", "0")]
                .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        if let Some(venv) = self.venv {
            let path = std::env::var("PATH").unwrap_or_default();
            all.insert("PATH".to_owned(), format!("{}:{path}", venv.bin));
            all.insert("VIRTUAL_ENV".to_owned(), venv.folder.to_string());
            // Found by us rather than through PATH, which the guard would look up in its own environment.
            in_venv(&mut program, &venv.bin);
        }
        // As under systemd and Docker: the env file for all, and a service's own variables before it.
        all.extend(self.side.variables.clone());
        all.extend(env);
        ServiceSpec {
            name: name.to_owned(),
            program,
            env: all,
            env_remove: Vec::new(),
            cwd: self.side.root.clone(),
            after: Vec::new(),
            probe: None,
            ready_within: READY_WITHIN,
            grace: RAY_GRACE,
            restart: RestartPolicy::service(SERVICE_STARTS),
            log: self.deployment.logs.join(format!("{name}.log")),
        }
    }
}

fn in_venv(program: &mut [String], bin: &Utf8Path) {
    if let Some(first) = program.first_mut()
        && ["python", "python3", RAY].contains(&first.as_str())
    {
        *first = bin.join(first.as_str()).to_string();
    }
}

fn loopback(port: Port) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port.get()))
}
