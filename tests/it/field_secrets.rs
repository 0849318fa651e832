//! Secrets of real deployments: one that is written out is told, and one that is named by its path arrives at what each
//! target starts.

use std::collections::BTreeMap;

use serde_json::Value;
use sfgen::{
    compile::Compilation,
    plan::{PartyPlan, Process, located},
};

use crate::{
    federation::compile_text,
    fixes::fixed,
    support::{
        field::{codes, file, places},
        mended::shown,
    },
};

const PASSWORD: &str = include_str!("../field/password-in-the-repository.kdl");
const WORKER: &str = include_str!("../field/worker-with-secrets.kdl");

fn worker(target: &str) -> Compilation {
    let done = compile_text(&WORKER.replace("DEPLOY", target));
    assert!(codes(&done).is_empty(), "{}", shown(&done));
    done
}

fn plan(done: &Compilation) -> PartyPlan {
    serde_json::from_str(&file(done, "bank/plan.json")).unwrap()
}

fn process<'a>(plan: &'a PartyPlan, name: &str) -> &'a Process {
    let mut processes = plan.main().processes.iter();
    processes.find(|process| process.name.to_string() == name).unwrap()
}

#[test]
fn a_password_that_is_written_out_is_told_wherever_it_stands_without_being_quoted() {
    let done = compile_text(PASSWORD);
    assert_eq!(codes(&done), ["SF0550"; 3], "{}", shown(&done));
    let places: Vec<_> = (0..3).map(|index| places(PASSWORD, &done, index)[0].clone()).collect();
    assert_eq!(places[0], "\"Sommer2024\"");
    assert!(places[1].starts_with("\"--broker=redis://:") && places[2] == "\"Sommer2024\"");
    for finding in &done.findings {
        let help = finding.help.as_deref().unwrap_or_default();
        assert!(!finding.message.contains("Sommer") && !help.contains("Sommer"), "{help}");
    }
    assert!(!shown(&done).contains("Sommer"), "{}", shown(&done));
    let job =
        "job \"join\" script=\"j.py\" { parties \"bank\"; args \"--db-token\" \"0a1b2c3d\"; }";
    let done = compile_text(&format!("{}\n{job}\n", WORKER.replace("DEPLOY", "process")));
    assert_eq!(codes(&done), ["SF0550"], "{}", shown(&done));
}

/// A Redis whose command and variables are these, in a party with a secret `redis`.
fn given(image: &str, node: &str) -> Compilation {
    let text = WORKER.replace("DEPLOY", "process");
    let own = "command \"redis-server\" \"{secret.redis}\" \"--port\" \"{port.redis}\"";
    compile_text(&text.replace(own, &format!("command \"{image}\" {node}")))
}

#[test]
fn a_password_in_an_index_is_told_once_with_where_pip_reads_it() {
    let text = "topology \"t\" mode=\"simulation\"\n\
        runtime \"secretflow\" version=\"1.13.0b0\" engine=\"ray\" index-url=\"https://u:hunter2@pypi.lan/simple\"\n\
        party \"alice\" { host \"a\" address=\"127.0.0.1\"; }\n";
    let done = compile_text(text);
    assert_eq!(codes(&done), ["SF0005"], "{}", shown(&done));
    assert!(done.findings[0].message.contains("~/.netrc"), "{}", done.findings[0].message);
}

#[test]
fn the_help_for_a_secret_behind_a_flag_names_what_the_program_reads_a_file_by() {
    for (program, node, help) in [
        ("e", "\"--requirepass\" \"hunter2hunter2\"", "a file of settings"),
        ("redis-cli", "\"-a\" \"hunter2hunter2\"", "set `REDISCLI_AUTH` in a file"),
        ("mysql", "\"-phunter2hunter2\"", "--defaults-extra-file={secret.password}"),
        ("curl", "\"-u\" \"me:hunter2hunter2\"", "\"--netrc-file\" \"{secret.password}\""),
        ("e", "\"--basic-auth=u:hunter2\"", "set a variable that the program reads"),
        ("e", "; env PGPASSWORD=\"hunter2-XyZ9\"", "set `PGPASSWORD` in a file"),
        ("e", "; env REDISCLI_AUTH=\"hunter2-XyZ9\"", "set `REDISCLI_AUTH` in a file"),
        ("e", "; env SSH_KEY=\"hunter2-XyZ9\"", "set `SSH_KEY` in a file"),
        ("e", "; env HDR=\"Authorization: Bearer eyJhbGciOi\"", "set `HDR` in a file"),
    ] {
        let done = given(program, node);
        assert_eq!(codes(&done), ["SF0550"], "{node}: {}", shown(&done));
        let said = done.findings[0].help.as_deref().unwrap_or_default();
        assert!(said.contains(help) && said.contains("take a new one"), "{said}");
        assert!(!said.contains("hunter2") && !said.contains("the path `{secret."), "{said}");
    }
}

