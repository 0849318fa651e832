//! Packages beside SecretFlow.

use serde_json::json;
use sfgen::diag::Finding;

use super::{codes, compile, file, finding, help, read_json, topology, with};

#[test]
fn a_program_whose_package_is_not_installed_is_told_at_its_command() {
    let text = topology("celery-in-the-image");
    let done = compile(&text, &[]);
    let found: Vec<_> = done.findings.iter().filter(|finding| finding.code.0 == "SF0964").collect();
    assert_eq!(found.len(), 2);
    let written = |finding: &Finding| {
        let span = finding.labels[0].span;
        done.sources.get(span.file).text[span.start..span.end].to_owned()
    };
    assert_eq!(written(found[0]), r#""celery" "-A" "tasks" "worker" "-c" "2""#);
    assert!(help(found[0]).contains("`packages \"celery==...\"`"), "{}", help(found[0]));

    let listed = with(
        &text,
        "    deploy \"docker\"\n",
        "    deploy \"docker\"\n    packages \"celery==5.4.0\" \"uvicorn==0.30.6\"\n",
    );
    let done = compile(&listed, &[]);
    assert!(codes(&done).is_empty(), "{:?}", codes(&done));
    assert_eq!(file(&done, "mill/packages.txt"), "celery==5.4.0\nuvicorn==0.30.6\n");
    let constraints = file(&done, "mill/constraints.txt");
    assert!(constraints.contains("\nray==2.42.0\n") && !constraints.contains("sha256"));
    let dockerfile = file(&done, "mill/mill-1/docker/Dockerfile");
    let wanted = "COPY requirements.txt constraints.txt packages.txt /opt/sfgen/\n\
        RUN pip install --no-cache-dir --no-deps --require-hashes --only-binary :all: -r /opt/sfgen/requirements.txt\n\
        RUN pip install --no-cache-dir --only-binary :all: -c /opt/sfgen/constraints.txt -r /opt/sfgen/packages.txt\n";
    assert!(dockerfile.contains(wanted), "{dockerfile}");
    // A party's packages are its own affair.
    assert!(!file(&done, "federation.json").contains("celery"));
    let dairy = done.output.as_ref().unwrap().tree.get("dairy/packages.txt");
    assert!(dairy.is_none());
}

#[test]
fn packages_of_all_parties_reach_every_environment_and_the_shared_plan() {
    let text = topology("celery-in-the-image");
    let hash = "0b".repeat(32);
    let list = format!("# ours\nuvicorn==0.30.6 \\\n    --hash=sha256:{hash}\n");
    let shared = with(
        &text,
        "{ python \"3.10\"; }",
        "{ python \"3.10\"; packages \"celery==5.4.0\"; requirements \"web.txt\"; wheels \"/opt/wheels\"; }",
    );
    let shared = with(
        &shared,
        "party \"dairy\" {",
        "party \"dairy\" index-url=\"https://pypi.lan/simple\" {",
    );
    let done = compile(&shared, &[("web.txt", &list)]);
    assert!(codes(&done).is_empty(), "{:?}", codes(&done));
    let packages = &read_json(&done, "federation.json")["runtime"]["packages"];
    assert_eq!(*packages, json!(["celery==5.4.0", "uvicorn==0.30.6"]));
    let hashed = file(&done, "dairy/packages-hashed.txt");
    assert_eq!(hashed, format!("uvicorn==0.30.6 \\\n    --hash=sha256:{hash}\n"));

    let runbook = file(&done, "dairy/RUNBOOK.md");
    let from = "--find-links /opt/wheels --index-url https://pypi.lan/simple";
    for line in [
        format!(
            "--no-deps --require-hashes --only-binary :all: {from} -r /opt/secretflow/requirements.txt"
        ),
        format!(
            "--no-deps --require-hashes --only-binary :all: {from} -r /opt/secretflow/packages-hashed.txt"
        ),
        format!(
            "--only-binary :all: {from} -c /opt/secretflow/constraints.txt -r /opt/secretflow/packages.txt"
        ),
    ] {
        assert!(runbook.contains(&line), "{line}\n{runbook}");
    }
    let dockerfile = file(&done, "mill/mill-1/docker/Dockerfile");
    let mounted = "RUN --mount=type=bind,from=wheels,target=/opt/wheels pip install --no-cache-dir --no-deps \
        --require-hashes --only-binary :all: --no-index --find-links /opt/wheels ";
    assert!(dockerfile.contains(mounted), "{dockerfile}");
    let compose = file(&done, "mill/mill-1/docker/compose.yaml");
    assert!(compose.contains("      additional_contexts:\n        wheels: \"/opt/wheels\"\n"));
}

#[test]
fn packages_that_do_not_fit_are_told() {
    let text = topology("celery-in-the-image");
    let of = |packages: &str| {
        with(&text, "    deploy \"docker\"\n", &format!("    deploy \"docker\"\n{packages}"))
    };
    let done = compile(&of("    packages \"celery\"\n"), &[]);
    let (found, places) = finding(&done, "SF0005");
    assert_eq!(places, [r#""celery""#]);
    assert!(help(found).contains("celery==5.4.0"), "{}", help(found));
    let done = compile(&of("    packages \"NumPy==2.1.0\"\n"), &[]);
    let (found, places) = finding(&done, "SF0962");
    assert_eq!(places, [r#""NumPy==2.1.0""#, r#""1.13.0b0""#]);
    assert!(found.message.contains("`numpy==1.26.4`"), "{}", found.message);
    let done = compile(
        &of("    packages \"redis==5.0.4\"\n    requirements \"more.txt\"\n"),
        &[("more.txt", "redis==5.0.5\n")],
    );
    assert_eq!(finding(&done, "SF0962").1, ["redis==5.0.5", r#""redis==5.0.4""#]);

    let listed = of("    requirements \"more.txt\"\n");
    let of_list = |list: &str| compile(&listed, &[("more.txt", list)]);
    assert_eq!(finding(&compile(&listed, &[]), "SF0961").1, [r#""more.txt""#]);
    assert_eq!(finding(&of_list("-r other.txt\n"), "SF0961").1, ["-r other.txt"]);
    assert_eq!(finding(&of_list("redis\n"), "SF0961").1, ["redis"]);
    let hash = format!("a==1 --hash=sha256:{}", "0c".repeat(32));
    let mixed = format!("{hash}\nb==2\n");
    assert_eq!(finding(&of_list(&mixed), "SF0961").1, ["b==2", hash.as_str()]);
    let done = compile(
        &with(
            &text,
            "party \"dairy\" {",
            "party \"dairy\" index-url=\"https://me:pw@pypi.lan/\" {",
        ),
        &[],
    );
    assert!(finding(&done, "SF0005").0.message.contains("committed"));
}

#[test]
fn the_example_of_the_page_about_software_compiles() {
    let page = include_str!("../../../docs/software.md");
    let (_, rest) = page.split_once("```kdl\n").expect("an example");
    let (example, _) = rest.split_once("```").expect("its end");
    let text = format!("topology \"t\" mode=\"production\"\n{example}");
    let done = compile(&text, &[("alice-packages.txt", "flower==2.0.1\n")]);
    assert!(codes(&done).is_empty(), "{:?}", codes(&done));
    assert_eq!(
        file(&done, "alice/packages.txt"),
        "pandas==1.5.3\ncelery==5.4.0\nredis==5.0.4\nflower==2.0.1\n"
    );
    assert_eq!(file(&done, "bob/packages.txt"), "pandas==1.5.3\n");
}
