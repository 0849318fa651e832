//! The services without which no run begins, whoever keeps them up.

use std::collections::BTreeMap;

use tokio::sync::mpsc;

use crate::launch::processes::{
    GuardProgram, ServiceEvent, ServiceStatus, SpecError, Supervisor, Watch,
};

use super::specs::Specs;

/// The services of the host.
pub(super) enum Services {
    /// The launcher starts them, keeps them up and ends them.
    Own(Supervisor),
    /// Something else does.
    Others(Watch),
}

impl Services {
    /// Starts them, or begins to look after them.
    pub(super) fn start(
        guard: &GuardProgram,
        specs: &Specs<'_>,
    ) -> Result<(Self, mpsc::Receiver<ServiceEvent>), SpecError> {
        if specs.side.has_units() {
            let (watch, events) = Watch::start(specs.watched());
            return Ok((Self::Others(watch), events));
        }
        let (supervisor, events) = Supervisor::start(guard, specs.services())?;
        Ok((Self::Own(supervisor), events))
    }

    /// Where each of them stands.
    pub(super) fn status(&self) -> BTreeMap<String, ServiceStatus> {
        match self {
            Self::Own(supervisor) => supervisor.status(),
            Self::Others(watch) => watch.status(),
        }
    }

    /// What some of them have joined is gone. Those of others are for these to start again.
    pub(super) fn join_again(&self) {
        if let Self::Own(supervisor) = self {
            supervisor.join_again();
        }
    }

    /// Ends those that the launcher started.
    pub(super) async fn stop(&mut self) {
        match self {
            Self::Own(supervisor) => drop(supervisor.stop().await),
            Self::Others(_) => {}
        }
    }
}
