//! Keeps a party's processes up, runs its jobs, and leaves none of them behind.
//!
//! [`ServiceSpec`]s and commands enter, [`ServiceEvent`]s leave. What a process is for, and where its command line comes
//! from, is not known here. [`phase`] decides what is to be done to a process, `service` does it, `group` starts and
//! stops services in the order of their `after`; [`guard`] is the small processes between sfgen and each program,
//! `orphans` ends what killed ones leave, and [`diagnose`] knows what lines of SecretFlow and Ray mean.

mod cgroup;
mod descendants;
pub mod diagnose;
mod env_file;
mod event;
mod group;
pub mod guard;
mod job;
mod job_unit;
mod job_unit_side;
mod log;
mod notify;
mod order;
mod orphans;
pub mod phase;
mod process;
mod retention;
mod run_order;
mod service;
mod side_by_side;
mod signals;
mod spec;
mod sweeper;
mod watch;

pub use env_file::{EnvFile, read_env_file};
pub use event::{ServiceEvent, ServiceFailure, ServiceStatus};
pub use group::Supervisor;
pub use guard::remove_abandoned;
pub use job::{JobEnd, JobHandle, run_job};
pub use job_unit::JobUnit;
pub use job_unit_side::{UnitJob, run_in_unit};
pub use log::LogFile;
pub use notify::notify;
pub use order::SpecError;
pub use phase::{GoneReason, RestartPolicy, ServicePhase};
pub use process::{Ending, Line, PROXY_VARIABLES, Stream};
pub use run_order::RunOrder;
pub use side_by_side::{Onlooker, PartyLine, PartyOutcome, run_side_by_side};
pub use signals::{Signals, end_with_parent, interrupted};
pub use spec::{GuardProgram, ServiceSpec};
pub use sweeper::Sweeper;
pub use watch::Watch;
