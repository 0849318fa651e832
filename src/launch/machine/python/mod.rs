//! The job's Python: finds one of the wanted version and makes the virtual environment that jobs run in.
//!
//! A version, a list of pinned requirements and the caller's environment enter; a folder with a complete
//! installation leaves, shared by all parties of this machine that want the same. This module knows no plan, no
//! party and no job: it is told which Python and which packages. All of it is asynchronous, because dropping the
//! future is how a signal ends an installation.

mod child;
mod error;
mod find;
mod progress;
mod shadow;
mod venv;
mod versions;

pub use error::PythonError;
pub use find::{Python, Search};
pub use shadow::shadowing;
pub use venv::{Venv, environment};
pub use versions::versions;
