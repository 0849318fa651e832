//! Every topology of `tests/topologies/` compiles, with exactly the findings that it is meant to have.

use std::fmt::Write as _;

use camino::{Utf8Path, Utf8PathBuf};
use sfgen::{
    compile::Compilation,
    diag::render_text,
    fs,
    plan::{
        HostPlan, Locations, PartyPlan, Process, ProcessKind, RayPlan, Simulation, Word, located,
    },
    syntax::MemoryWorkspace,
    types::{Image, Mode, PartyName, PortRange, ProcessName, Role},
};

use crate::federation::{Beside, compile_in, compile_text, compile_with};

const BESIDE: Beside = Beside { flaw: crate::federation::Flaw::None, scripts: false };

fn folder() -> Utf8PathBuf {
    Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/topologies")
}

/// A topology with all that lies beside it; `name` is a file, or a folder with a `topology.kdl`.
fn files(name: &str) -> MemoryWorkspace {
    let (root, folder) = match name.strip_suffix(".kdl") {
        Some(_) => (name, folder()),
        None => ("topology.kdl", folder().join(name)),
    };
    let mut files = MemoryWorkspace::default();
    collect(&folder, Utf8Path::new(""), &mut files);
    let text = files.0.get(Utf8Path::new(root)).cloned().expect("the topology is there");
    files.0.retain(|path, _| path.as_str().contains('/') || path.extension() != Some("kdl"));
    files.0.insert("topology.kdl".into(), text);
    files
}

fn collect(folder: &Utf8Path, below: &Utf8Path, files: &mut MemoryWorkspace) {
    for entry in folder.read_dir_utf8().expect("the topologies are there") {
        let entry = entry.unwrap();
        let path = below.join(entry.file_name());
        if entry.path().is_dir() {
            collect(entry.path(), &path, files);
        } else {
            files.0.insert(path, fs::read(entry.path()).unwrap());
        }
    }
}

pub(crate) fn compile(name: &str, findings: &[&str]) -> Compilation {
    let done = compile_with(files(name), BESIDE);
    assert_findings(&done, findings);
    done
}

fn assert_findings(done: &Compilation, findings: &[&str]) {
    let text = render_text(&done.findings, &done.sources, 100, false);
    let codes: Vec<&str> = done.findings.iter().map(|finding| finding.code.0).collect();
    assert_eq!(codes, findings, "{text}");
}

/// The plan of a party as it is in the tree.
fn plan(done: &Compilation, party: &str) -> PartyPlan {
    serde_json::from_str(&file(done, &format!("{party}/plan.json"))).unwrap()
}

fn file(done: &Compilation, path: &str) -> String {
    let tree = &done.output.as_ref().expect("there are no errors").tree;
    let file = tree.get(path).unwrap_or_else(|| panic!("{path} is in the tree"));
    String::from_utf8(file.bytes.to_vec()).unwrap()
}

fn simulation(plan: &PartyPlan) -> &Simulation {
    plan.secretflow.as_ref().unwrap().simulation.as_ref().unwrap()
}

fn services(host: &HostPlan) -> Vec<&Process> {
    host.processes.iter().filter(|process| process.kind == ProcessKind::Service).collect()
}

fn words(command: &[Word]) -> Vec<String> {
    command.iter().map(|word| located(word, &Locations::new())).collect()
}

fn names_of(after: &[ProcessName]) -> Vec<String> {
    after.iter().map(ToString::to_string).collect()
}

fn ray(plan: &PartyPlan) -> &RayPlan {
    plan.main().ray.as_ref().expect("a Ray node runs there")
}

fn ports(plan: &PartyPlan) -> Vec<PortRange> {
    plan.hosts.values().flat_map(|host| host.port_ranges().map(|(_, range)| range)).collect()
}

#[test]
fn no_topology_is_forgotten() {
    let listed = [
        "celery-worker.kdl",
        "docker-bridge.kdl",
        "docker-publish.kdl",
        "multi-host.kdl",
        "production",
        "simulation-cluster.kdl",
        "simulation-standalone.kdl",
        "three-party-aby3.kdl",
        "wsl.kdl",
    ];
    for entry in folder().read_dir_utf8().expect("there are topologies") {
        let entry = entry.unwrap();
        let name = entry.file_name();
        let is_script = entry.path().extension() == Some("py");
        assert!(is_script || listed.contains(&name), "{name}");
    }
}

