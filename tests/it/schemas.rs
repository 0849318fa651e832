//! `sfgen schema`, and whether the schemas of the topology say what the reader of topologies says.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;
use sfgen::{
    cli::SCHEMAS,
    diag::Findings,
    fs,
    model::Topology,
    syntax::{self, MemoryWorkspace, Node, language},
};

use crate::{
    generated::{assert_value_valid, validator},
    support::{toml::toml_of, workspace::Workspace},
};

/// Every node and every property of the language that is not given to errors of other kinds.
const ALL: &str = r#"
topology = { name = "t", mode = "production" }
links = "direct"
tls = { name = "off", because = "a test" }
reserved = "no such node"

[runtime]
name = "secretflow"
version = "1.13.0b0"
engine = "ray"
python = "3.10"
allow-deserialize = [["numpy", "dtype"], { name = "pandas", args = ["*"] }, { name = "*", because = "x" }]
cross-silo = { timeout = "60s", message-max = "500MiB", back-end = "brpc_link" }

[ports]
scope = "host"
pool = [1, 31999]

[network.net]
subnet = "192.168.0.0/24"

[party.alice]
as = "Alice_1"
index-url = "https://pypi.lan/simple"
packages = ["celery==5.4.0", "redis==5.0.4"]
requirements = "requirements.txt"
wheels = "/opt/wheels"
identity = { ca = "ca.pem", cert = "node.pem", key = "node.key" }
deploy = { name = "systemd", user = "u", home = "/h" }
pin.sf = [1, 31999]
pin."ray.gcs" = 7
pin.ray.metrics-export = [1, 31999]
pin.spu = [{ args = [1, 31999], host = "alice-2" }, { args = [8], host = "alice-1" }]

[party.alice.mount."/data"]
access = "write"
as = "/srv/data"

[party.alice.host.alice-1]
address = "10.0.0.1"
secret.db.file = "/etc/sfgen/db"
listen = "0.0.0.0"
reserve = [22, 80]
ray = { cpus = 4, gpus = 1, memory = "8GiB", object-store = "2GiB", slots = 3, dashboard = true, resource = { fpga = 2 } }

[party.alice.host.alice-2]
address = "10.0.0.2"
inside = "172.16.0.2"
reserve = [[22], [80, 81]]

[party.alice.service.redis]
command = ["redis-server", "--port", "{port.redis}"]
env = [{ A = "1" }, { B = "2" }]
port.redis = 6379
port.admin = {}
ready = { tcp = "redis", within = "5s" }
after = "ray"
host = "alice-1"
image = "redis"
grace = "5s"
mount = ["/data", "/srv"]
env-file = ["/etc/sfgen/a.env", "/etc/sfgen/b.env"]

[[party.bob.host]]
name = "bob-1"
address = "10.0.0.3"
inside = "10.1.0.3"

[party.bob.deploy]
name = "docker"
network = "net"
publish = ["6080:1080", 7]

[party.carol]
deploy = { name = "kuscia", protocol = "mtls", gateway = 8, endpoint = "https://10.0.0.4:8" }
host.carol-1.address = "10.0.0.4"

[party.bob.service.web]
command = "web"
port = ["http", "https"]

[spu.spu]
protocol = "SEMI2K"
field = "FM128"
parties = ["alice", "bob"]
runtime-config = { fxp-fraction-bits = 20, sigmoid-mode = "SIGMOID_REAL", enable-hal-profile = true, cheetah-2pc-config = { ot-kind = "YACL_Ferret" } }
link = { connect-retries = 1, connect-interval = "1s", recv-timeout = "1s", http-timeout = "1s" }

[heu.heu]
field = "FM64"
key-size = 2048
scheme = "ou"
encoding = { cleartext-type = "DT_F64", encoder = "BatchFloatEncoder", scale = 100, padding-bits = 8 }
sk-keeper = "alice"
evaluators = ["bob"]

[job.psi]
script = "psi.py"
slots = 4
parties = ["alice", "bob"]
args = ["--key", "id"]

