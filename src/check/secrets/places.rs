//! The texts that programs are given, with what stands before them.

use crate::{
    check::services::texts::{service_texts, written},
    diag::SourceSpan,
    model::{JobKind, Topology},
};

use super::spot::Given;

/// A text that a program is given.
pub(super) struct Place {
    /// Whose it is, for messages: ``service `redis` ``.
    pub(super) who: String,
    /// Whether it is given to a job's script, and not to a service.
    pub(super) is_of_job: bool,
    /// The program of a service.
    pub(super) program: Option<String>,
    /// Name of the variable; `None` for an argument.
    pub(super) variable: Option<String>,
    /// The argument in front of it.
    pub(super) before: Option<String>,
    /// The text, its placeholders as they are written.
    pub(super) text: String,
    /// Where it stands.
    pub(super) span: SourceSpan,
}

impl Place {
    /// Where the text stands, as secrets are spotted by it.
    pub(super) fn given(&self) -> Given<'_> {
        Given {
            variable: self.variable.as_deref(),
            program: self.program.as_deref().filter(|_| self.variable.is_none()),
            before: self.before.as_deref(),
        }
    }
}

/// Every argument and variable of services, and every argument of jobs.
pub(super) fn places(topology: &Topology) -> Vec<Place> {
    let of_services = service_texts(topology).into_iter().map(|text| Place {
        who: format!("service `{}`", text.service.name.value),
        is_of_job: false,
        program: text.service.command.first().map(|word| written(&word.value)),
        variable: text.variable.map(str::to_owned),
        before: text.before,
        text: text.text,
        span: text.span,
    });
    let mut all: Vec<Place> = of_services.collect();
    for job in topology.jobs.values() {
        let JobKind::Script { args, .. } = &job.kind else { continue };
        let mut before: Option<String> = None;
        for arg in args {
            let text = written(&arg.value);
            all.push(Place {
                who: format!("job `{}`", job.name.value),
                is_of_job: true,
                program: None,
                variable: None,
                before: before.replace(text.clone()),
                text,
                span: arg.span,
            });
        }
    }
    all
}