#[test]
fn organisations_with_a_file_each_have_units_and_containers() {
    let done = compile("production", &[]);
    assert!(file(&done, "alice/alice-1/systemd/sfgen-credit-risk-alice.target").contains("ray"));
    assert!(file(&done, "bob/bob-1/docker/compose.yaml").contains("network_mode: \"host\""));
}

#[test]
fn a_party_of_two_hosts_has_one_ray_cluster() {
    let done = compile("multi-host.kdl", &[]);
    let bob = plan(&done, "bob");
    let join = |host: &str| bob.hosts[&host.parse().unwrap()].ray.as_ref().unwrap().join.clone();
    assert_eq!(join("bob-1"), None);
    assert!(join("bob-2").is_some_and(|head| head.starts_with("10.77.0.2:")));
    assert!(ray(&plan(&done, "alice")).resources.is_empty(), "slots are for simulations");
}

#[test]
fn links_through_a_gateway_are_still_refused() {
    let done = compile("three-party-aby3.kdl", &["SF0536"]);
    assert!(done.output.is_none());
}

#[test]
fn a_task_worker_finds_its_variables() {
    let done = compile("celery-worker.kdl", &[]);
    let text = file(&done, "node1/node1/node1.env");
    let names: Vec<&str> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| Some(line.split_once('=')?.0))
        .collect();
    for name in [
        "NODE_ID",
        "NODE_IP",
        "APP_ENV",
        "REDIS_HOST",
        "REDIS_PORT",
        "RAY_NODE_TYPE",
        "RAY_HEAD_ADDRESS",
        "RAY_PORT",
        "RAY_NUM_CPUS",
        "RAY_OBJECT_STORE_MEMORY",
        "SF_PORT_RANGE_START",
        "SF_PORT_RANGE_END",
        "SPU_PORT_RANGE_START",
        "SPU_PORT_RANGE_END",
        "HEU_PORT_RANGE_START",
        "HEU_PORT_RANGE_END",
    ] {
        assert!(names.contains(&name), "{name}: {text}");
    }
    let plan = plan(&done, "node1");
    let node = plan.main();
    let redis = node.port(&Role::Service("redis".into())).unwrap();
    assert!(text.contains(&format!("REDIS_PORT={redis}\n")), "{text}");
    let [first, worker] = services(node)[..] else { panic!("{:?}", node.processes) };
    assert_eq!(words(&first.command)[1..3], ["--port".to_owned(), redis.to_string()]);
    assert_eq!(first.ready.map(|ready| ready.port), Some(redis));
    assert_eq!(first.image.as_ref().map(Image::as_str), Some("redis:7-alpine"));
    assert_eq!(names_of(&worker.after), ["redis", "ray"]);
    assert_eq!(worker.env["WORKER_CONCURRENCY"].to_string(), "2");
    assert_eq!(worker.env["CELERY_WORKER_CONCURRENCY"].to_string(), "2");
    let lock = done.output.as_ref().unwrap().allocation.lock_text();
    assert!(lock.contains(&format!("\"node1/node1/redis\" = [{redis}, {redis}]")), "{lock}");
    assert!(file(&done, "PORTS.md").contains(&format!("| {redis} | redis |")));
}

#[test]
fn a_simulation_on_one_host_starts_no_ray() {
    let done = compile("simulation-standalone.kdl", &[]);
    for party in ["alice", "bob", "carol"] {
        let plan = plan(&done, party);
        assert!(plan.main().ray.is_none());
        assert_eq!(simulation(&plan).address, "local");
        let roles: Vec<_> = plan.main().ports.keys().cloned().collect();
        assert_eq!(roles, [Role::Spu, Role::Heu], "each has SPU ports of its own");
    }
    let runbook = file(&done, "alice/RUNBOOK.md");
    assert!(runbook.contains("sfgen run secure-sum --party alice\n"), "{runbook}");
}

