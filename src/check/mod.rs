//! Whether a topology makes sense: one file and one page per check.
//!
//! A check is a pure function from [`Context`] to findings. It reads no disk, sees no other check and does not
//! depend on their order; a topology with one mistake yields one finding. Pages are what `sfgen explain` prints, and
//! their examples are tests.

mod certificates;
mod loopback_advertised;

use time::OffsetDateTime;

use crate::{
    catalogue::{self, EngineFacts, Release},
    diag::{Code, Findings, Page},
    model::{Secretflow, Topology},
};

pub use certificates::{Certificates, PartyCertificates, ReadCertificate};

/// All that checks see.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The topology.
    pub topology: &'a Topology,
    /// The public certificates that it names.
    pub certificates: &'a Certificates,
    /// When the check is made: certificates end.
    pub now: OffsetDateTime,
}

impl<'a> Context<'a> {
    /// SecretFlow's settings, if it is the runtime.
    #[must_use]
    pub fn secretflow(&self) -> Option<&'a Secretflow> {
        self.topology.runtime.secretflow()
    }

    /// What is known about the release; `None` for the embedded runtime and for unknown releases.
    #[must_use]
    pub fn release(&self) -> Option<&'static Release> {
        catalogue::release(&self.secretflow()?.version.value)
    }

    /// What is known about the engine.
    #[must_use]
    pub fn engine(&self) -> Option<&'static EngineFacts> {
        self.release()?.engines.get(&self.secretflow()?.engine.value.to_string())
    }
}

/// One check.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    /// The code of its findings and its page.
    pub page: Page,
    /// What it does.
    pub run: fn(Context<'_>, &mut Findings),
}

impl Check {
    const fn new(code: Code, text: &'static str, run: fn(Context<'_>, &mut Findings)) -> Self {
        Self { page: Page { code, text }, run }
    }
}

/// Every check, sorted by code.
pub const CHECKS: &[Check] = &[loopback_advertised::CHECK];

/// Runs every check.
pub fn check(context: Context<'_>, findings: &mut Findings) {
    for check in CHECKS {
        (check.run)(context, findings);
    }
}
