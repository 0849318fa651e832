//! Mistakes in services and jobs: each finding has both places, and is gone once its help is followed.

use sfgen::{compile::Compilation, diag::render_text};

use crate::federation::compile_text;

const TWO_PARTIES: &str = r#"topology "t"
runtime "secretflow" version="1.13.0b0" engine="ray"
network "sfnet" subnet="10.0.0.0/24"
party "alice" {
    host "alice-1" address="10.0.0.10"
    host "alice-2" address="10.0.0.12"
    identity ca="a/ca.pem" cert="a/node.pem" key="a/node.key"
    deploy "process"
    service "redis" { command "redis-server"; port "redis"; }
    service "worker" after="redis" { command "python" "w.py"; env NOTHING="0"; }
}
party "bob" {
    host "bob-1" address="10.0.0.11"
    identity ca="b/ca.pem" cert="b/node.pem" key="b/node.key"
}
"#;

const ON_BRIDGE: (&str, &str) = ("deploy \"process\"", "deploy \"docker\" network=\"sfnet\"");
const SECOND_HOST: (&str, &str) = ("    host \"alice-2\" address=\"10.0.0.12\"\n", "");
const REDIS: &str = "service \"redis\" {";

/// The topology with texts replaced, each of which stands in it once.
fn with(changes: &[(&str, &str)]) -> String {
    changes.iter().fold(TWO_PARTIES.to_owned(), |text, (from, to)| {
        assert_eq!(text.matches(from).count(), 1, "`{from}` stands once");
        text.replace(from, to)
    })
}

/// The code, the labelled texts and the help of the only finding.
fn only(text: &str) -> (String, Vec<String>, String) {
    let done = compile_text(text);
    let [finding] = done.findings.as_slice() else { panic!("one finding: {}", shown(&done)) };
    let places =
        finding.labels.iter().map(|label| text[label.span.start..label.span.end].to_owned());
    (finding.code.to_string(), places.collect(), finding.help.clone().unwrap_or_default())
}

fn shown(done: &Compilation) -> String {
    render_text(&done.findings, &done.sources, 100, false)
}

fn passes(text: &str) {
    let done = compile_text(text);
    assert!(done.findings.is_empty(), "{text}\n{}", shown(&done));
}

fn worker(env: &str) -> (&str, &str) {
    ("env NOTHING=\"0\"", env)
}

#[test]
fn localhost_is_a_finding_where_the_service_that_is_meant_listens_elsewhere() {
    let url = worker("env CELERY_BROKER_URL=\"redis://localhost:6379/0\"");
    let elsewhere = (REDIS, "service \"redis\" host=\"alice-2\" {");
    let pinned = ("port \"redis\"", "port \"redis\" 6380");
    let after = ("after=\"redis\"", "");
    for (changes, second, help) in [
        (vec![url], "\"redis\"", "write `redis://127.0.0.1:{port.redis}/0`"),
        (vec![url, pinned], "\"redis\"", "write `redis://127.0.0.1:{port.redis}/0`"),
        (
            vec![url, SECOND_HOST, ON_BRIDGE],
            "\"redis\"",
            "write `redis://127.0.0.1:{port.redis}/0`",
        ),
        (
            vec![url, elsewhere, after],
            "\"alice-2\"",
            "write `redis://10.0.0.12:6379/0` and pin the port there: `port \"redis\" 6379`",
        ),
        (vec![url, elsewhere, pinned, after], "\"alice-2\"", "write `redis://10.0.0.12:6380/0`"),
    ] {
        let (code, places, told) = only(&with(&changes));
        assert_eq!(code, "SF0112");
        assert_eq!(places, ["\"redis://localhost:6379/0\"", second]);
        assert!(told.starts_with(help), "{told}");
    }
    let long = worker("env URLS=\"{party} redis://localhost:6379/0\"");
    assert!(only(&with(&[long])).2.starts_with("write `127.0.0.1:{port.redis}` for that address"));
    let mended = worker("env CELERY_BROKER_URL=\"redis://127.0.0.1:{port.redis}/0\"");
    passes(&with(&[mended]));
    passes(&with(&[mended, SECOND_HOST, ON_BRIDGE]));
    passes(&with(&[url, ("port \"redis\"", "port \"redis\" 6379")]));
    let there = worker("env CELERY_BROKER_URL=\"redis://10.0.0.12:6379/0\"");
    passes(&with(&[there, elsewhere, after, ("port \"redis\"", "port \"redis\" 6379")]));
}