#[test]
fn a_simulation_on_several_hosts_is_one_ray_cluster() {
    let done = compile("simulation-cluster.kdl", &[]);
    let (alice, bob) = (plan(&done, "alice"), plan(&done, "bob"));
    let head = simulation(&alice).address.clone();
    assert!(head.starts_with("10.77.0.1:"), "{head}");
    assert_eq!(simulation(&alice), simulation(&bob));
    assert_eq!((ray(&alice).join.as_ref(), ray(&bob).join.as_ref()), (None, Some(&head)));
    assert_eq!(ray(&alice).resources, [("alice".to_owned(), 16)].into());
    assert_eq!(ray(&bob).resources, [("bob".to_owned(), 16)].into());
    let joining = bob.main().process(&ProcessName::Ray).unwrap();
    assert!(words(&joining.command).contains(&format!("--address={head}")), "{joining:?}");
    let runbook = file(&done, "bob/RUNBOOK.md");
    assert!(runbook.contains("sfgen apply --party bob\n"), "{runbook}");
}

#[test]
fn two_distributions_of_one_machine_are_two_nodes_that_share_no_port() {
    let done = compile("wsl.kdl", &[]);
    let (alice, bob) = (plan(&done, "alice"), plan(&done, "bob"));
    assert!(ray(&alice).join.is_none() && ray(&bob).join.is_some());
    for own in ports(&alice) {
        assert!(ports(&bob).iter().all(|other| !own.overlaps(*other)), "{own}");
    }
}

#[test]
fn containers_on_a_bridge_have_the_addresses_and_ports_of_their_hosts() {
    let done = compile("docker-bridge.kdl", &[]);
    for (party, host, address, spu) in [
        ("alice", "secretflow0", "192.168.0.10", 9100),
        ("bob", "secretflow1", "192.168.0.20", 9200),
    ] {
        assert_eq!(plan(&done, party).main().port(&Role::Spu).unwrap().get(), spu);
        let compose = file(&done, &format!("{party}/{host}/docker/compose.yaml"));
        assert!(compose.contains(&format!("ipv4_address: \"{address}\"")), "{compose}");
        assert!(compose.contains("sfnet"), "{compose}");
    }
}

