//! What goes to stdout and stderr.

mod queue;
mod stream;

use std::{
    io::{self, IsTerminal as _},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use camino::Utf8PathBuf;
use serde::Serialize;
use terminal_size::Width;

use crate::{
    diag::{Finding, Report, Sources, render_text, shown},
    fs,
    types::escape_display_controls,
};

use queue::OutputQueue;
use stream::{Lost, write};

use super::{
    args::{ColorChoice, Format},
    status::{Failure, Status},
    topology::{naming, to_be_named},
};

/// The width of text that goes to no terminal.
const WIDTH: usize = 100;
/// A narrower terminal is taken for one that does not know its width: snippets of files would have no room.
const NARROWEST: usize = 40;

/// Where a command speaks: results to stdout, everything else to stderr.
#[derive(Clone, Debug)]
pub(crate) struct Ui {
    /// The form of results.
    pub(crate) format: Format,
    colour: bool,
    width: usize,
    is_terminal: bool,
    /// Whether the cursor of the terminal stands behind a result that has no line end.
    is_mid_line: Arc<AtomicBool>,
    /// Why a part of the results could not be written.
    lost: Lost,
    /// The topology that helps have to name.
    topology: Arc<OnceLock<Utf8PathBuf>>,
    /// Where lines wait to be written, for commands that must not wait themselves.
    queues: Arc<OnceLock<Queues>>,
}

#[derive(Debug)]
struct Queues {
    stdout: OutputQueue,
    stderr: OutputQueue,
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
        Self {
            format,
            colour,
            width: width(),
            is_terminal,
            is_mid_line: Arc::default(),
            lost: Lost::default(),
            topology: Arc::default(),
            queues: Arc::default(),
        }
    }

    /// From here on helps name this topology in their commands, where it would not be found without its name.
    pub(crate) fn is_about(&self, topology: Option<&Utf8PathBuf>) {
        if let Some(topology) = to_be_named(topology) {
            let _ = self.topology.set(topology.to_owned()); // a command is about one
        }
    }

    fn help(&self, help: &str) -> String {
        self.topology.get().map_or_else(|| help.to_owned(), |topology| naming(help, topology))
    }

    /// From here on no line is waited for: a launcher goes on whether or not somebody reads what it says. Lines that
    /// nobody reads are left out, and counted. [`Ui::finish`] must be called at the end.
    pub(crate) fn never_wait(&self) {
        let queues = || {
            let stdout = OutputQueue::start(io::stdout(), self.lost.clone())?;
            let stderr = OutputQueue::start(io::stderr(), Lost::default())?;
            io::Result::Ok(Queues { stdout, stderr })
        };
        // Without threads, lines are written as they always were.
        if let Ok(queues) = queues() {
            let _ = self.queues.set(queues); // set already: that is what was asked for
        }
    }

    /// Waits for the lines that are still to be written, but not for a reader that does not read. Returns the status to
    /// exit with: `status`, unless a part of the results could not be written.
    pub(crate) fn finish(&self, status: Status) -> Status {
        if let Some(queues) = self.queues.get() {
            queues.stdout.finish();
        }
        let lost = self.lost.get().map(|why| {
            let message = format!("standard output cannot be written: {}", fs::reason(why));
            let failure = Failure::new(Status::Failed, message);
            self.failure(&failure.help("a part of the results is lost; make room and ask again"));
            Status::Failed
        });
        if let Some(queues) = self.queues.get() {
            queues.stderr.finish();
        }
        lost.unwrap_or(status)
    }

    /// A line of the result.
    pub(crate) fn result(&self, line: impl AsRef<str>) {
        self.write_stdout(format!("{}\n", shown(line.as_ref())).into_bytes());
    }

    /// What a job printed, byte for byte, as the job alone would have printed it.
    pub(crate) fn output(&self, printed: &[u8]) {
        let is_mid_line = !printed.ends_with(b"\n") && io::stdout().is_terminal();
        self.is_mid_line.store(is_mid_line, Ordering::Relaxed);
        self.write_stdout(printed.to_vec());
    }

    /// A result as JSON.
    pub(crate) fn json(&self, value: &impl Serialize) {
        let text = serde_json::to_string_pretty(value).expect("reports have string keys");
        self.write_stdout((escape_display_controls(text) + "\n").into_bytes());
    }

    /// A line about what is going on.
    pub(crate) fn note(&self, line: impl AsRef<str>) {
        self.write_stderr(format!("{}{}\n", self.cleared(), shown(line.as_ref())));
    }

    /// A line that replaces the one before it, on a terminal only; `false` where there is none.
    pub(crate) fn progress(&self, line: &str) -> bool {
        if self.is_terminal {
            let line: String = shown(line).chars().take(self.width).collect();
            // The next line of any kind starts by clearing this one.
            self.write_stderr(format!("{}{line}\r", self.cleared()));
        }
        self.is_terminal
    }

    /// What begins a line of a terminal that may hold what [`Ui::progress`] left, or a result without a line end, which
    /// must stay.
    fn cleared(&self) -> &'static str {
        match (self.is_terminal, self.is_mid_line.swap(false, Ordering::Relaxed)) {
            (true, true) => "\r\n",
            (true, false) => "\r\x1b[2K",
            (false, _) => "",
        }
    }

    /// Findings as text on stderr. In JSON they are part of the command's own report.
    pub(crate) fn findings(&self, findings: &[Finding], sources: &Sources) {
        if self.format == Format::Text && !findings.is_empty() {
            let mut findings = findings.to_vec();
            for help in findings.iter_mut().filter_map(|finding| finding.help.as_mut()) {
                *help = self.help(help);
            }
            let text = render_text(&findings, sources, self.width, self.colour);
            self.write_stderr(format!("{}\n", text.trim_end_matches('\n')));
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
            self.note(format!("  help: {}", self.help(help)));
        }
    }

    fn write_stdout(&self, text: Vec<u8>) {
        match self.queues.get() {
            Some(queues) => queues.stdout.push(text),
            None => write(io::stdout(), &text, &self.lost),
        }
    }

    fn write_stderr(&self, text: String) {
        match self.queues.get() {
            Some(queues) => queues.stderr.push(text.into_bytes()),
            // There is nowhere else to say that this failed.
            None => write(io::stderr(), text.as_bytes(), &Lost::default()),
        }
    }
}

/// The width at which text is wrapped: that of the terminal, else what `COLUMNS` says.
fn width() -> usize {
    let terminal = terminal_size::terminal_size_of(io::stderr());
    let columns = || std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let width = terminal.map(|(Width(width), _)| usize::from(width)).or_else(columns);
    width.filter(|width| *width >= NARROWEST).unwrap_or(WIDTH)
}