#[test]
fn another_program_of_the_machine_may_be_meant_and_none_of_a_container() {
    let database = worker("env DATABASE_URL=\"postgresql://u@127.0.0.1:5432/x\"");
    passes(&with(&[database]));
    let (code, places, _) = only(&with(&[database, SECOND_HOST, ON_BRIDGE]));
    assert_eq!(code, "SF0112");
    assert_eq!(places, ["\"postgresql://u@127.0.0.1:5432/x\"", "\"sfnet\""]);
    let redis = worker("env REDIS_URL=\"redis://localhost/0\"");
    assert_eq!(only(&with(&[redis])).0, "SF0112");
    let host = "host \"alice-1\" address=\"10.0.0.10\"";
    passes(&with(&[redis, (host, &format!("{host} {{ reserve 6379; }}"))]));
}

#[test]
fn what_a_service_listens_on_is_not_dialled() {
    for command in [
        "\"gunicorn\" \"--bind\" \"127.0.0.1:8000\"",
        "\"gunicorn\" \"-b\" \"localhost:8000\"",
        "\"etcd\" \"--listen-client-urls=http://localhost:2379\"",
    ] {
        let installed = with(&[("\"python\" \"w.py\"", command), SECOND_HOST, ON_BRIDGE]);
        passes(&installed.replace(
            "    service \"redis\"",
            "    packages \"gunicorn==23.0.0\"\n    service \"redis\"",
        ));
    }
}

#[test]
fn ray_on_localhost_is_on_its_planned_port() {
    let ray = worker("env RAY_ADDRESS=\"127.0.0.1:6379\"");
    let (code, places, help) = only(&with(&[ray]));
    assert_eq!(code, "SF0112");
    assert_eq!(places, ["\"127.0.0.1:6379\"", "\"alice-1\""]);
    assert!(help.starts_with("write `{host.address}:{port.ray.gcs}`"), "{help}");
    passes(&with(&[worker("env RAY_ADDRESS=\"{host.address}:{port.ray.gcs}\"")]));
    passes(&with(&[ray, ("port \"redis\"; }", "port \"redis\"; }\n    pin \"ray.gcs\" 6379")]));
}

#[test]
fn a_variable_that_should_be_a_url_is_one() {
    for env in [
        "env CELERY_RESULT_BACKEND=\"redis\"",
        "env CELERY_BROKER_URL=\"redis\"",
        "env REDIS_URL=\"127.0.0.1:{port.redis}\"",
        "env APP_BROKER_URL=\"localhost:6379\"",
        "env RESULT_BACKEND=\"redis:6379\"",
    ] {
        let (code, places, help) = only(&with(&[worker(env)]));
        assert_eq!((code.as_str(), places[1].as_str()), ("SF0113", "\"redis\""), "{env}");
        assert_eq!(help, "write `redis://127.0.0.1:{port.redis}/0`");
    }
    let (_, places, help) = only(&with(&[worker("env DATABASE_URL=\"shop\"")]));
    assert_eq!(places, ["\"shop\"", "\"worker\""]);
    assert!(help.ends_with("`postgresql://10.0.0.5:5432/shop`"), "{help}");
    for (env, url) in [
        ("env CELERY_RESULT_BACKEND=\"postgres\"", "`db+postgresql://10.0.0.5:5432/shop`"),
        ("env CELERY_RESULT_BACKEND=\"memcached\"", "`cache+memcached://10.0.0.5:11211/`"),
        ("env CELERY_RESULT_BACKEND=\"amqp\"", "`rpc://`"),
        ("env CELERY_BROKER_URL=\"rabbitmq:5672\"", "`amqp://10.0.0.5:5672//`"),
    ] {
        let (code, _, help) = only(&with(&[worker(env)]));
        assert!(code == "SF0113" && help.contains(url), "{env}: {help}");
        let written = url.trim_matches('`');
        let name = env.split('=').next().unwrap();
        passes(&with(&[worker(&format!("{name}=\"{written}\""))]));
    }
    for env in [
        "env CELERY_RESULT_BACKEND=\"rpc\"",
        "env CELERY_RESULT_BACKEND=\"rpc://\"",
        "env CELERY_RESULT_BACKEND=\"db+sqlite:///results.db\"",
        "env CELERY_RESULT_BACKEND=\"cache+memcached://10.0.0.5:11211/\"",
        "env CELERY_RESULT_BACKEND=\"shop.backends:Own\"",
        "env CELERY_RESULT_BACKEND=\"\"",
        "env STATIC_URL=\"/static/\"",
    ] {
        passes(&with(&[worker(env)]));
    }
}

