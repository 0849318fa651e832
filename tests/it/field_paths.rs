//! Data and keys of real deployments: what a process cannot reach is said at its place, and what the help says to write ends
//! up in what each target reads.

use crate::{
    federation::compile_text,
    fixes::fixed,
    support::{
        field::{codes, file, places},
        mended::{edited, shown},
    },
};

const OUT_OF_REACH: &str = include_str!("../field/results-out-of-reach.kdl");
const KEY: &str = include_str!("../field/key-of-another-account.kdl");
const WORKER: &str = include_str!("../field/worker-with-secrets.kdl");

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
    let job = file(&done, "north/north-1/systemd/sfgen-register-north-job-join@.service");
    assert!(job.contains("\nBindPaths=/mnt/disk2/register:/srv/register\n"), "{job}");
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
        ("deploy \"docker\"", "\"file:///data/in.csv\""),
        ("deploy \"docker\"\n    mount \"/data\"", "\"/data/../srv/in.csv\""),
        (systemd, "\"--in\" \"/data/../root/in.csv\""),
    ] {
        assert_eq!(found(target, args), ["SF0250"], "{target} {args}");
    }
    for (target, args) in [
        (systemd, "\"/data/in.csv\" \"--out\" \"/home/clinic/out.csv\""),
        (systemd, "\"--out=out/result.csv\""),
        (systemd, "\"--url-prefix\" \"/home/flower\""),
        ("deploy \"docker\"", "\"/etc/hosts\" \"/srv/sfgen/data.csv\" \"data/in.csv\""),
        ("deploy \"docker\"", "\"--out\" \"/home/sfgen/out.csv\" \"//x\" \"/\""),
        ("deploy \"docker\"\n    mount \"/data\"", "\"/data/a/../in.csv\" \"file:///data/in.csv\""),
        ("deploy \"process\"", "\"/data/in.csv\" \"--out\" \"/tmp/x.csv\""),
    ] {
        assert_eq!(found(target, args), Vec::<&str>::new(), "{target} {args}");
    }
}

/// The worker under a target, with one mount more.
fn with_mount(deploy: &str, mount: &str) -> String {
    let own = "    mount \"/srv/tasks/out\"";
    edited(&WORKER.replace("DEPLOY", deploy), &[(own, &format!("    {mount}\n{own}"))])
}

#[test]
fn a_mount_that_takes_the_place_of_what_processes_need_is_told_where_it_is_mounted() {
    for (deploy, mount) in [
        ("docker", "mount \"/srv\""),
        ("docker", "mount \"/etc\""),
        ("docker", "mount \"/mnt/x\" as=\"/home/sfgen\""),
        ("docker", "mount \"/mnt/x\" as=\"/srv/sfgen\""),
        ("docker", "mount \"/mnt/x\" as=\"/srv/sfgen/generated\""),
        ("docker", "mount \"/mnt/x\" as=\"/srv/sfgen/generated/bank\""),
        ("docker", "mount \"/mnt/x\" as=\"/usr/local\""),
        ("docker", "mount \"/mnt/x\" as=\"/usr/local/lib\""),
        ("docker", "mount \"/usr/local/lib/python3.10/site-packages\""),
        ("docker", "mount \"/usr/bin\""),
        ("docker", "mount \"/mnt/x\" as=\"/run/sfgen/x\""),
        ("docker", "mount \"/mnt/x\" as=\"/dev/shm\""),
        ("docker", "mount \"/mnt/x\" as=\"/etc/passwd\""),
        ("systemd", "mount \"/mnt/x\" as=\"/opt\""),
        ("systemd", "mount \"/mnt/x\" as=\"/opt/secretflow/generated\""),
        ("systemd", "mount \"/mnt/x\" as=\"/opt/secretflow/venv\""),
        ("systemd", "mount \"/mnt/x\" as=\"/opt/secretflow/venv/lib\""),
        ("systemd", "mount \"/mnt/x\" as=\"/usr/bin\""),
        ("systemd", "mount \"/mnt/x\" as=\"/etc\""),
        ("systemd", "mount \"/mnt/x\" as=\"/run\""),
        ("systemd", "mount \"/mnt/x\" as=\"/run/sfgen-tasks-bank\""),
    ] {
        let done = compile_text(&with_mount(deploy, mount));
        assert_eq!(codes(&done), ["SF0252"], "{deploy} {mount}: {}", shown(&done));
    }
    for (deploy, mount) in [
        ("systemd", "mount \"/opt\""),
        ("systemd", "mount \"/usr/bin\""),
        ("systemd", "mount \"/mnt/x\" as=\"/opt/secretflow/data\""),
        ("systemd", "mount \"/mnt/x\" as=\"/usr/share/models\""),
        ("docker", "mount \"/opt/sfgen-data\""),
        ("docker", "mount \"/mnt/x\" as=\"/srv/sfgen/data\""),
        ("docker", "mount \"/etc/localtime\""),
        ("docker", "mount \"/etc/ssl/certs\""),
        ("docker", "mount \"/usr/local/share/models\""),
        ("docker", "mount \"/dev/shm\""),
    ] {
        let done = compile_text(&with_mount(deploy, mount));
        assert!(codes(&done).is_empty(), "{deploy} {mount}: {}", shown(&done));
    }
}

#[test]
fn what_only_the_image_of_sfgen_needs_may_be_mounted_into_other_images() {
    let text = with_mount("docker", "").replace(
        "service \"redis\" {",
        "service \"redis\" image=\"redis:7-alpine\" {\n        mount \"/srv/lib\" as=\"/usr/local/lib\"",
    );
    let done = compile_text(&text);
    assert!(codes(&done).is_empty(), "{}", shown(&done));
    let text =
        with_mount("docker\" image=\"registry.lan/own:1", "mount \"/x\" as=\"/usr/local/lib\"");
    let done = compile_text(&text);
    assert!(codes(&done).is_empty(), "{}", shown(&done));
}

#[test]
fn the_help_for_a_mount_in_the_way_leads_to_a_path_where_nothing_is() {
    let help = |mount: &str| {
        let done = compile_text(&with_mount("docker", mount));
        done.findings[0].help.clone().unwrap_or_default()
    };
    let tree = help("mount \"/mnt/x\" as=\"/srv/sfgen\"");
    assert_eq!(tree, "show it elsewhere, where nothing else is: `as=\"/data\"`");
    let taken = help("mount \"/a\" as=\"/data\"; mount \"/srv\"");
    assert!(taken.contains("`as=\"/data-2\"`"), "{taken}");
    assert!(taken.contains("one folder in it that is needed, and not `/srv/sfgen`"), "{taken}");
}

#[test]
fn two_mounts_at_one_path_are_told_once() {
    let done = compile_text(&with_mount(
        "docker",
        "mount \"/srv/a\" as=\"/data\"; mount \"/srv/b\" as=\"/data\"",
    ));
    assert_eq!(codes(&done), ["SF0252"], "{}", shown(&done));
    let text = with_mount("docker", "mount \"/srv/a\" as=\"/data\"");
    let host = ("mount \"/srv/tasks/in\"\n", "mount \"/srv/tasks/in\"; mount \"/srv/c\"\n");
    let job = ("parties \"bank\"\n", "parties \"bank\"\n    mount \"/srv/b\" as=\"/srv/c\"\n");
    // A job's gives way to that of the host.
    assert!(codes(&compile_text(&edited(&text, &[host, job]))).is_empty());
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

    assert!(!runbook.contains("Files of the machines"), "nothing has to be there: {runbook}");

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
