//! What real deployments need of software and settings: topologies of `tests/field/`, each with the finding at its
//! place and the help followed, or with what is generated for it.

use camino::Utf8Path;
use serde_json::{Value, json};
use sfgen::{
    compile::Compilation,
    diag::{Finding, render_text},
    fs,
    plan::{Locations, PartyPlan, located},
    syntax::MemoryWorkspace,
    types::{Mode, ProcessName},
};

use crate::federation::{Beside, compile_in, compile_with};

/// A topology of `tests/field/`.
fn topology(name: &str) -> String {
    let folder = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/field");
    String::from_utf8(fs::read(&folder.join(format!("{name}.kdl"))).unwrap()).unwrap()
}

/// Compiles a topology among other files.
fn compile(text: &str, beside: &[(&str, &str)]) -> Compilation {
    let files = MemoryWorkspace::default().with("topology.kdl", text);
    let files = beside.iter().fold(files, |files, (path, text)| files.with(path, *text));
    compile_with(files, Beside::default())
}

/// The topology with one text put in place of another that stands in it.
#[track_caller]
fn with(text: &str, old: &str, new: &str) -> String {
    assert!(text.contains(old), "{old} is in {text}");
    text.replace(old, new)
}

fn read_json(done: &Compilation, path: &str) -> Value {
    serde_json::from_str(&file(done, path)).unwrap()
}

fn codes(done: &Compilation) -> Vec<&str> {
    done.findings.iter().map(|finding| finding.code.0).collect()
}

/// The one finding of a code, and what is written at each of its places.
#[track_caller]
fn finding<'d>(done: &'d Compilation, code: &str) -> (&'d Finding, Vec<&'d str>) {
    let found: Vec<_> = done.findings.iter().filter(|finding| finding.code.0 == code).collect();
    let [found] = found[..] else {
        panic!("{}", render_text(&done.findings, &done.sources, 100, false));
    };
    let written = found
        .labels
        .iter()
        .map(|label| &done.sources.get(label.span.file).text[label.span.start..label.span.end]);
    (found, written.collect())
}

#[track_caller]
fn help(finding: &Finding) -> &str {
    finding.help.as_deref().expect("it has a help")
}

#[track_caller]
fn file(done: &Compilation, path: &str) -> String {
    let Some(output) = &done.output else {
        panic!("{}", render_text(&done.findings, &done.sources, 100, false));
    };
    let file = output.tree.get(path).unwrap_or_else(|| panic!("{path} is in the tree"));
    String::from_utf8(file.bytes.clone()).unwrap()
}

#[track_caller]
fn plan(done: &Compilation, party: &str) -> PartyPlan {
    serde_json::from_str(&file(done, &format!("{party}/plan.json"))).unwrap()
}

/// The flags of the Ray node of a host.
#[track_caller]
fn ray_flags(done: &Compilation, party: &str, host: &str) -> Vec<String> {
    let plan = plan(done, party);
    let (_, host) = plan.hosts.iter().find(|(name, _)| name.as_str() == host).expect("a host");
    let ray = host.process(&ProcessName::Ray).expect("a Ray node");
    ray.command.iter().map(|word| located(word, &Locations::new())).collect()
}

