//! What must be the same at all parties, and the sentences for what is not.

use std::{collections::BTreeSet, time::Duration};

use miette::Diagnostic;
use thiserror::Error;

use super::snapshot::Facts;
use crate::types::{Digest, JobName, PartyName};

/// How far two clocks may lie apart: certificates and logs of both sides still make sense.
pub const CLOCK_TOLERANCE: Duration = Duration::from_secs(30);

/// What two parties do not agree on. The parties come in the order of their names, so both sides say the same.
#[derive(Clone, Debug, PartialEq, Eq, Error, Diagnostic)]
pub enum Difference {
    /// Other trees.
    #[error("{} runs plan {}..., {} runs plan {}...", .0.first, .0.first_has, .0.second, .0.second_has)]
    #[diagnostic(
        code(SF0820),
        help("both pull the same commit of the tree; `sfgen plan --check` tells whose is stale")
    )]
    Plan(Sides),
    /// Other topologies.
    #[error("{} launches topology `{}`, {} launches topology `{}`", .0.first, .0.first_has, .0.second, .0.second_has)]
    #[diagnostic(
        code(SF0821),
        help("one of them started in the wrong folder, or dials an address of another deployment")
    )]
    Topology(Sides),
    /// Other releases of sfgen.
    #[error("{} runs sfgen {}, {} runs sfgen {}", .0.first, .0.first_has, .0.second, .0.second_has)]
    #[diagnostic(code(SF0822), help("install the same release of sfgen at both parties"))]
    Sfgen(Sides),
    /// Other releases of the runtime's parts.
    #[error("{} runs {package} {}, {} runs {package} {}", .sides.first, .sides.first_has, .sides.second, .sides.second_has)]
    #[diagnostic(
        code(SF0823),
        help(
            "install what `requirements.txt` of the tree pins, in the environment of the launcher"
        )
    )]
    Runtime {
        /// `python`, `secretflow`, `ray` or `spu`.
        package: String,
        /// The releases.
        sides: Sides,
    },
    /// Other engines.
    #[error("{} runs engine {}, {} runs engine {}", .0.first, .0.first_has, .0.second, .0.second_has)]
    #[diagnostic(code(SF0824), help("`engine` of the `runtime` node is one for all parties"))]
    Engine(Sides),
    /// Clocks apart.
    #[error("the clock of {ahead} is {apart} s ahead of that of {behind}")]
    #[diagnostic(code(SF0825), help("set both by NTP (`timedatectl`); up to 30 s are accepted"))]
    Clocks {
        /// Whose clock shows more.
        ahead: PartyName,
        /// Whose clock shows less.
        behind: PartyName,
        /// By how many seconds.
        apart: u64,
    },
    /// Other scripts of a job.
    #[error("job `{job}`: {} has script {}, {} has script {}", .sides.first, .sides.first_has, .sides.second, .sides.second_has)]
    #[diagnostic(code(SF0826), help("all parties run the same script; commit it and let all pull"))]
    Script {
        /// The job.
        job: JobName,
        /// First digits of the scripts' digests.
        sides: Sides,
    },
}

impl Difference {
    /// Whether it is one of clocks, which matters before a run begins and no more after that.
    #[must_use]
    pub fn is_of_clocks(&self) -> bool {
        matches!(self, Self::Clocks { .. })
    }
}

