//! Services and jobs as real processes: order, restarts, output and the end of everything.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use camino::Utf8Path;
use sfgen::launch::processes::{
    Ending, GuardProgram, RestartPolicy, ServiceEvent, ServicePhase, ServiceSpec, Stream,
    Supervisor, run_job,
};
use tokio::{net::TcpSocket, sync::mpsc, time::timeout};

use crate::support::process::{DEADLINE, SFGEN, alive};

/// A folder for logs, and specs of shell scripts that run in it.
struct Yard(tempfile::TempDir);

impl Yard {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Utf8Path {
        Utf8Path::from_path(self.0.path()).unwrap()
    }

    fn spec(&self, name: &str, after: &[&str], script: &str) -> ServiceSpec {
        ServiceSpec {
            name: name.to_owned(),
            program: ["sh", "-c", script].map(String::from).into(),
            env: BTreeMap::new(),
            env_files: Vec::new(),
            cwd: self.path().to_owned(),
            after: after.iter().map(ToString::to_string).collect(),
            joins: None,
            probe: None,
            steady_after: Duration::ZERO,
            ready_within: DEADLINE,
            grace: DEADLINE,
            restart: RestartPolicy {
                first_pause: Duration::from_millis(1),
                ..RestartPolicy::once()
            },
            log: self.path().join(format!("{name}.log")),
            unit: None,
        }
    }
}

fn guard() -> GuardProgram {
    GuardProgram::at(SFGEN)
}

async fn in_time<T>(future: impl Future<Output = T>) -> T {
    timeout(DEADLINE, future).await.expect("far quicker than that")
}

/// Waits until the group says so of each service.
async fn all_ready(group: &Supervisor) {
    while !group.status().values().all(|service| service.phase.is_ready()) {
        tokio::task::yield_now().await;
    }
}

/// The next change of phase, as `name phase`.
async fn next_phase(events: &mut mpsc::Receiver<ServiceEvent>) -> Option<String> {
    loop {
        match in_time(events.recv()).await? {
            ServiceEvent::Phase { service, phase, .. } => {
                return Some(format!("{service} {phase:?}"));
            }
            ServiceEvent::Line { .. } | ServiceEvent::Log { .. } => {}
            ServiceEvent::Failed(failure) => return Some(failure.to_string()),
        }
    }
}

fn unused_socket() -> (TcpSocket, SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    (socket, address)
}

#[tokio::test]
async fn services_start_when_they_are_needed_and_stop_in_reverse_order() {
    let yard = Yard::new();
    let (socket, address) = unused_socket();
    let redis = ServiceSpec { probe: Some(address), ..yard.spec("redis", &[], "exec sleep 1000") };
    let worker = yard.spec("worker", &["redis"], "exec sleep 1000");
    let (mut group, mut events) = Supervisor::start(&guard(), vec![worker, redis]).unwrap();
    assert_eq!(next_phase(&mut events).await.unwrap(), "redis Starting(1)");
    let _listener = socket.listen(1).unwrap();
    for expected in ["redis Ready(1)", "worker Starting(1)", "worker Ready(1)"] {
        assert_eq!(next_phase(&mut events).await.unwrap(), expected);
    }
    in_time(all_ready(&group)).await;
    let pid = i32::try_from(group.status()["worker"].pid.unwrap()).unwrap();
    assert_eq!(in_time(group.stop()).await, None);
    assert!(!alive(pid));
    let mut stopped = Vec::new();
    while let Some(phase) = next_phase(&mut events).await {
        stopped.push(phase);
    }
    let expected =
        ["worker Stopping", "worker Gone(Stopped)", "redis Stopping", "redis Gone(Stopped)"];
    assert_eq!(stopped, expected);
}

#[tokio::test]
async fn a_service_that_fails_for_good_stops_the_group_and_says_what_it_last_said() {
    let yard = Yard::new();
    let mut broken = yard.spec("broken", &["ray"], "echo no license >&2; exit 3");
    broken.restart.max_starts = 3;
    let ray = yard.spec("ray", &[], "exec sleep 1000");
    let (mut group, mut events) = Supervisor::start(&guard(), vec![broken, ray]).unwrap();
    let mut told = Vec::new();
    while let Some(phase) = next_phase(&mut events).await {
        told.push(phase);
    }
    let message = "service `broken` ended with status 3, the last of 3 starts";
    assert!(told.iter().any(|line| line == message), "{told:?}");
    assert_eq!(told.last().unwrap(), "ray Gone(Stopped)");
    let failure = in_time(group.stop()).await.unwrap();
    assert_eq!((failure.ending, failure.starts), (Ending::Exited(3), 3));
    assert_eq!(failure.last_lines, ["no license"; 3]);
    assert_eq!(sfgen::fs::read_text(&failure.log).unwrap(), "no license\n".repeat(3));
}

