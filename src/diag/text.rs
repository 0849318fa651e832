//! Findings as text for people.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
};

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError,
    MietteSpanContents, SourceCode, SpanContents,
};

use textwrap::{WordSeparator, WordSplitter};

use super::{
    FileId, Finding, Severity, Source, Sources,
    report::SHOWN,
    shown::{shown, shown_sources},
};

/// How much of a long line is shown on either side of a place, and how much of a long place, in bytes.
const AROUND: usize = 400;
/// Places on as many lines are shown as one snippet, with the lines between them.
const TOGETHER: usize = 10;

/// The findings as text, a block each, wrapped at `width` columns; with colours and box drawing where `colour` is set.
#[must_use]
pub fn render_text(findings: &[Finding], sources: &Sources, width: usize, colour: bool) -> String {
    let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(width)
        .with_context_lines(1)
        .with_links(false)
        // A line ends between words: commands and paths are there to be copied.
        .with_word_separator(WordSeparator::AsciiSpace)
        .with_word_splitter(WordSplitter::NoHyphenation)
        .with_break_words(false)
        .without_cause_chain();
    let labels = findings.iter().flat_map(|finding| &finding.labels);
    let secrets: Vec<_> = labels.filter(|label| label.is_secret).map(|label| label.span).collect();
    let sources = shown_sources(sources, &secrets);
    let mut text = String::new();
    // Somebody's own text may have the sign; then lines break where they do.
    let may_hold =
        !findings.iter().any(has_hold) && !sources.iter().any(|(_, it)| it.text.contains(HOLD));
    for finding in findings.iter().take(SHOWN) {
        let mut parts = Block::parts(finding, &sources).into_iter();
        let Some(mut block) = parts.next() else { continue };
        block.help = block.help.map(|help| if may_hold { unbroken(&help) } else { help });
        block.elsewhere = parts.collect();
        handler.render_report(&mut text, &block).expect("a String takes all text");
        text.push('\n');
    }
    let mut text = if may_hold { text.replace(HOLD, " ") } else { text };
    if findings.len() > SHOWN {
        let omitted = findings.len() - SHOWN;
        writeln!(text, "and {omitted} more findings; mend these first")
            .expect("a String takes all text");
    }
    text
}

/// What stands for a blank at which no line breaks, of Unicode's signs for private use.
const HOLD: char = '\u{e0b0}';
/// Longer pieces may be broken, so that no line is much wider than the terminal.
const HELD: usize = 60;

fn has_hold(finding: &Finding) -> bool {
    let texts = finding.labels.iter().map(|label| label.text.as_str());
    let mut texts = texts.chain(finding.help.as_deref()).chain([finding.message.as_str()]);
    texts.any(|text| text.contains(HOLD))
}

/// A help in which commands and nodes, which stand between backticks, are kept in one line: they are there to be copied.
fn unbroken(help: &str) -> String {
    let parts = help.split('`').enumerate().map(|(index, part)| match index % 2 {
        1 if part.chars().count() <= HELD => part.replace(' ', &HOLD.to_string()),
        _ => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("`")
}

/// What miette shows as one snippet: the labels of one finding in one file.
#[derive(Debug)]
struct Block {
    code: Option<String>,
    severity: miette::Severity,
    message: String,
    help: Option<String>,
    source: Option<WholeLines>,
    labels: Vec<LabeledSpan>,
    elsewhere: Vec<Block>,
}

impl Block {
    /// One block per file: the first carries message and help, further ones show the places in other files.
    fn parts(finding: &Finding, sources: &Sources) -> Vec<Self> {
        let mut by_file: BTreeMap<FileId, Vec<LabeledSpan>> = BTreeMap::new();
        for (index, label) in finding.labels.iter().enumerate() {
            let source = &sources.get(label.span.file).text;
            let end = source.floor_char_boundary(label.span.start + AROUND);
            let range = label.span.start..label.span.end.min(end.max(label.span.start));
            let text = Some(shown(&label.text));
            // The main place is the one that the head of the snippet names.
            let span = match index {
                0 => LabeledSpan::new_primary_with_span(text, range),
                _ => LabeledSpan::new_with_span(text, range),
            };
            by_file.entry(label.span.file).or_default().push(span);
        }
        let main = finding.labels.first().map(|label| label.span.file);
        let snippet = |file: FileId| WholeLines(sources.get(file).clone());
        let mut blocks = vec![Self {
            code: Some(finding.code.to_string()),
            severity: match finding.severity {
                Severity::Error => miette::Severity::Error,
                Severity::Warning => miette::Severity::Warning,
            },
            message: shown(&finding.message),
            help: finding.help.as_deref().map(shown),
            source: main.map(snippet),
            labels: main.and_then(|file| by_file.remove(&file)).unwrap_or_default(),
            elsewhere: Vec::new(),
        }];
        blocks.extend(by_file.into_iter().map(|(file, labels)| Self {
            code: None,
            severity: miette::Severity::Advice,
            message: "the other place".to_owned(),
            help: None,
            source: Some(snippet(file)),
            labels,
            elsewhere: Vec::new(),
        }));
        blocks
    }
}

/// A source of which the lines of a place are shown whole, unless they are very long, and no others.
///
/// What miette itself reads begins in the middle of a line or shows lines that nothing is said about, and it reads
/// all that is before a place to count the lines. Places far from each other make snippets of their own.
#[derive(Debug)]
struct WholeLines(Source);

impl SourceCode for WholeLines {
    fn read_span<'a>(
        &'a self,
        span: &miette::SourceSpan,
        before: usize,
        _after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let text = &self.0.text;
        let (start, end) = (span.offset(), span.offset() + span.len());
        if end > text.len() || span.len() > 2 * TOGETHER * AROUND {
            return Err(MietteError::OutOfBounds);
        }
        let is_break = |c: char| c == '\n' || c == '\r';
        let (line, column) = self.0.line_column(start);
        // Without context, miette asks for the line and column of the place.
        let (first, last, column) = if before == 0 {
            (start, end, column - 1)
        } else {
            let left = text.ceil_char_boundary(start.saturating_sub(AROUND));
            let right = text.floor_char_boundary(end + AROUND);
            let first = text[left..start].rfind(is_break).map_or(left, |at| left + at + 1);
            (first, text[end..right].find(is_break).map_or(right, |at| end + at), 0)
        };
        let data = &text.as_bytes()[first..last];
        let line_count = TOGETHER.min(line);
        let range = (first, last - first).into();
        let name = self.0.name.clone();
        Ok(Box::new(MietteSpanContents::new_named(name, data, range, line - 1, column, line_count)))
    }
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Block {}

impl Diagnostic for Block {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code.as_ref().map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|source| source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        if self.labels.is_empty() { None } else { Some(Box::new(self.labels.iter().cloned())) }
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        if self.elsewhere.is_empty() {
            return None;
        }
        Some(Box::new(self.elsewhere.iter().map(|block| block as &dyn Diagnostic)))
    }
}