/// All differences in one line.
#[must_use]
pub fn sentences(differences: &[Difference]) -> String {
    differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Two parties in the order of their names, with what each has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sides {
    /// The party whose name comes first.
    pub first: PartyName,
    /// What it has.
    pub first_has: String,
    /// The other party.
    pub second: PartyName,
    /// What the other party has.
    pub second_has: String,
}

impl Sides {
    fn new(me: &PartyName, mine: &str, peer: &PartyName, theirs: &str) -> Self {
        let mut sides = [(me.clone(), mine.to_owned()), (peer.clone(), theirs.to_owned())];
        sides.sort();
        let [(first, first_has), (second, second_has)] = sides;
        Self { first, first_has, second, second_has }
    }
}

/// Everything that two parties do not agree on. `mine.clock` must be the moment at which `theirs` arrived.
#[must_use]
pub fn compare(mine: &Facts, theirs: &Facts, me: &PartyName, peer: &PartyName) -> Vec<Difference> {
    let sides = |ours: &str, others: &str| Sides::new(me, ours, peer, others);
    let mut found = Vec::new();
    if mine.topology != theirs.topology {
        // All else differs then, too, and would only distract from the cause.
        let sides = sides(mine.topology.as_str(), theirs.topology.as_str());
        return vec![Difference::Topology(sides)];
    }
    if mine.plan != theirs.plan {
        found.push(Difference::Plan(sides(&mine.plan.short(), &theirs.plan.short())));
    }
    if mine.sfgen != theirs.sfgen {
        found.push(Difference::Sfgen(sides(&mine.sfgen, &theirs.sfgen)));
    }
    if mine.engine != theirs.engine {
        let [ours, others] =
            [mine, theirs].map(|facts| facts.engine.as_deref().unwrap_or("(none)"));
        found.push(Difference::Engine(sides(ours, others)));
    }
    let packages: BTreeSet<&String> = mine.runtime.keys().chain(theirs.runtime.keys()).collect();
    for package in packages {
        let [ours, others] =
            [mine, theirs].map(|facts| facts.runtime.get(package).map_or("(none)", String::as_str));
        if ours != others {
            let sides = sides(ours, others);
            found.push(Difference::Runtime { package: package.clone(), sides });
        }
    }
    let apart = Duration::from_millis(mine.clock.abs_diff(theirs.clock));
    if apart > CLOCK_TOLERANCE {
        let (ahead, behind) = if mine.clock > theirs.clock { (me, peer) } else { (peer, me) };
        let (ahead, behind) = (ahead.clone(), behind.clone());
        found.push(Difference::Clocks { ahead, behind, apart: apart.as_secs() });
    }
    found
}

/// Whether two parties are about to run different scripts as one job.
#[must_use]
pub fn compare_scripts(
    job: &JobName,
    (me, mine): (&PartyName, Option<Digest>),
    (peer, theirs): (&PartyName, Option<Digest>),
) -> Option<Difference> {
    let shown = |digest: Option<Digest>| {
        digest.map_or_else(|| "(none)".to_owned(), |digest| format!("{}...", digest.short()))
    };
    (mine != theirs).then(|| Difference::Script {
        job: job.clone(),
        sides: Sides::new(me, &shown(mine), peer, &shown(theirs)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::launch::peers::rendezvous::tests::snapshot;

    fn differences(change: impl Fn(&mut Facts)) -> Vec<String> {
        let (me, peer) = ("bob".parse().unwrap(), "alice".parse().unwrap());
        let mine = snapshot(1).facts;
        let mut theirs = mine.clone();
        change(&mut theirs);
        let here = compare(&mine, &theirs, &me, &peer);
        assert_eq!(here, compare(&theirs, &mine, &peer, &me), "both sides say the same");
        here.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn equal_facts_make_no_difference() {
        assert!(differences(|_| {}).is_empty());
        assert!(differences(|facts| facts.clock += 30_000).is_empty());
    }

    #[test]
    fn a_difference_names_both_parties_and_both_values() {
        let [mine, theirs] = [&b"plan"[..], b"other"].map(|text| Digest::of(text).short());
        assert_eq!(
            differences(|facts| facts.plan = Digest::of(b"other")),
            [format!("alice runs plan {theirs}..., bob runs plan {mine}...")]
        );
        assert_eq!(
            differences(|facts| {
                facts.sfgen = "0.2.0".into();
                facts.engine = None;
                facts.runtime.insert("ray".into(), "2.43.0".into());
                facts.runtime.remove("python");
                facts.clock += 42_500;
            }),
            [
                "alice runs sfgen 0.2.0, bob runs sfgen 0.1.0",
                "alice runs engine (none), bob runs engine ray",
                "alice runs python (none), bob runs python 3.10.13",
                "alice runs ray 2.43.0, bob runs ray 2.42.0",
                "the clock of alice is 42 s ahead of that of bob",
            ]
        );
    }

    #[test]
    fn another_topology_hides_all_that_follows_from_it() {
        let found = differences(|facts| {
            facts.topology = "ads".parse().unwrap();
            facts.plan = Digest::of(b"other");
        });
        assert_eq!(found, ["alice launches topology `ads`, bob launches topology `credit-risk`"]);
    }

    #[test]
    fn scripts_are_compared_by_digest() {
        let (job, alice, bob) =
            ("psi".parse().unwrap(), "alice".parse().unwrap(), "bob".parse().unwrap());
        let script = Some(Digest::of(b"script"));
        assert_eq!(compare_scripts(&job, (&alice, script), (&bob, script)), None);
        let found = compare_scripts(&job, (&bob, None), (&alice, script)).unwrap();
        let short = Digest::of(b"script").short();
        assert_eq!(
            found.to_string(),
            format!("job `psi`: alice has script {short}..., bob has script (none)")
        );
    }
}
