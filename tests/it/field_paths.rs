//! Data, secrets and keys of real deployments: what a process cannot reach is said at its place, and what the help says
//! to write ends up in what each target reads.

use std::collections::BTreeMap;

use serde_json::Value;
use sfgen::{
    compile::Compilation,
    plan::{PartyPlan, Process, located},
};

use crate::{
    federation::compile_text,
    fixes::fixed,
    support::mended::{edited, shown},
};

const OUT_OF_REACH: &str = include_str!("../field/results-out-of-reach.kdl");
const KEY: &str = include_str!("../field/key-of-another-account.kdl");
const PASSWORD: &str = include_str!("../field/password-in-the-repository.kdl");
const WORKER: &str = include_str!("../field/worker-with-secrets.kdl");

#[track_caller]
fn codes(done: &Compilation) -> Vec<&'static str> {
    done.findings.iter().map(|finding| finding.code.0).collect()
}

/// A file of the tree of a topology without errors.
#[track_caller]
fn file(done: &Compilation, path: &str) -> String {
    let output = done.output.as_ref().unwrap_or_else(|| panic!("{}", shown(done)));
    let file = output.tree.get(path).unwrap_or_else(|| panic!("there is no {path}"));
    String::from_utf8(file.bytes.to_vec()).unwrap()
}

/// The labelled texts of a finding, in their order.
fn places(text: &str, done: &Compilation, index: usize) -> Vec<String> {
    let labels = done.findings[index].labels.iter();
    labels.map(|label| text[label.span.start..label.span.end].to_owned()).collect()
}

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
fn paths_that_a_job_cannot_use_are_one_finding_at_their_places_and_its_fix_mounts_their_folder() {
    let done = compile_text(OUT_OF_REACH);
    assert_eq!(codes(&done), ["SF0250"], "{}", shown(&done));
    let finding = &done.findings[0];
    let said = "job `join` cannot reach `/srv/register/patients.csv` and `/srv/register/common.csv` at north, south";
    assert_eq!(finding.message, said);
    let places = places(OUT_OF_REACH, &done, 0);
    assert_eq!(places[..2], ["\"/srv/register/patients.csv\"", "\"/srv/register/common.csv\""]);
    assert!(places[2].starts_with("deploy") && places[3].starts_with("deploy"), "{places:?}");
    let help = "mount \"/srv/register\" access=\"write\"";
    assert!(finding.help.as_deref().unwrap_or_default().contains(help), "{}", shown(&done));

    let fixed = fixed(&done, finding);
    let [(_, text)] = fixed.as_slice() else { panic!("one fix: {fixed:?}") };
    let done = compile_text(text);
    assert!(codes(&done).is_empty(), "{}", shown(&done));
    let ray = file(&done, "north/north-1/systemd/sfgen-register-north-ray.service");
    assert!(ray.contains("\nReadWritePaths=/srv/register\n"), "{ray}");
    let compose = file(&done, "south/south-1/docker/compose.yaml");
    let bind = "source: \"/srv/register\"\n        target: \"/srv/register\"\n        bind:\n";
    assert!(compose.contains(bind), "{compose}");
    // How data lies on a party's machines is its own affair.
    let shared = file(&done, "federation.json");
    assert!(!shared.contains("mount"), "{shared}");
    for (party, test) in [
        ("north", "sudo runuser -u clinic -- test -w /srv/register\n"),
        (
            "south",
            "sudo setpriv --reuid=10001 --regid=10001 --clear-groups test -w /srv/register\n",
        ),
    ] {
        let runbook = file(&done, &format!("{party}/RUNBOOK.md"));
        assert!(runbook.contains(test), "{runbook}");
    }
}

#[test]
fn data_that_lies_elsewhere_at_one_party_is_seen_there_where_the_job_looks_for_it() {
    let mount = "    mount \"/srv/register\" access=\"write\"\n    args";
    let text = edited(OUT_OF_REACH, &[("    args", mount)]);
    let own = "deploy \"docker\"\n    mount \"/mnt/disk2/register\" access=\"write\" as=\"/srv/register\"";
    let done = compile_text(&edited(&text, &[("deploy \"docker\"", own)]));
    assert!(codes(&done).is_empty(), "{}", shown(&done));
    let compose = file(&done, "south/south-1/docker/compose.yaml");
    assert!(
        compose.contains("source: \"/mnt/disk2/register\"\n        target: \"/srv/register\"\n")
    );
    assert!(!compose.contains("source: \"/srv/register\""), "{compose}");
    // Units and the job's own one bind it there too.
    let own =
        "user=\"clinic\"\n    mount \"/mnt/disk2/register\" access=\"write\" as=\"/srv/register\"";
    let done = compile_text(&edited(&text, &[("user=\"clinic\"", own)]));
    assert!(codes(&done).is_empty(), "{}", shown(&done));
    let ray = file(&done, "north/north-1/systemd/sfgen-register-north-ray.service");
    assert!(ray.contains("\nBindPaths=/mnt/disk2/register:/srv/register\n"), "{ray}");
    let runbook = file(&done, "north/RUNBOOK.md");
    assert!(runbook.contains(" -p BindPaths=/mnt/disk2/register:/srv/register "), "{runbook}");
}

