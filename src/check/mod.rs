//! Whether a topology makes sense: a folder per subject, in it one file and one page per check.
//!
//! A check is a pure function from [`Context`] to findings. It reads no disk, calls no other check and does not
//! depend on their order; a topology with one mistake yields one finding. What several checks need stands in a helper
//! file of the subject, or in [`Context`]. Pages are what `sfgen explain` prints, and their examples are tests.
//!
//! A new check is a file and a page in the folder of its subject, and two lines in the `mod.rs` of that folder.

mod allow;
mod context;
mod definition;
mod devices;
mod docker;
mod edits;
mod files;
mod hosts;
mod jobs;
mod kuscia;
mod names;
mod ports;
mod ray;
mod run;
mod runtime;
mod secrets;
mod services;
mod software;
mod tree;
mod trust;
mod words;

use crate::diag::Page;

pub use allow::apply_allows;
pub use context::Context;
pub use definition::{Check, Subject};
pub use run::{SUBJECTS, all, check};
pub use trust::certificates::{Certificates, PartyCertificates, ReadCertificate, Unreadable};

/// The pages of what is found about checks themselves.
pub const PAGES: &[Page] = &[allow::PAGE];