#[test]
fn the_path_of_a_secret_where_a_program_takes_the_secret_itself_is_told() {
    for (program, node, help) in [
        (
            "redis-server",
            "\"--requirepass\" \"{secret.redis}\"",
            "`\"{secret.redis}\"` as its first argument",
        ),
        ("redis-cli", "\"-a\" \"{secret.redis}\"", "`REDISCLI_AUTH`"),
        ("e", "\"--url\" \"redis://:{secret.redis}@127.0.0.1:{port.redis}\"", "`env-file"),
        ("e", "; env DB_PASSWORD=\"{secret.redis}\"", "set `DB_PASSWORD` in a file"),
    ] {
        let done = given(program, node);
        assert_eq!(codes(&done), ["SF0551"], "{node}: {}", shown(&done));
        let said = done.findings[0].help.as_deref().unwrap_or_default();
        assert!(said.contains(help), "{said}");
    }
    for node in [
        "\"--password-file\" \"{secret.redis}\"",
        "; env DB_PASSWORD_FILE=\"{secret.redis}\"",
        "\"-c\" \"redis-server --requirepass \\\"$(cat {secret.redis})\\\"\"",
    ] {
        let done = given("sh", node);
        assert!(codes(&done).is_empty(), "{node}: {}", shown(&done));
    }
}

#[test]
fn a_placeholder_for_a_secret_that_nobody_declares_is_told_with_the_one_that_is_meant() {
    let text = WORKER.replace("DEPLOY", "docker").replacen("{secret.redis}", "{secret.redsi}", 1);
    let done = compile_text(&text);
    assert_eq!(codes(&done), ["SF0108"], "{}", shown(&done));
    let [(label, mended)] = &fixed(&done, &done.findings[0])[..] else { panic!("one fix") };
    assert_eq!(label, "write `{secret.redis}`");
    assert!(codes(&compile_text(mended)).is_empty());
    // What is declared for one service is no secret of another.
    let text = WORKER.replace("DEPLOY", "docker").replacen("{secret.redis}", "{secret.tasks}", 1);
    assert_eq!(codes(&compile_text(&text)), ["SF0108"]);
}

#[test]
fn under_process_secrets_are_read_where_they_lie_and_variables_by_the_launcher() {
    let plan = plan(&worker("process"));
    let redis = process(&plan, "redis");
    let command: Vec<_> =
        redis.command.iter().map(|word| located(word, &BTreeMap::default())).collect();
    assert_eq!(command[1], "/etc/sfgen/redis.conf");
    let worker = process(&plan, "worker");
    let key = located(&worker.env["TASK_KEY_FILE"], &BTreeMap::default());
    assert_eq!(key, "/etc/sfgen/tasks.key");
    let files: Vec<_> = worker.env_files.iter().map(ToString::to_string).collect();
    assert_eq!(files, ["/etc/sfgen/worker.env"]);
    let report = plan.jobs.values().next().unwrap().process.as_ref().unwrap();
    assert_eq!(
        located(report.command.last().unwrap(), &BTreeMap::default()),
        "/etc/sfgen/redis.conf"
    );
}

#[test]
fn the_runbook_lists_what_must_be_on_the_machine_and_for_whom() {
    let runbook = file(&worker("process"), "bank/RUNBOOK.md");
    for row in [
        "| bank-1 | /etc/sfgen/redis.conf | a secret | job:report, redis |",
        "| bank-1 | /etc/sfgen/worker.env | variables | worker |",
        "| bank-1 | /srv/tasks/in | data, to be read | job:report, redis, worker |",
        "| bank-1 | /var/lib/tasks/redis | data, to be written | redis |",
    ] {
        assert!(runbook.contains(row), "{row}\n{runbook}");
    }
}