#[test]
fn a_result_in_a_folder_that_is_mounted_to_be_read_is_told_with_the_mount_and_the_word_to_write() {
    let own = "deploy \"docker\"\n    mount \"/srv/register\" access=\"read\"";
    let mounted = edited(OUT_OF_REACH, &[("deploy \"docker\"", own)]);
    let mounted = edited(
        &mounted,
        &[("user=\"clinic\"", "user=\"clinic\"\n    mount \"/srv/register\" access=\"write\"")],
    );
    let done = compile_text(&mounted);
    assert_eq!(codes(&done), ["SF0250"], "{}", shown(&done));
    let places = places(&mounted, &done, 0);
    assert_eq!(places[..2], ["\"/srv/register/common.csv\"", "\"/srv/register\""], "{places:?}");
    let fixed = fixed(&done, &done.findings[0]);
    let [(_, text)] = fixed.as_slice() else { panic!("one fix: {fixed:?}") };
    assert!(codes(&compile_text(text)).is_empty(), "{text}");
    // A relative path is in the folder of the topology, which containers only read.
    let relative = edited(text, &[("\"/srv/register/common.csv\"", "\"out/common.csv\"")]);
    let done = compile_text(&relative);
    assert_eq!(codes(&done), ["SF0250"], "{}", shown(&done));
    assert_eq!(done.findings[0].message, "job `join` cannot write `out/common.csv` at south");
}

#[test]
fn other_paths_out_of_reach_are_found_too_and_those_within_reach_are_left_alone() {
    let found = |target: &str, args: &str| {
        let text = edited(
            OUT_OF_REACH,
            &[
                ("deploy \"docker\"", ""),
                ("deploy \"systemd\" user=\"clinic\"", target),
                (
                    "\"--input\" \"/srv/register/patients.csv\" \"--output\" \"/srv/register/common.csv\"",
                    args,
                ),
            ],
        );
        let done = compile_text(&text);
        let mut codes = codes(&done);
        codes.retain(|code| *code != "SF1006");
        codes
    };
    let systemd = "deploy \"systemd\" user=\"clinic\" home=\"/home/clinic\"";
    for (target, args) in [
        (systemd, "\"/home/ops/in.csv\""),
        (systemd, "\"--in=/root/in.csv\""),
        (systemd, "\"/tmp/in.csv\""),
        (systemd, "\"-o\" \"/var/lib/out.csv\""),
        ("deploy \"docker\"", "\"/data/in.csv\""),
        ("deploy \"docker\"", "\"--model\" \"/opt/models\""),
        ("deploy \"docker\"", "\"/tmp/in.csv\""),
        ("deploy \"docker\"", "\"--in\" \"/data/{party}.csv\""),
        ("deploy \"docker\"", "\"--out=out/result.csv\""),
    ] {
        assert_eq!(found(target, args), ["SF0250"], "{target} {args}");
    }
    for (target, args) in [
        (systemd, "\"/data/in.csv\" \"--out\" \"/home/clinic/out.csv\""),
        (systemd, "\"--out=out/result.csv\" \"--in\" \"{home}/in.csv\""),
        (systemd, "\"--url-prefix\" \"/home/flower\""),
        ("deploy \"docker\"", "\"/etc/hosts\" \"/srv/sfgen/data.csv\" \"data/in.csv\""),
        ("deploy \"docker\"", "\"--out\" \"/home/sfgen/out.csv\" \"//x\" \"/\""),
        ("deploy \"process\"", "\"/data/in.csv\" \"--out\" \"/tmp/x.csv\""),
    ] {
        assert_eq!(found(target, args), Vec::<&str>::new(), "{target} {args}");
    }
}

#[test]
fn an_account_of_units_has_a_copy_of_the_key_or_is_let_at_it_and_the_runbook_says_so() {
    let done = compile_text(KEY);
    assert!(codes(&done).is_empty(), "{}", shown(&done));
    let runbook = file(&done, "lender/RUNBOOK.md");
    let copy = "sudo install -D -m 0600 -o sfrun -g sfrun keys/lender/node.key /opt/sfrun/keys/lender/node.key\n";
    assert!(runbook.contains(copy), "{runbook}");
    assert!(runbook.contains("The checkout may lie anywhere"), "{runbook}");
    assert!(runbook.contains("sudo rm /opt/sfrun/keys/lender/node.key\n"), "{runbook}");
    // Containers read the checkout itself, in folders that `keys new` closes to others.
    let runbook = file(&done, "insurer/RUNBOOK.md");
    let folders = "sudo setfacl -m u:10001:x keys keys/insurer\n";
    let let_in = format!("{folders}sudo setfacl -m u:10001:r keys/insurer/node.key\n");
    assert!(runbook.contains(&let_in), "{runbook}");

    let elsewhere = KEY.replace("keys/lender/node.key", "/etc/sfgen/lender/node.key");
    let runbook = file(&compile_text(&elsewhere), "lender/RUNBOOK.md");
    let folders = "sudo setfacl -m u:sfrun:x /etc/sfgen /etc/sfgen/lender\n";
    let let_in = format!("{folders}sudo setfacl -m u:sfrun:r /etc/sfgen/lender/node.key\n");
    assert!(runbook.contains(&let_in) && runbook.contains("stays where it is"), "{runbook}");
    // A key in somebody's home is hidden from units unless it is shown to them.
    let hidden = KEY.replace("keys/lender/node.key", "/home/ops/node.key");
    let ray =
        file(&compile_text(&hidden), "lender/lender-1/systemd/sfgen-lending-lender-ray.service");
    assert!(ray.contains("ProtectHome=tmpfs\nBindReadOnlyPaths=/home/ops/node.key\n"), "{ray}");
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
    let runbook = file(&compile_text(KEY), "lender/RUNBOOK.md");
    assert!(!runbook.contains("Files of the machines"), "{runbook}");
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
