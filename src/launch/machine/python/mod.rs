//! The job's Python: finds one of the wanted version and makes the virtual environment that jobs run in.
//!
//! A version, a list of pinned requirements and the caller's environment enter; a folder with a complete
//! installation leaves, shared by all parties of this machine that want the same. This module knows no plan, no
//! party and no job: its caller names the Python and the packages. All of it is asynchronous, since a signal ends an
//! installation by dropping the future.

mod child;
mod error;
mod find;
mod installed;
mod progress;
mod shadow;
mod venv;
mod versions;

pub use error::PythonError;
pub use find::{Python, Search};
pub use installed::installed_versions;
pub use shadow::shadowed_modules;
pub use venv::{Packages, Venv, environment};
pub use versions::versions;
