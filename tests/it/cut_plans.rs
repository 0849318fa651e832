//! Plans that are killed at any moment, two in a row: the next one always ends well, and leaves nothing behind.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    ops::Range,
    process::Stdio,
    thread,
    time::{Duration, Instant},
};

use crate::support::workspace::Workspace;

/// What a write puts down before it touches a file.
const PENDING: &str = "generated/.manifest.json.next";
/// Parties of the first plan; later ones leave some out and have up to four others.
const PARTIES: usize = 30;

/// Numbers that look random and are the same for a seed.
struct Numbers(u64);

impl Numbers {
    /// `SplitMix64`.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn one_in(&mut self, n: u64) -> bool {
        self.next().is_multiple_of(n)
    }

    fn up_to(&mut self, most: Duration) -> Duration {
        most * u32::try_from(self.next() % 1000).expect("it is below 1000") / 1000
    }
}

/// A topology of these parties, in which each has a job with the next one.
fn topology(ws: &Workspace, parties: &[usize], slots: u64) -> String {
    let mut text = format!("topology \"many\"\n{}\nruntime \"embedded\"\n", ws.ports.node());
    for n in parties {
        let _ = write!(
            text,
            "party \"p{n:02}\" {{\n    host \"p{n:02}-1\" address=\"127.0.0.1\"\n    identity \
             ca=\"pki/p{n:02}/ca.pem\" cert=\"pki/p{n:02}/node.pem\" key=\"keys/p{n:02}/node.key\"\n}}\n"
        );
    }
    for pair in parties.windows(2) {
        let (a, b) = (pair[0], pair[1]);
        let _ = writeln!(
            text,
            "job \"j{a:02}\" kind=\"sum\" slots={slots} {{ parties \"p{a:02}\" \"p{b:02}\"; input \"p{a:02}\" {a}; \
             input \"p{b:02}\" {b}; }}"
        );
    }
    text
}

fn another(ws: &Workspace, numbers: &mut Numbers) -> String {
    let parties: Vec<_> = (0..PARTIES + 4)
        .filter(|n| if *n < PARTIES { !numbers.one_in(10) } else { numbers.one_in(2) })
        .collect();
    topology(ws, &parties, 1 + numbers.next() % 2)
}

/// Starts a plan and kills it at a random moment, in every other case not before it writes.
fn cut(ws: &Workspace, numbers: &mut Numbers, takes: Duration) {
    let mut child = ws
        .command(&["plan"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut within = takes;
    if numbers.one_in(2) {
        let before = fs::metadata(ws.join(PENDING)).and_then(|meta| meta.modified()).ok();
        let is_writing = || {
            let now = fs::metadata(ws.join(PENDING)).and_then(|meta| meta.modified()).ok();
            now.is_some() && now != before
        };
        while !is_writing() && child.try_wait().unwrap().is_none() {
            thread::yield_now();
        }
        within /= 8;
    }
    // The moment is what varies; nothing waits for anything here.
    thread::sleep(numbers.up_to(within));
    let _ = child.kill();
    child.wait().unwrap();
}

fn assert_only_listed_files(ws: &Workspace, seed: u64) {
    let manifest: serde_json::Value =
        serde_json::from_str(&ws.read("generated/manifest.json")).unwrap();
    let mut listed: BTreeSet<String> =
        manifest["files"].as_object().unwrap().keys().cloned().collect();
    listed.insert("manifest.json".to_owned());
    let found: BTreeSet<String> = ws.files("generated").into_iter().map(|(path, _)| path).collect();
    assert_eq!(found, listed, "seed {seed}");
}

fn pairs_of_cut_plans(seeds: Range<u64>) {
    let ws = Workspace::empty();
    let all: Vec<_> = (0..PARTIES + 4).collect();
    ws.write("topology.kdl", &topology(&ws, &all, 1));
    for n in all.clone() {
        ws.run(&["keys", "new", "--party", &format!("p{n:02}")]).success();
    }
    ws.write("topology.kdl", &topology(&ws, &all[..PARTIES], 1));
    let since = Instant::now();
    ws.run(&["plan"]).success();
    let takes = since.elapsed();
    let mut cuts = 0;
    for seed in seeds {
        let mut numbers = Numbers(seed);
        for _ in 0..2 {
            ws.write("topology.kdl", &another(&ws, &mut numbers));
            cut(&ws, &mut numbers, takes);
        }
        cuts += u32::from(ws.join(PENDING).exists());
        if numbers.one_in(2) {
            ws.write("topology.kdl", &another(&ws, &mut numbers));
        }
        let ran = ws.run(&["plan"]);
        assert_eq!(ran.status, 0, "seed {seed}: {}", ran.stderr);
        let ran = ws.run(&["plan", "--check"]);
        assert_eq!(ran.status, 0, "seed {seed}: {}{}", ran.stdout, ran.stderr);
        assert_only_listed_files(&ws, seed);
    }
    assert!(cuts > 0, "no plan was killed while it wrote");
}

#[test]
fn after_two_plans_that_were_killed_the_next_one_ends_well() {
    pairs_of_cut_plans(0..12);
}

#[test]
#[ignore = "takes minutes; .ci/run asks for it"]
fn after_300_pairs_of_plans_that_were_killed_the_next_one_ends_well() {
    pairs_of_cut_plans(1000..1300);
}
