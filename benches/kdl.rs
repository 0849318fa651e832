//! The reader of KDL against the `kdl` crate: `cargo bench --bench kdl` prints the figures of `docs/kdl.md`.

#![expect(clippy::print_stdout, reason = "a program that prints a table")]

use std::{
    fmt::Write as _,
    hint::black_box,
    time::{Duration, Instant},
};

use kdl::KdlDocument;
use sfgen::{
    diag::{Findings, Sources},
    syntax,
};

/// The shortest of several runs.
fn shortest(runs: usize, mut run: impl FnMut()) -> Duration {
    let time = |()| {
        let started = Instant::now();
        run();
        started.elapsed()
    };
    std::iter::repeat_n((), runs).map(time).min().unwrap_or_default()
}

fn ours(text: &str) {
    let mut findings = Findings::default();
    let file = Sources::default().add("t.kdl", text);
    assert!(black_box(syntax::parse(file, "t.kdl", text, &mut findings)).is_some());
}

fn crates(text: &str) {
    assert!(black_box(KdlDocument::parse_v2(text)).is_ok());
}

/// A topology of so many parties, each with a host, an identity, a deployment and two services.
fn parties(count: usize) -> String {
    let mut text = String::from("topology \"bench\" mode=\"production\"\n");
    for n in 0..count {
        write!(
            text,
            "party \"p{n:04}\" {{
    host \"p{n:04}-1\" address=\"10.1.{}.{}\" {{ ray cpus=8 object-store=\"2GiB\"; }}
    identity ca=\"pki/p{n:04}/ca.pem\" cert=\"pki/p{n:04}/node.pem\" key=\"/etc/sfgen/p{n:04}/node.key\"
    deploy \"systemd\" user=\"secretflow\" home=\"/opt/secretflow\"
    service \"redis\" {{
        command \"redis-server\" \"--port\" \"{{port.redis}}\" \"--bind\" \"127.0.0.1\"
        port \"redis\"
        ready tcp=\"redis\"
    }}
    service \"worker\" after=\"redis ray\" {{
        command \"python\" \"src/worker.py\"
        env WORKER_CONCURRENCY=\"2\"
    }}
}}
",
            n / 250,
            n % 250 + 1
        )
        .expect("a string takes what is written to it");
    }
    text
}

/// So many blocks that are left out, each in another.
fn left_out(levels: usize) -> String {
    "a /-{".repeat(levels) + &"}".repeat(levels)
}

fn row(what: &str, text: &str, runs: usize) {
    let (ours, crates) = (shortest(runs, || ours(text)), shortest(runs, || crates(text)));
    let times = crates.as_secs_f64() / ours.as_secs_f64();
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    println!(
        "| {what} | {} bytes | {:.3} ms | {:.3} ms | {times:.0} times |",
        text.len(),
        millis(ours),
        millis(crates)
    );
}

fn main() {
    println!("| what | size | sfgen | `kdl` crate | faster |\n|-|-|-|-|-|");
    for count in [10, 100, 1_000] {
        row(&format!("{count} parties"), &parties(count), 5);
    }
    for levels in [2, 4, 6, 8, 10, 12, 14] {
        row(&format!("{levels} levels of `/-{{`"), &left_out(levels), 3);
    }
}
