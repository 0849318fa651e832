//! Whether services can be put in the order that they ask for.

use std::collections::BTreeSet;

use thiserror::Error;

use super::spec::ServiceSpec;
use crate::fs::FsError;

/// Why a group of services cannot be started.
#[derive(Debug, Error)]
pub enum SpecError {
    /// Two services with one name.
    #[error("two services are called `{0}`")]
    Twice(String),
    /// An `after` that names no service of the group.
    #[error("`{service}` starts after `{missing}`, which does not run here")]
    Unknown {
        /// Who waits.
        service: String,
        /// For whom.
        missing: String,
    },
    /// Services that wait for each other.
    #[error("these services wait for each other: {}", .0.join(", "))]
    Cycle(Vec<String>),
    /// A log that cannot be written.
    #[error(transparent)]
    Log(#[from] FsError),
}

/// Names are unique, and the services can be put in an order.
pub(super) fn check(specs: &[ServiceSpec]) -> Result<(), SpecError> {
    let mut names = BTreeSet::new();
    if let Some(twice) = specs.iter().find(|spec| !names.insert(&spec.name)) {
        return Err(SpecError::Twice(twice.name.clone()));
    }
    for spec in specs {
        if let Some(missing) = spec.after.iter().find(|name| !names.contains(name)) {
            let (service, missing) = (spec.name.clone(), missing.clone());
            return Err(SpecError::Unknown { service, missing });
        }
    }
    let mut left: Vec<&ServiceSpec> = specs.iter().collect();
    let mut started = BTreeSet::new();
    loop {
        let (can, cannot): (Vec<&ServiceSpec>, Vec<&ServiceSpec>) =
            left.iter().partition(|spec| spec.after.iter().all(|name| started.contains(name)));
        if can.is_empty() {
            break;
        }
        started.extend(can.iter().map(|spec| &spec.name));
        left = cannot;
    }
    if left.is_empty() {
        Ok(())
    } else {
        Err(SpecError::Cycle(left.iter().map(|spec| spec.name.clone()).collect()))
    }
}