[job.total]
kind = "sum"
parties = ["alice", "bob"]
input = [{ name = "alice", file = "keys/alice/number" }, ["bob", 31]]
"#;

fn all() -> Value {
    let text = ALL.replace("reserved = \"no such node\"\n", "");
    toml::from_str(&text).unwrap()
}

/// The codes that the reader has for the shape of a document.
fn codes(document: &Value) -> BTreeSet<&'static str> {
    let files = MemoryWorkspace::default().with("t.toml", toml(document));
    let mut findings = Findings::default();
    let loaded = syntax::load(&files, Utf8Path::new("t.toml"), &mut findings);
    let _ = Topology::read(&loaded, &mut findings);
    let of_shape = ["SF0001", "SF0003", "SF0005", "SF0006", "SF0007", "SF0011"];
    findings.iter().map(|finding| finding.code.0).filter(|code| of_shape.contains(code)).collect()
}

/// What a schema cannot say: a host may be named with its address elsewhere, `"*"` needs a reason in place of names,
/// SecretFlow a version and Kuscia a gateway, a port that `ready` names is looked up later, and `after` is a text of
/// several names.
fn is_beyond_schemas(place: &str, codes: &BTreeSet<&str>) -> bool {
    // Sizes have a pattern, and no largest one.
    let ends = [
        "/host",
        "/runtime",
        "/after",
        "/ready/tcp",
        "/allow-deserialize",
        "/message-max",
        "/deploy",
    ];
    // Whether a reason or a number may be missing depends on other values.
    let is_apart = place.contains("/allow-deserialize/") || place.contains("/input");
    let reason = is_apart && codes.iter().eq(["SF0006"].iter());
    reason || ends.iter().any(|end| place.ends_with(end))
}

/// A document as TOML: a key a line, everything else inline.
fn toml(document: &Value) -> String {
    let keys = document.as_object().unwrap().iter();
    keys.map(|(key, value)| format!("{key:?} = {}\n", inline(value))).collect::<Vec<_>>().concat()
}

