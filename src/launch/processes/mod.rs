//! Keeps a party's processes up, runs its jobs, and leaves none of them behind.
//!
//! In come [`ServiceSpec`]s and orders, out come [`ServiceEvent`]s. What a process is for, and where its command
//! line comes from, is not known here. `phase` decides, `service` acts, `group` knows who needs whom.

pub mod diagnose;
mod group;
pub mod guard;
mod job;
mod log;
pub mod phase;
mod process;
mod service;
mod spec;

pub use group::{ServiceEvent, ServiceFailure, ServiceStatus, SpecError, Supervisor};
pub use job::{JobEnd, JobHandle, run_job};
pub use log::LogFile;
pub use phase::{Outcome, Phase, RestartPolicy};
pub use process::{Ending, Line, PROXY_VARIABLES, Stream};
pub use spec::{GuardProgram, ServiceSpec};