#[test]
fn the_receiver_is_tied_to_the_host_that_peers_dial() {
    let done = compile(&topology("two-ray-nodes"), &[]);
    assert!(codes(&done).is_empty(), "{:?}", codes(&done));
    let head = ray_flags(&done, "mill", "mill-head");
    assert!(head.contains(&r#"--resources={"sfgen:receiver":3}"#.to_owned()), "{head:?}");
    let other = ray_flags(&done, "mill", "mill-big");
    assert!(other.contains(&r#"--resources={"fpga":1}"#.to_owned()), "{other:?}");
    let label = |party: &str| {
        let plan = plan(&done, party);
        plan.secretflow.unwrap().init["cross_silo_comm_options"]["recv_resource_label"].clone()
    };
    assert_eq!(label("mill"), json!({ "sfgen:receiver": 1 }));
    // With one Ray node there is nothing to choose.
    assert_eq!(label("farm"), Value::Null);
    assert!(!ray_flags(&done, "farm", "farm-1").iter().any(|flag| flag.contains("resources")));
}

#[test]
fn a_receiver_that_cannot_be_tied_is_told_with_the_other_host_and_the_job() {
    let text = with(&topology("two-ray-nodes"), "timeout=\"90s\"", "back-end=\"brpc_link\"");
    let text = format!("{text}\ntls \"off\" because=\"a test of the back-end alone\"\n");
    let done = compile(&text, &[]);
    let (found, places) = finding(&done, "SF0360");
    assert_eq!(places, [r#""mill-big""#, r#""brpc_link""#, r#""yield""#]);
    assert!(help(found).contains("`back-end=\"grpc\"` of `cross-silo`"), "{}", help(found));
    let done = compile(&with(&text, "brpc_link", "grpc"), &[]);
    assert!(!codes(&done).contains(&"SF0360"));
}

#[test]
fn sizes_of_a_ray_node_reach_flags_and_containers() {
    let done = compile(&topology("two-ray-nodes"), &[]);
    let flags = ray_flags(&done, "mill", "mill-big");
    for flag in ["--num-cpus=64", "--num-gpus=2", "--memory=68719476736"] {
        assert!(flags.contains(&flag.to_owned()), "{flags:?}");
    }
    let compose = file(&done, "mill/mill-big/docker/compose.yaml");
    let devices = "          devices:\n            - driver: \"nvidia\"\n              count: 2\n";
    assert!(compose.contains(devices), "{compose}");
    assert!(!file(&done, "mill/mill-head/docker/compose.yaml").contains("devices:"));
    let units = with(&topology("two-ray-nodes"), "deploy \"docker\"", "deploy \"systemd\"");
    let done = compile(&units, &[]);
    let unit = file(&done, "mill/mill-big/systemd/sfgen-nodes-mill-ray.service");
    assert!(unit.contains("DeviceAllow=char-nvidia rw\n") && unit.contains("PrivateDevices=no\n"));
    let unit = file(&done, "mill/mill-head/systemd/sfgen-nodes-mill-ray.service");
    assert!(!unit.contains("DeviceAllow=") && unit.contains("PrivateDevices=yes\n"));
}

#[test]
fn a_published_dashboard_that_is_not_started_is_told_with_both_places() {
    let text = topology("published-dashboard");
    let done = compile(&text, &[]);
    let (found, places) = finding(&done, "SF0361");
    assert_eq!(places, [r#""8265:8265""#, "8265", r#""first""#]);
    assert!(help(found).contains("`ray dashboard=#true` in host `first`"), "{}", help(found));

    let followed =
        with(&text, "address=\"172.31.0.10\"", "address=\"172.31.0.10\" { ray dashboard=#true; }");
    let done = compile(&followed, &[]);
    assert!(codes(&done).is_empty(), "{:?}", codes(&done));
    let flags = ray_flags(&done, "mill", "first");
    for flag in ["--include-dashboard=True", "--dashboard-host=0.0.0.0", "--dashboard-port=8265"] {
        assert!(flags.contains(&flag.to_owned()), "{flags:?}");
    }
    assert!(file(&done, "mill/requirements.txt").contains("\naiohttp-cors=="));
    assert!(!file(&done, "farm/requirements.txt").contains("aiohttp-cors"));
    let rules = file(&done, "mill/first/firewall.nft");
    let rule = rules.lines().find(|line| line.contains("8265") && line.contains("accept"));
    assert!(rule.is_some_and(|rule| !rule.contains("saddr")), "{rules}");
}

#[test]
fn a_dashboard_that_nobody_publishes_listens_on_loopback_alone() {
    let text = topology("two-ray-nodes");
    let started = with(&text, "ray cpus=1;", "ray cpus=1 dashboard=#true;");
    let done = compile(&started, &[]);
    let flags = ray_flags(&done, "mill", "mill-head");
    assert!(flags.contains(&"--dashboard-host=127.0.0.1".to_owned()), "{flags:?}");
    let elsewhere = with(&text, "gpus=2", "gpus=2 dashboard=#true");
    let (found, places) = (compile(&elsewhere, &[]), ["#true", r#""mill-head""#]);
    assert_eq!(finding(&found, "SF0361").1, places);
    let older = with(&started, "1.13.0b0", "1.11.0b1");
    assert_eq!(finding(&compile(&older, &[]), "SF0361").1, ["#true"]);
}

#[test]
fn a_simulation_on_one_host_has_no_dashboard_to_publish() {
    let text = topology("published-dashboard");
    let (first, _) = text.split_once("party \"farm\"").unwrap();
    let done = compile(first, &[]);
    let (found, _) = finding(&done, "SF0361");
    assert!(help(found).starts_with("drop both: a simulation on one host"), "{}", help(found));
}

#[test]
fn secretflow_knows_parties_by_the_names_that_it_is_told() {
    let text = topology("names-of-secretflow");
    let done = compile(&text, &[]);
    assert!(codes(&done).is_empty(), "{:?}", codes(&done));
    let config = read_json(&done, "bank-1/one/cluster_config.json");
    assert_eq!(config["self_party"], "Bank_1");
    let parties: Vec<_> = config["parties"].as_object().unwrap().keys().collect();
    assert_eq!(parties, ["Bank_1", "bank-3", "bank.2"]);
    let spu = read_json(&done, "bank-2/two/spu.json");
    let nodes = spu["spu"]["cluster_def"]["nodes"].as_array().unwrap();
    let members: Vec<_> = nodes.iter().map(|node| node["party"].as_str().unwrap()).collect();
    assert_eq!(members, ["Bank_1", "bank.2"]);
    assert_eq!(
        read_json(&done, "bank-3/three/heu.json")["heu"]["config"]["sk_keeper"]["party"],
        "Bank_1"
    );
    let nodes = read_json(&done, "nodes.json");
    let nodes = nodes.as_array().unwrap().iter().map(|node| node["node_id"].as_str().unwrap());
    assert_eq!(nodes.collect::<Vec<_>>(), ["Bank_1", "bank.2", "bank-3"]);
    assert!(file(&done, "bank-2/two/bank-2.env").contains("NODE_ID=bank.2\n"));
    // Nobody learns a name without need, and one that is the party's own is not written twice.
    assert_eq!(plan(&done, "bank-3").names.len(), 2);
    assert!(!file(&done, "federation.json").contains("\"runtime_name\": \"bank-3\""));

    let files = MemoryWorkspace::default().with("topology.kdl", text.as_str());
    let done = compile_in(Mode::Simulation, files, Beside::default());
    let flags = ray_flags(&done, "bank-2", "two");
    assert!(flags.contains(&r#"--resources={"bank.2":16}"#.to_owned()), "{flags:?}");
}

#[test]
fn two_parties_of_one_name_are_told_and_a_name_that_is_none_with_the_way_out() {
    let text = topology("names-of-secretflow");
    let done = compile(&with(&text, "bank.2", "bank-3"), &[]);
    assert_eq!(finding(&done, "SF0160").1, [r#""bank-3""#, r#""bank-3""#]);
    let done = compile(&with(&text, "\"bank-3\"", "\"bank_3\""), &[]);
    let (found, _) = finding(&done, "SF0005");
    assert!(help(found).ends_with("`as=\"bank_3\"` keeps the other one for SecretFlow"));
}

#[test]
fn settings_of_devices_reach_what_secretflow_is_given() {
    let done = compile(&topology("tuned-devices"), &[]);
    let arguments = read_json(&done, "mill/mill-1/spu.json")["spu"].clone();
    let config = json!({
        "protocol": "CHEETAH", "field": "FM64", "sigmoid_mode": "SIGMOID_REAL", "fxp_fraction_bits": 20,
        "enable_pphlo_profile": true, "cheetah_2pc_config": { "ot_kind": "YACL_Softspoken" },
    });
    assert_eq!(arguments["cluster_def"]["runtime_config"], config);
    let link = json!({
        "connect_retry_times": 60, "connect_retry_interval_ms": 1000, "recv_timeout_ms": 120_000,
        "http_timeout_ms": 120_000, "throttle_window_size": 20, "brpc_channel_protocol": "http",
        // brpc sends no HTTP over its default.
        "brpc_channel_connection_type": "pooled",
    });
    assert_eq!(arguments["link_desc"], link);
    let heu = read_json(&done, "farm/farm-1/heu.json")["heu"].clone();
    assert_eq!(heu["spu_fxp_fraction_bits"], 20);
    assert_eq!(heu["config"]["he_parameters"]["schema"], "ou");
    let encoding = json!({
        "cleartext_type": "DT_F64", "encoder": "BatchFloatEncoder",
        "encoder_args": { "scale": 1000, "padding_bits": 16 },
    });
    assert_eq!(heu["config"]["encoding"], encoding);
}

#[test]
fn a_setting_that_the_release_does_not_know_is_told_with_the_nearest() {
    let text = topology("tuned-devices");
    let of = |old: &str, new: &str| compile(&with(&text, old, new), &[]);
    let cases = [
        ("sigmoid-mode", "sigmoid_mode", "did you mean `sigmoid-mode`?"),
        ("fxp-fraction-bits", "fxp-fracion-bits", "did you mean `fxp-fraction-bits`?"),
        ("ot-kind", "ot-kin", "did you mean `cheetah-2pc-config.ot-kind`?"),
        (
            "enable-pphlo-profile=#true",
            "field=\"FM64\"",
            "it is written as `spu ... field=\"FM128\"`",
        ),
        ("connect-retries=60", "connect-retry-times=60", "it is written as `connect-retries=60`"),
        ("throttle-window-size", "throttle-window", "did you mean `throttle-window-size`?"),
    ];
    for (old, new, wanted) in cases {
        let done = of(old, new);
        let (found, places) = finding(&done, "SF0460");
        assert_eq!(help(found), wanted, "{new}");
        let last = new.split('=').next().unwrap();
        assert_eq!(places, [last]);
    }
    let older = with(&text, "1.13.0b0", "1.12.0b0");
    let older = with(&older, "sigmoid-mode=\"SIGMOID_REAL\"", "sort-method=\"SORT_RADIX\"");
    let done = compile(&older, &[]);
    assert_eq!(help(finding(&done, "SF0460").0), "known in `1.13.0b0`, `1.14.0b0`");
}

#[test]
fn a_value_that_the_release_does_not_take_is_told_with_what_it_takes() {
    let text = topology("tuned-devices");
    let cases = [
        ("\"SIGMOID_REAL\"", "\"real\"", "SF0461", "write `SIGMOID_REAL`"),
        ("bits=20 ", "bits=200 ", "SF0461", "write a number from 0 to 127"),
        ("profile=#true", "profile=1", "SF0461", "write `#true` or `#false`"),
        ("\"YACL_Softspoken\"", "\"YACL_Softspken\"", "SF0461", "write `YACL_Softspoken`"),
        (
            "encoder=\"BatchFloatEncoder\" scale=1000",
            "encoder=\"FloatEncoder\" scale=1000",
            "SF0462",
            "drop it, or choose an encoder that takes it; `FloatEncoder` takes `scale`",
        ),
    ];
    for (old, new, code, wanted) in cases {
        let done = compile(&with(&text, old, new), &[]);
        assert_eq!(help(finding(&done, code).0), wanted, "{new}");
    }
    let single = with(
        &text,
        "protocol=\"http\"",
        "protocol=\"http\" brpc-channel-connection-type=\"single\"",
    );
    let done = compile(&single, &[]);
    assert_eq!(finding(&done, "SF0461").1, [r#""single""#, r#""http""#]);
}

/// A file about a release that knows the engine `threads`.
const RELEASE: &str = r#"name = "secretflow"
version = "0.8.1b1"
python = "3.8"
[engines.threads]
requirements = "threads"
tls = false
allow_list = false
[deserialize]
always = {}
spu = {}
heu = {}
[protocols]
[fields]
"#;

const RELEASE_PATH: &str = "runtimes/secretflow-0.8.1b1.toml";
const LIST_PATH: &str = "runtimes/secretflow-0.8.1b1.threads.txt";

/// A list of one package with a hash.
fn list() -> String {
    format!("secretflow==0.8.1b1 --hash=sha256:{}\n", "0a".repeat(32))
}

#[test]
fn a_release_that_sfgen_does_not_know_can_be_described_beside_the_topology() {
    let text = topology("release-of-ones-own");
    let done = compile(&text, &[]);
    let (found, places) = finding(&done, "SF0901");
    assert_eq!(places[0], r#""0.8.1b1""#);
    assert!(!found.message.contains("there is no"), "{}", found.message);
    for part in ["`1.11.0b1`", "`1.14.0b0`", &format!("`{RELEASE_PATH}`")] {
        assert!(help(found).contains(part), "{}", help(found));
    }

    let done = compile(&text, &[(RELEASE_PATH, RELEASE), (LIST_PATH, &list())]);
    assert_eq!(file(&done, "mill/requirements.txt"), list());
    assert_eq!(read_json(&done, "federation.json")["runtime"]["python"], "3.8");
}

#[test]
fn what_is_wrong_with_a_file_about_a_release_is_told_at_its_place_there() {
    let text = topology("release-of-ones-own");
    let list = list();
    let broken =
        |release: &str, list: &str| compile(&text, &[(RELEASE_PATH, release), (LIST_PATH, list)]);
    let done = broken(&with(RELEASE, "tls = false", "tsl = false"), &list);
    let (found, places) = finding(&done, "SF0960");
    assert_eq!(places, ["tsl"], "{}", found.message);
    assert!(!codes(&done).contains(&"SF0901"), "one mistake is one finding");
    let done = broken(&with(RELEASE, "0.8.1b1", "0.8.2"), &list);
    assert_eq!(finding(&done, "SF0960").1, [r#""0.8.2""#]);
    let done = broken(RELEASE, "secretflow==0.8.1b1\n");
    assert_eq!(finding(&done, "SF0960").1, ["secretflow==0.8.1b1"]);
    let done = broken(RELEASE, "secretflow>=0.8\n");
    assert_eq!(finding(&done, "SF0960").1, ["secretflow>=0.8"]);
    let done = compile(&text, &[(RELEASE_PATH, RELEASE)]);
    assert_eq!(finding(&done, "SF0960").1, [r#""threads""#]);
}