fn inline(value: &Value) -> String {
    match value {
        Value::Object(table) => {
            let keys = table.iter().map(|(key, value)| format!("{key:?} = {}", inline(value)));
            format!("{{ {} }}", keys.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// The JSON pointers of everything in a document.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let mut add = |step: String, value: &Value| {
        let at = format!("{at}/{step}");
        pointers(value, &at, found);
        found.push(at);
    };
    match value {
        // A slash in a key, as in the path of a mount, is an escape of a pointer (RFC 6901).
        Value::Object(table) => {
            table.iter().for_each(|(key, value)| add(key.replace('/', "~1"), value));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(n, value)| add(n.to_string(), value));
        }
        _ => {}
    }
}

#[test]
fn schema_and_reader_agree_on_every_value_of_the_language() {
    let (document, validator) = (all(), validator("topology"));
    assert_value_valid("topology", &document);
    assert_eq!(codes(&document), BTreeSet::new());
    let mut places = Vec::new();
    pointers(&document, "", &mut places);
    let (mut valid, mut wrong) = (0, Vec::new());
    let others = [
        Value::from(true),
        5.into(),
        (-1).into(),
        70_000.into(),
        10_001.into(),
        1_000_001.into(),
        4_294_967_296_i64.into(),
        1.5.into(),
        "text".into(),
        "No Name".into(),
        "60s".into(),
        "2GiB".into(),
        "3.10".into(),
        "ray.gcs".into(),
        "10.0.0.0/8".into(),
    ];
    for place in places.iter().filter(|place| !document.pointer(place).unwrap().is_object()) {
        for other in &others {
            let mut changed = document.clone();
            *changed.pointer_mut(place).unwrap() = other.clone();
            let codes = codes(&changed);
            valid += u32::from(codes.is_empty());
            let is_beyond = is_beyond_schemas(place, &codes);
            if !is_beyond && validator.is_valid(&changed) != codes.is_empty() {
                wrong.push(format!("{place} = {other}: {codes:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(valid > 100 && places.len() > 100, "{valid} of {}", places.len());
}

#[test]
fn schema_and_reader_agree_on_strange_and_missing_keys() {
    let (document, validator) = (all(), validator("topology"));
    let mut places = vec![String::new()];
    pointers(&document, "", &mut places);
    let (mut strange, mut missing, mut wrong) = (0, 0, Vec::new());
    for place in places.iter().filter(|place| document.pointer(place).unwrap().is_object()) {
        let mut changed = document.clone();
        let table = changed.pointer_mut(place).unwrap().as_object_mut().unwrap();
        table.insert("colour".to_owned(), 7.into());
        let has = codes(&changed);
        strange += u32::from(!has.is_empty());
        if validator.is_valid(&changed) != has.is_empty() {
            wrong.push(format!("{place}: `colour`: {has:?}"));
        }
        for key in document.pointer(place).unwrap().as_object().unwrap().keys() {
            let mut changed = document.clone();
            changed.pointer_mut(place).unwrap().as_object_mut().unwrap().remove(key);
            let has = codes(&changed);
            let parent = place.rsplit_once('/').map_or("", |(parent, _)| parent);
            let is_beyond = place.is_empty()
                || [parent, place].iter().any(|place| is_beyond_schemas(place, &has));
            missing += u32::from(!has.is_empty());
            if !is_beyond && validator.is_valid(&changed) != has.is_empty() {
                wrong.push(format!("{place}: without `{key}`: {has:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(strange > 20 && missing > 10, "{strange} {missing}");
}

#[test]
fn the_document_of_these_tests_has_every_property_of_the_language() {
    let text = all().to_string();
    for rule in language::nodes() {
        for key in rule.keys().filter(|key| *key != "*") {
            assert!(text.contains(&format!("{key:?}:")), "{} {key}", rule.name);
        }
    }
}

/// Every topology that comes with sfgen, its included files as topologies of their own.
pub(crate) fn topologies() -> Vec<(Utf8PathBuf, Vec<Node>)> {
    let root = Utf8Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("examples"), root.join("tests/topologies")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in folder.read_dir_utf8().unwrap().map(Result::unwrap) {
            let path = entry.path().to_owned();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension() == Some("kdl") {
                let text = fs::read_text(&path).unwrap();
                let file = sfgen::diag::Sources::default().add("t.kdl", text.as_str());
                let nodes = syntax::parse(file, "t.kdl", &text, &mut Findings::default()).unwrap();
                found.push((path, nodes));
            }
        }
    }
    found
}

#[test]
fn every_topology_that_comes_with_sfgen_is_as_the_schema_of_toml_says() {
    let found = topologies();
    assert!(found.len() > 12);
    for (path, nodes) in found {
        let toml = toml_of(&nodes);
        let value: Value =
            toml::from_str(&toml).unwrap_or_else(|why| panic!("{path}: {why}\n{toml}"));
        assert_value_valid("topology", &value);
    }
    let page =
        fs::read_text(&Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/toml.md")).unwrap();
    let (_, rest) = page.split_once("```toml\n").unwrap();
    assert_value_valid("topology", &toml::from_str(rest.split_once("```").unwrap().0).unwrap());
}

#[test]
fn the_command_lists_prints_and_writes_the_schemas() {
    let ws = Workspace::empty();
    let list = ws.run(&["schema"]).success().stdout;
    assert!(
        list.lines()
            .map(|line| line.split(' ').next().unwrap())
            .eq(SCHEMAS.iter().map(|schema| schema.name))
    );
    let one = ws.run(&["schema", "lock"]).success().stdout;
    ws.run(&["schema", "lock", "--out", "a/b"]).success();
    assert_eq!(ws.read("a/b/lock.json"), one);
    let all = ws.run(&["schema", "--out", "all"]).success();
    assert_eq!(all.stdout.lines().count(), SCHEMAS.len());
    let kept = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    for (name, bytes) in ws.files("all") {
        assert_eq!(fs::read(&kept.join(&name)).unwrap(), bytes, "{name}");
    }
    let unknown = ws.run(&["schema", "topolgy"]).status_is(2);
    assert!(unknown.stderr.contains("did you mean `topology`?"), "{}", unknown.stderr);
}