#[test]
fn in_production_no_service_dials_the_ray_of_another_party() {
    let address = "\"10.0.0.11\"";
    for (env, place) in [
        ("env RAY_ADDRESS=\"10.0.0.11:7001\"", "\"10.0.0.11:7001\""),
        ("env RAY_ADDRESS=\"ray://10.0.0.11:10001\"", "\"ray://10.0.0.11:10001\""),
    ] {
        let (code, places, help) = only(&with(&[worker(env)]));
        assert_eq!((code.as_str(), places), ("SF0306", vec![place.to_owned(), address.to_owned()]));
        assert!(help.contains("{host.address}:{port.ray."), "{help}");
    }
    for command in [
        "\"ray\" \"status\" \"--address=10.0.0.11:7001\"",
        "\"ray\" \"status\" \"--address\" \"10.0.0.11:7001\"",
    ] {
        assert_eq!(only(&with(&[("\"python\" \"w.py\"", command)])).0, "SF0306");
    }
    for word in ["local", "auto"] {
        let env = format!("env RAY_ADDRESS=\"{word}\"");
        let (code, places, _) = only(&with(&[worker(&env)]));
        assert_eq!((code.as_str(), places[1].as_str()), ("SF0306", "\"alice-1\""));
    }
    passes(&with(&[worker("env RAY_ADDRESS=\"10.0.0.10:7001\"")]));
    let simulation = ("topology \"t\"", "topology \"t\" mode=\"simulation\"");
    passes(&with(&[worker("env RAY_ADDRESS=\"10.0.0.11:7001\""), simulation]));
}

#[test]
fn on_one_machine_the_port_tells_whose_ray_is_dialled() {
    let here =
        ("host \"bob-1\" address=\"10.0.0.11\"", "host \"alice-1\"\n    pin \"ray.gcs\" 7001");
    let (code, places, _) = only(&with(&[worker("env RAY_ADDRESS=\"10.0.0.10:7001\""), here]));
    assert_eq!((code.as_str(), places[1].as_str()), ("SF0306", "\"10.0.0.10\""));
    passes(&with(&[worker("env RAY_ADDRESS=\"10.0.0.10:7002\""), here]));
}

