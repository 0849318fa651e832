//! A real private set intersection: the example with CSV files, 100,000 rows a party, on two Ray clusters.

use std::{collections::BTreeMap, fmt::Write as _, fs};

use crate::support::{launcher::assert_nothing_left, workspace::Workspace};

const ROWS: u32 = 100_000;

/// A party's table: a number that says the row, a key, and a column that only this party has.
struct Table {
    /// The values of the rows by key.
    rows: BTreeMap<String, String>,
    column: &'static str,
}

impl Table {
    /// Keys are spread over the numbers below a prime, so that neither table is sorted.
    fn new(column: &'static str, factor: u32, step: u32) -> Self {
        const PRIME: u32 = 1_000_003;
        let rows = (1..=ROWS).map(|row| {
            let key = u64::from(row * step) * u64::from(factor) % u64::from(PRIME);
            (format!("id-{key}"), format!("{column}-{row}"))
        });
        let rows: BTreeMap<_, _> = rows.collect();
        assert_eq!(rows.len(), ROWS as usize, "keys are told apart");
        Self { rows, column }
    }

    fn csv(&self) -> String {
        let mut text = format!("{},id\n", self.column);
        for (key, value) in &self.rows {
            writeln!(text, "{value},{key}").unwrap();
        }
        text
    }

    /// The rows whose keys the other table has too, as they are to be in the result.
    fn common(&self, other: &Self) -> Vec<String> {
        let common = self.rows.iter().filter(|(key, _)| other.rows.contains_key(*key));
        let mut lines: Vec<_> = common.map(|(key, value)| format!("{value},{key}")).collect();
        lines.sort();
        lines
    }
}

/// The rows of a result, sorted, without its head.
fn result(ws: &Workspace, party: &str) -> (String, Vec<String>) {
    let text = ws.read(&format!("data/{party}-common.csv"));
    let mut lines = text.lines().map(|line| line.replace('"', ""));
    let head = lines.next().unwrap_or_default();
    let mut rows: Vec<String> = lines.collect();
    rows.sort();
    (head, rows)
}

#[test]
#[ignore = "installs SecretFlow; .ci/run runs it"]
fn a_real_psi_job_leaves_the_common_rows_in_a_file_on_each_side() {
    let ws = Workspace::example("psi_csv");
    let data = ws.join("data");
    fs::create_dir(&data).unwrap();
    // Both parties are on this machine, and the data where the test may write.
    ws.edit("topology.kdl", |text| {
        text.replace("192.168.1.10", "127.0.0.1")
            .replace("192.168.1.11", "127.0.0.1")
            .replace("/data/psi", data.to_str().unwrap())
    });
    let (alice, bob) = (Table::new("loan", 17, 1), Table::new("salary", 17, 2));
    ws.write("data/alice.csv", &alice.csv());
    let ws = ws.with_keys(&["alice", "bob"]).planned();

    // The launcher looks for the data before it starts anything.
    let both = ["run", "psi", "--all"];
    let early = {
        fs::rename(&data, ws.join("away")).unwrap();
        let early = ws.run(&both).status_is(4);
        fs::rename(ws.join("away"), &data).unwrap();
        early
    };
    assert!(early.stderr.contains("SF0850"), "{}", early.stderr);

    ws.write("data/bob.csv", &bob.csv());
    let ran = ws.run(&both).success();
    let common = alice.common(&bob);
    assert_eq!(common.len(), 50_000, "half of the keys are shared");
    let said = format!("rows {ROWS} common {}", common.len());
    assert!(ran.stdout.lines().any(|line| line.ends_with(&said)), "{}\n{}", ran.stdout, ran.stderr);
    for (party, own, other) in [("alice", &alice, &bob), ("bob", &bob, &alice)] {
        let (head, rows) = result(&ws, party);
        assert_eq!(head, format!("{},id", own.column), "{party}");
        let wanted = own.common(other);
        assert_eq!(rows.len(), wanted.len(), "{party}");
        assert!(rows == wanted, "{party} has other rows than the tables have in common");
    }
    assert_nothing_left(&ws);
}
