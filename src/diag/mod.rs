//! Findings: what is wrong, where it is written, and what to do.
//!
//! A user's mistake is data, not an error that ends the work: phases collect findings and go on. This module
//! knows how findings look as text, JSON and SARIF; it does not know what is wrong with a topology.

mod code;
mod finding;
mod fix;
mod page;
mod report;
mod sarif;
mod shown;
mod source;
mod text;

pub use code::{Code, Severity};
pub use finding::{Finding, Findings, Label};
pub use fix::{Edit, Fix, apply_edits};
pub use page::Page;
pub(crate) use page::page;
pub use report::{EditReport, FindingReport, FixReport, LabelReport, Report};
pub use sarif::SarifLog;
pub use shown::shown;
pub use source::{FileId, Source, SourceSpan, Sources, Spanned};
pub use text::render_text;
