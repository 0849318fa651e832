//! No job script, and no file beside one, takes the place of a module that SecretFlow imports.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::machine::{Machine, Probe};
use crate::{diag::Finding, launch::machine::python::shadowed_modules, plan::Program};

pub(super) const PROBE: Probe = Probe { name: "files beside job scripts", run };

fn run(machine: &Machine<'_>) -> Vec<Finding> {
    if machine.plan.secretflow.is_none() {
        return Vec::new();
    }
    let scripts = machine.plan.jobs.values().filter_map(|job| match &job.program {
        Program::Script { path, .. } => Some(machine.path(Utf8Path::new(path))),
        Program::Sum | Program::External => None,
    });
    let folders: BTreeSet<Utf8PathBuf> =
        scripts.filter_map(|script| script.parent().map(Utf8Path::to_owned)).collect();
    folders.iter().filter_map(|folder| shadowed_modules(folder)).collect()
}

#[cfg(test)]
mod tests {
    use super::{super::tests::Sample, *};
    use crate::fs;

    #[test]
    fn a_file_that_hides_a_module_is_told_once_per_folder_with_every_name() {
        let mut sample = Sample::new();
        for name in ["one", "two"] {
            let job = serde_json::json!({
                "parties": ["alice"], "slots": 1, "process": null, "input": null,
                "program": { "script": { "path": format!("jobs/{name}.py"), "args": [] } },
            });
            sample.plan.jobs.insert(name.parse().unwrap(), serde_json::from_value(job).unwrap());
        }
        let jobs = sample.path().join("jobs");
        fs::create_folder(&jobs, 0o755).unwrap();
        for name in ["one.py", "heu.py", "spu.py"] {
            fs::write_new(&jobs.join(name), b"", 0o644).unwrap();
        }
        assert_eq!(sample.messages(&PROBE), Vec::<String>::new(), "no SecretFlow, no modules");
        sample.with_secretflow();
        assert_eq!(
            sample.messages(&PROBE),
            [format!(
                "SF0877 `heu.py` and `spu.py` in `{jobs}` hide modules that SecretFlow imports"
            )]
        );
    }
}
