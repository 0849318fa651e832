//! What goes to stdout and stderr.

#![expect(
    clippy::unused_self,
    reason = "all that is printed goes through a `Ui`, whether it needs settings or not"
)]

use std::io::{self, IsTerminal as _, Write as _};

use serde::Serialize;

use crate::{
    diag::{Finding, Report, Sources, render_text, shown},
    types::escape_display_controls,
};

use super::{
    args::{ColorChoice, Format},
    status::Failure,
};

/// The width of text that goes to no terminal.
const WIDTH: usize = 100;

/// Where a command speaks: results to stdout, everything else to stderr.
#[derive(Clone, Debug)]
pub(crate) struct Ui {
    /// The form of results.
    pub(crate) format: Format,
    colour: bool,
    width: usize,
    is_terminal: bool,
}

impl Ui {
    /// For results in that form; colour is used on a terminal, and never under `NO_COLOR`.
    #[must_use]
    pub(crate) fn new(format: Format, choice: ColorChoice) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let colour = match choice {
            ColorChoice::Auto => is_terminal && !refused,
            ColorChoice::Always => true,
            ColorChoice::Never => false,
        };
        let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        Self {
            format,
            colour,
            width: columns.filter(|width| *width >= 40).unwrap_or(WIDTH),
            is_terminal,
        }
    }

    /// A line of the result.
    pub(crate) fn result(&self, line: impl AsRef<str>) {
        say(io::stdout(), &shown(line.as_ref()));
    }

    /// A line that a job printed, byte for byte, as the job alone would have printed it.
    pub(crate) fn output(&self, line: &str) {
        say(io::stdout(), line);
    }

    /// A result as JSON.
    pub(crate) fn json(&self, value: &impl Serialize) {
        let text = serde_json::to_string_pretty(value).expect("reports have string keys");
        say(io::stdout(), &escape_display_controls(&text));
    }

    /// A line about what is going on.
    pub(crate) fn note(&self, line: impl AsRef<str>) {
        if self.is_terminal {
            let _ = write!(io::stderr(), "\x1b[2K"); // what `progress` left
        }
        say(io::stderr(), &shown(line.as_ref()));
    }

    /// A line that replaces the one before it, on a terminal only; `false` where there is none.
    pub(crate) fn progress(&self, line: &str) -> bool {
        if self.is_terminal {
            let mut stderr = io::stderr();
            let line: String = shown(line).chars().take(self.width).collect();
            // The next line of any kind starts by clearing this one.
            let _ = write!(stderr, "\r\x1b[2K{line}\r").and_then(|()| stderr.flush());
        }
        self.is_terminal
    }

    /// Findings as text on stderr. In JSON they are part of the command's own report.
    pub(crate) fn findings(&self, findings: &[Finding], sources: &Sources) {
        if self.format == Format::Text && !findings.is_empty() {
            let text = render_text(findings, sources, self.width, self.colour);
            say(io::stderr(), text.trim_end_matches('\n'));
        }
    }

    /// Findings as the whole report of a command, in the form that was asked for.
    pub(crate) fn report(&self, findings: &[Finding], sources: &Sources) {
        match self.format {
            Format::Text => self.findings(findings, sources),
            Format::Json => self.json(&Report::new(findings, sources)),
        }
    }

    /// Why a command could not go on.
    pub(crate) fn failure(&self, failure: &Failure) {
        let Failure { code, message, help, .. } = failure;
        let code = code.as_ref().map(|code| format!("{code} ")).unwrap_or_default();
        self.note(format!("{code}error: {message}"));
        if let Some(help) = help {
            self.note(format!("  help: {help}"));
        }
    }
}

/// Writes a line. A reader that has gone away (`sfgen plan | head`) is no reason to stop the work half way.
fn say(mut to: impl io::Write, line: &str) {
    let _ = writeln!(to, "{line}").and_then(|()| to.flush());
}
