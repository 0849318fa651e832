//! The files that hold the party's numbers for sums are there, and hold numbers.

use super::machine::{Machine, Probe};
use crate::{diag::Finding, launch::machine::input_file::read_input};

pub(super) const PROBE: Probe = Probe { name: "inputs of jobs", run };

/// Jobs run on the party's first host alone.
fn run(machine: &Machine<'_>) -> Vec<Finding> {
    if *machine.host != machine.plan.main_host {
        return Vec::new();
    }
    let files = machine.plan.jobs.iter().filter_map(|(job, plan)| {
        let path = machine.path(plan.input_file.as_ref()?);
        read_input(job.as_str(), &path).err()
    });
    files.map(|why| why.finding()).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::tests::Sample, *};
    use crate::fs;

    #[test]
    fn a_number_that_is_not_there_is_told_before_anything_starts() {
        let mut sample = Sample::new();
        for job in ["one", "two"] {
            let plan = serde_json::json!({
                "parties": ["alice"], "slots": 1, "process": null, "input": null,
                "input_file": format!("{job}.number"), "program": "sum",
            });
            sample.plan.jobs.insert(job.parse().unwrap(), serde_json::from_value(plan).unwrap());
        }
        fs::write_new(&sample.path().join("one.number"), b"7\n", 0o600).unwrap();
        assert_eq!(
            sample.messages(&PROBE),
            [format!(
                "SF0884 the input of job `two` cannot be read from `{}`: it is not there",
                sample.path().join("two.number")
            )]
        );
    }
}
