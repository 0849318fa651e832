//! The units that an installation has on a machine, as its record tells them: no tree is needed to look at them.

use std::collections::BTreeMap;

use super::{InstallError, machine::Machine, record::Record, systemd};
use crate::plan::Action;

/// The services among the units that a record lists; templates, sockets and the target only start those.
#[must_use]
pub fn recorded_units(record: &Record) -> Vec<String> {
    let actions = record.entries.iter().map(|entry| &entry.step.action);
    let units = actions.filter_map(|action| match action {
        Action::CopyFile { to, .. } if to.extension() == Some("service") => to.file_name(),
        _ => None,
    });
    units.filter(|unit| !unit.contains('@')).map(str::to_owned).collect()
}

/// How units are, as systemd calls it.
pub fn unit_states(
    machine: &dyn Machine,
    units: &[String],
) -> Result<BTreeMap<String, String>, InstallError> {
    if units.is_empty() {
        return Ok(BTreeMap::new());
    }
    let shown = systemd::show(machine, "see how units are", "Id,ActiveState", units)?;
    let states = shown.split("\n\n").filter_map(|block| {
        let value = |key: &str| block.lines().find_map(|line| line.strip_prefix(key));
        Some((value("Id=")?.to_owned(), value("ActiveState=")?.to_owned()))
    });
    Ok(states.collect())
}