#[test]
fn units_get_secrets_as_credentials_and_data_as_paths() {
    let done = worker("systemd");
    let unit =
        |name: &str| file(&done, &format!("bank/bank-1/systemd/sfgen-tasks-bank-{name}.service"));
    let redis = unit("redis");
    for line in [
        "LoadCredential=redis:/etc/sfgen/redis.conf",
        "ExecStart=\"/usr/bin/env\" \"redis-server\" \"/run/credentials/sfgen-tasks-bank-redis.service/redis\" ",
        "ReadWritePaths=/srv/tasks/out",
        "ReadWritePaths=/var/lib/tasks/redis",
        "ReadOnlyPaths=/srv/tasks/in",
    ] {
        assert!(redis.contains(&format!("\n{line}")), "{line}\n{redis}");
    }
    let worker = unit("worker");
    let host_file =
        "EnvironmentFile=/etc/sfgen/worker.env\nEnvironmentFile=/etc/sfgen/tasks/bank.env\n";
    assert!(worker.contains(host_file), "{worker}");
    // What the plan sets wins over the files, which `Environment=` would not.
    assert!(
        worker.contains("\"TASK_KEY_FILE=/run/credentials/sfgen-tasks-bank-worker.service/tasks\"")
    );
    assert!(!worker.contains("Environment=\"TASK_KEY_FILE"), "{worker}");
    assert!(worker.contains("LoadCredential=tasks:/etc/sfgen/tasks.key\n"), "{worker}");
    assert!(!worker.contains("LoadCredential=redis"), "it reads no such secret: {worker}");
    // A job's secret is the file itself, and its account is let at it.
    let runbook = file(&done, "bank/RUNBOOK.md");
    assert!(
        runbook.contains("sudo setfacl -m u:secretflow:r /etc/sfgen/redis.conf\n"),
        "{runbook}"
    );
    assert!(runbook.contains("--key /etc/sfgen/redis.conf\n"), "{runbook}");
}

#[test]
fn a_compose_file_has_secrets_mounts_and_files_with_variables() {
    let done = worker("docker");
    let compose = file(&done, "bank/bank-1/docker/compose.yaml");
    for part in [
        "    secrets:\n      - source: \"redis.redis\"\n        target: \"redis\"\n",
        "\nsecrets:\n  \"redis.redis\":\n    file: \"/etc/sfgen/redis.conf\"\n",
        "  \"worker.tasks\":\n    file: \"/etc/sfgen/tasks.key\"\n",
        "      - \"/run/secrets/redis\"\n",
        "\"TASK_KEY_FILE\": \"/run/secrets/tasks\"\n",
        "    env_file: [\"/etc/sfgen/worker.env\", \"../bank.env\"]\n",
        "        source: \"/srv/tasks/in\"\n        target: \"/srv/tasks/in\"\n        read_only: true\n",
    ] {
        assert!(compose.contains(part), "{part}\n{compose}");
    }
}

#[test]
#[ignore = "needs docker compose; .ci/run installs it"]
fn compose_reads_the_secrets_and_mounts_as_they_were_planned() {
    let done = worker("docker");
    let folder = tempfile::tempdir().unwrap();
    let compose = file(&done, "bank/bank-1/docker/compose.yaml");
    // The client reads such files; those of a test are elsewhere.
    let env_file = folder.path().join("worker.env");
    std::fs::write(&env_file, "BROKER_PASSWORD='hush $x #1'\nTASK_KEY_FILE=other\n").unwrap();
    let compose = compose.replace("/etc/sfgen/worker.env", env_file.to_str().unwrap());
    let place = folder.path().join("generated/bank/bank-1/docker");
    std::fs::create_dir_all(&place).unwrap();
    std::fs::write(place.join("compose.yaml"), compose).unwrap();
    std::fs::write(place.join("../bank.env"), file(&done, "bank/bank-1/bank.env")).unwrap();
    let output = std::process::Command::new("docker-compose")
        .arg("-f")
        .arg(place.join("compose.yaml"))
        .args(["config", "--format", "json"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(read["secrets"]["redis.redis"]["file"], "/etc/sfgen/redis.conf");
    let worker = &read["services"]["worker"];
    let secret = &worker["secrets"][0];
    assert_eq!((&secret["source"], &secret["target"]), (&"worker.tasks".into(), &"tasks".into()));
    let environment = &worker["environment"];
    // Compose writes `$$` for `$`.
    assert_eq!(environment["BROKER_PASSWORD"], "hush $$x #1");
    assert_eq!(environment["TASK_KEY_FILE"], "/run/secrets/tasks", "the plan wins");
    let volumes = read["services"]["redis"]["volumes"].as_array().unwrap();
    let mount = |path: &str| volumes.iter().find(|volume| volume["source"] == path).unwrap();
    assert_eq!(mount("/srv/tasks/in")["read_only"], true);
    let out = mount("/srv/tasks/out");
    assert_eq!((&out["target"], &out["read_only"]), (&"/srv/tasks/out".into(), &Value::Null));
}