#[test]
fn a_service_does_not_start_ray() {
    for command in [
        "\"ray\" \"start\" \"--head\" \"--port=6379\"",
        "\"/opt/venv/bin/ray\" \"start\" \"--address\" \"10.0.0.11:7001\"",
        "\"sh\" \"-c\" \"sleep 1; ray start --head && wait\"",
        "\"python\" \"-m\" \"ray.scripts.scripts\" \"start\" \"--head\"",
    ] {
        let text = with(&[("\"python\" \"w.py\"", command)]);
        let (code, places, _) = only(&text);
        assert_eq!((code.as_str(), places[1].as_str()), ("SF0307", "\"ray\""), "{command}");
        let message = &compile_text(&text).findings[0].message;
        assert!(message.contains("`--metrics-export-port`"), "{message}");
        assert_eq!(message.contains("`--port`"), !command.contains("--port=6379"), "{message}");
    }
    passes(&with(&[("\"python\" \"w.py\"", "\"ray\" \"status\"")]));
    let threads = with(&[
        ("\"python\" \"w.py\"", "\"ray\" \"start\" \"--head\""),
        ("engine=\"ray\"", "engine=\"threads\""),
    ]);
    let done = compile_text(&threads);
    assert!(done.findings.iter().all(|finding| finding.code.0 != "SF0307"), "{}", shown(&done));
}

const THREE: &str = r#"topology "t" mode="simulation"
runtime "secretflow" version="1.13.0b0" engine="ray"
party "alice" { host "a" address="127.0.0.1"; }
party "bob" { host "a"; }
party "carol" { host "a"; }
"#;

/// A job on one machine of three parties, with its SPUs.
fn job(spus: &[&str], parties: &str, protocol: &str) -> String {
    let spu = |(index, parties)| format!("spu \"s{index}\" {{ parties {parties}; }}\n");
    let spus: String = spus.iter().enumerate().map(spu).collect();
    let args = format!("args \"--protocol={protocol}\"");
    let job = format!("job \"psi\" script=\"psi.py\" {{ parties {parties}; {args}; }}\n");
    [THREE, &spus, &job].concat()
}

const AB: &str = "\"alice\" \"bob\"";
const ABC: &str = "\"alice\" \"bob\" \"carol\"";

#[test]
fn a_psi_protocol_has_as_many_parties_as_it_takes() {
    for (spus, parties, protocol, wrong) in [
        (&[ABC][..], ABC, "KKRT_PSI_2PC", ABC),
        (&[ABC], AB, "KKRT_PSI_2PC", ABC),
        (&[AB], AB, "ECDH_PSI_3PC", AB),
        (&[], AB, "ECDH_PSI_3PC", AB),
        (&[], ABC, "PROTOCOL_RR22", ABC),
        (&[AB], ABC, "ECDH_PSI_3PC", AB),
        (&[ABC], AB, "ECDH_PSI_3PC", AB),
        (&[ABC], AB, "DP_PSI_2PC", ABC),
    ] {
        let text = job(spus, parties, protocol);
        let (code, places, help) = only(&text);
        assert_eq!(code, "SF0411", "{text}");
        assert_eq!(places, [format!("\"--protocol={protocol}\""), wrong.to_owned()], "{text}");
        assert!(!help.contains(protocol), "{help}");
    }
    for (spus, parties, protocol) in [
        (&[AB][..], AB, "KKRT_PSI_2PC"),
        (&[AB], ABC, "KKRT_PSI_2PC"),
        (&[ABC, AB], AB, "BC22_PSI_2PC"),
        (&[ABC], ABC, "ECDH_PSI_3PC"),
        (&[ABC], ABC, "ECDH_PSI_NPC"),
        (&[], AB, "PROTOCOL_KKRT"),
        (&[], AB, "MY_KKRT_PSI_2PC_RUNNER"),
    ] {
        passes(&job(spus, parties, protocol));
    }
}

#[test]
fn a_service_that_names_a_psi_protocol_has_an_spu_for_it() {
    let service =
        "party \"bob\" { host \"a\"; service \"w\" { command \"w\"; env PSI=\"KKRT_PSI_2PC\"; }; }";
    let three = THREE.replace("party \"bob\" { host \"a\"; }", service);
    let spu = format!("spu \"s\" {{ parties {ABC}; }}\n");
    let (code, places, _) = only(&(three.clone() + &spu));
    assert_eq!((code.as_str(), places[1].as_str()), ("SF0411", ABC));
    passes(&(three + &spu.replace(ABC, AB)));
}