#[test]
fn each_container_publishes_what_listens_in_it() {
    let done = compile("docker-publish.kdl", &[]);
    let published = |path: &str| {
        let text = file(&done, path);
        assert_eq!(text.matches("    ports:\n").count(), 1, "{text}");
        let list = text.split_once("    ports:\n").unwrap().1;
        let lines = list.lines().map_while(|line| line.trim_start().strip_prefix("- "));
        lines.map(|mapping| mapping.trim_matches('"').to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(published("alice/page/docker/compose.yaml"), ["8080:18080"]);
    assert_eq!(published("alice/files/docker/compose.yaml"), ["9500-9501:19500-19501"]);
    assert_eq!(published("bob/node/docker/compose.yaml"), ["127.0.0.1:6379:16379"]);
    let ports = file(&done, "PORTS.md");
    assert!(ports.contains("| 18080 | http | everybody, as 8080 of the machine |"), "{ports}");
    assert!(ports.contains("| 16379 | redis | own hosts |"), "{ports}");
    let open = "ip daddr 192.168.0.10 tcp dport 18080 accept";
    assert!(file(&done, "alice/page/firewall.nft").contains(open));
    assert!(!file(&done, "bob/node/firewall.nft").contains("dport 16379 accept"));
}

#[test]
fn a_topology_of_production_compiles_as_a_simulation_too() {
    // Gateway, engine, identities and peers are production's own affairs; the lack of Ray is not.
    for (name, findings) in [
        ("production", &[][..]),
        ("multi-host.kdl", &[]),
        ("celery-worker.kdl", &[]),
        ("three-party-aby3.kdl", &["SF0906"]),
    ] {
        let mut files = files(name);
        files.0.retain(|path, _| !path.starts_with("pki"));
        let beside = Beside { flaw: crate::federation::Flaw::Absent, ..BESIDE };
        let done = compile_in(Mode::Simulation, files, beside);
        assert_findings(&done, findings);
        let Some(output) = &done.output else { continue };
        for party in output.federation.parties.keys() {
            let plan = plan(&done, party.as_str());
            assert!(plan.identity.is_none() && plan.links.sf.is_empty(), "{name}");
            assert!(!simulation(&plan).address.is_empty(), "{name}");
        }
    }
}

#[test]
fn the_party_that_is_declared_first_leads_and_knows_all_devices() {
    let done = compile_text(
        r#"topology "t" mode="simulation"
links "gateway"
tls "off" because="a simulation has no links between organisations"
runtime "secretflow" version="1.13.0b0" engine="ray"
party "zoe" { host "z" address="10.0.0.1"; }
party "bob" { host "b" address="10.0.0.2" { ray slots=4; }; service "x" after="ray" { command "x"; }; }
party "amy" { host "b" { ray slots=3; }; service "y" after="ray" { command "y"; }; }
spu "spu" { parties "bob" "amy"; }
"#,
    );
    assert_findings(&done, &[]);
    let (zoe, bob, amy) = (plan(&done, "zoe"), plan(&done, "bob"), plan(&done, "amy"));
    let order: Vec<&str> = simulation(&amy).parties.iter().map(PartyName::as_str).collect();
    assert_eq!(order, ["zoe", "bob", "amy"]);
    assert!(ray(&zoe).join.is_none());
    assert_eq!(ray(&bob).resources, [("amy".to_owned(), 3), ("bob".to_owned(), 4)].into());
    assert!(amy.main().ray.is_none(), "one machine has one node");
    assert_eq!(names_of(&services(bob.main())[0].after), ["ray"]);
    assert!(services(amy.main())[0].after.is_empty(), "its node is bob's to start");
    assert_eq!(zoe.spus.len(), 1);
    assert_eq!(zoe.links.spu[&"spu".parse().unwrap()].len(), 2);
    assert!(file(&done, "zoe/z/spu.json").contains("10.0.0.2:"));
}

#[test]
fn services_start_after_what_they_wait_for() {
    let done = compile_text(
        r#"topology "t" mode="simulation"
runtime "secretflow" version="1.13.0b0" engine="ray"
party "alice" {
    host "a" address="10.0.0.1"
    host "b" address="10.0.0.2"
    deploy "systemd" home="/opt/sf"
    service "web" after="db cache" { command "{home}/web" "{host.address}" "{{x}}"; env A="{port.db}-{party}"; }
    service "cache" after="db" { command "cache"; }
    service "db" grace="3m" { command "db"; port "db" 7000; ready tcp="db" within="5m"; }
    service "far" host="b" { command "far"; port "far"; }
}
"#,
    );
    assert_findings(&done, &[]);
    let alice = plan(&done, "alice");
    let services_of_alice = services(alice.main());
    let order: Vec<String> =
        services_of_alice.iter().map(|service| service.name.to_string()).collect();
    assert_eq!(order, ["db", "cache", "web"]);
    let (db, web) = (services_of_alice[0], services_of_alice[2]);
    let within = db.ready.map(|ready| ready.within.to_string());
    assert_eq!((db.grace.to_string(), within), ("3m".into(), Some("5m".into())));
    assert_eq!(words(&web.command), ["/opt/sf/web", "10.0.0.1", "{x}"]);
    assert_eq!(web.env["A"].to_string(), "7000-alice");
    let far = &alice.hosts[&"b".parse().unwrap()];
    assert_eq!(services(far).len(), 1);
    assert!(far.port(&Role::Service("far".into())).is_some());
}

#[test]
fn a_thousand_parties_that_meet_in_pairs_are_planned() {
    let mut text = "topology \"t\" mode=\"simulation\"\nruntime \"embedded\"\n".to_owned();
    for number in 0..1000 {
        let (high, low) = (number / 250, number % 250 + 1);
        let address = format!("10.0.{high}.{low}");
        writeln!(text, "party \"p{number}\" {{ host \"h{number}\" address=\"{address}\"; }}")
            .unwrap();
    }
    for pair in 0..500 {
        let (one, two) = (2 * pair, 2 * pair + 1);
        let inputs = format!("input \"p{one}\" 1; input \"p{two}\" 2");
        let parties = format!("parties \"p{one}\" \"p{two}\"");
        writeln!(text, "job \"j{pair}\" kind=\"sum\" {{ {parties}; {inputs}; }}").unwrap();
    }
    let done = compile_text(&text);
    assert_findings(&done, &[]);
    assert_eq!(plan(&done, "p7").jobs.len(), 1);
}