#[tokio::test]
async fn a_service_that_never_answers_is_told_by_its_address() {
    let yard = Yard::new();
    let (_socket, address) = unused_socket();
    let spec = ServiceSpec {
        probe: Some(address),
        ready_within: Duration::from_millis(50),
        ..yard.spec("redis", &[], "exec sleep 1000")
    };
    let (mut group, mut events) = Supervisor::start(&guard(), vec![spec]).unwrap();
    while next_phase(&mut events).await.is_some() {}
    let failure = in_time(group.stop()).await.unwrap();
    let message = format!("service `redis` did not answer at {address} within 50ms");
    assert_eq!(failure.to_string(), message);
}

#[tokio::test]
async fn without_a_port_to_ask_a_service_is_ready_once_it_has_run_for_a_while() {
    let yard = Yard::new();
    let mut ends =
        ServiceSpec { steady_after: DEADLINE, ..yard.spec("ends", &[], "sleep 0.1; exit 3") };
    ends.restart.max_starts = 2;
    let (mut group, mut events) = Supervisor::start(&guard(), vec![ends]).unwrap();
    let mut told = Vec::new();
    while let Some(phase) = next_phase(&mut events).await {
        told.push(phase);
    }
    assert!(!told.iter().any(|phase| phase.contains("Ready")), "{told:?}");
    assert_eq!(in_time(group.stop()).await.unwrap().starts, 2);
    let stays = ServiceSpec {
        steady_after: Duration::from_millis(20),
        ready_within: Duration::ZERO,
        ..yard.spec("stays", &[], "exec sleep 1000")
    };
    let (mut group, mut events) = Supervisor::start(&guard(), vec![stays]).unwrap();
    for expected in ["stays Starting(1)", "stays Ready(1)"] {
        assert_eq!(next_phase(&mut events).await.unwrap(), expected);
    }
    assert_eq!(in_time(group.stop()).await, None);
}

#[tokio::test]
async fn a_group_stops_though_nobody_takes_its_many_lines() {
    let yard = Yard::new();
    let specs = vec![yard.spec("loud", &[], "exec yes"), yard.spec("late", &["loud"], "exec yes")];
    let (mut group, events) = Supervisor::start(&guard(), specs).unwrap();
    in_time(all_ready(&group)).await;
    while events.len() < 700 {
        tokio::task::yield_now().await;
    }
    assert_eq!(in_time(group.stop()).await, None);
    assert!(group.status().values().all(|service| matches!(service.phase, ServicePhase::Gone(_))));
}

#[tokio::test]
async fn services_that_wait_for_each_other_are_refused() {
    let yard = Yard::new();
    let wrong = |specs| Supervisor::start(&guard(), specs).unwrap_err().to_string();
    let cycle =
        vec![yard.spec("a", &["b"], ""), yard.spec("b", &["a"], ""), yard.spec("c", &[], "")];
    assert_eq!(wrong(cycle), "these services wait for each other: a, b");
    let unknown = vec![yard.spec("a", &["ray"], "")];
    assert_eq!(wrong(unknown), "`a` starts after `ray`, which does not run here");
}

#[tokio::test]
async fn a_job_gives_its_lines_and_its_status() {
    let yard = Yard::new();
    let mut spec = yard.spec("psi", &[], "echo $X; echo why >&2; echo ${https_proxy-none}; exit 4");
    spec.env.insert("X".into(), "result".into());
    let (sender, mut lines) = mpsc::channel(1);
    let mut job = run_job(&guard(), spec, sender).unwrap();
    let mut all = Vec::new();
    while let Some(line) = in_time(lines.recv()).await {
        all.push((line.stream, line.text()));
    }
    all.sort();
    let line = |stream, text: &str| (stream, text.to_owned());
    assert_eq!(
        all,
        [line(Stream::Stdout, "none"), line(Stream::Stdout, "result"), line(Stream::Stderr, "why")]
    );
    let end = in_time(job.ended()).await;
    assert_eq!((end.ending, end.cancelled), (Ending::Exited(4), false));
    assert_eq!(end.last_lines.len(), 3);
}

#[tokio::test]
async fn a_cancelled_job_that_does_not_listen_is_killed() {
    let yard = Yard::new();
    let script = "trap '' TERM; setsid sleep 1000 & echo $!; wait";
    let spec = ServiceSpec { grace: Duration::from_millis(50), ..yard.spec("psi", &[], script) };
    let (sender, mut lines) = mpsc::channel(1);
    let mut job = run_job(&guard(), spec, sender).unwrap();
    let sleeper = in_time(lines.recv()).await.unwrap().text().parse().unwrap();
    job.cancel();
    let end = in_time(job.ended()).await;
    assert_eq!((end.ending, end.cancelled), (Ending::Exited(137), true));
    assert!(!alive(sleeper));
}

#[tokio::test]
async fn a_job_whose_guards_were_both_stopped_ends_all_the_same() {
    let yard = Yard::new();
    let script = "read _ _ _ standby _ </proc/$PPID/stat; kill -STOP $standby $PPID; exit 4";
    let (sender, _lines) = mpsc::channel(1);
    let mut job = run_job(&guard(), yard.spec("psi", &[], script), sender).unwrap();
    assert_eq!(in_time(job.ended()).await.ending, Ending::Exited(4));
}
