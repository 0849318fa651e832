//! KDL 2 text as nodes.
//!
//! The reader is our own, since it must be safe with files that others wrote: it reads each character a fixed number of
//! times, descends at most [`DEPTH`] levels, keeps no more nodes than its [`Budget`] has, and makes one finding of one mistake. Why the
//! `kdl` crate is not used, and how both compare, is in `docs/kdl.md`.

mod chars;
mod lex;
mod mistake;
mod pieces;
mod quoted;
#[cfg(test)]
mod tests;
mod word;

use std::ops::Range;

use crate::diag::{Code, FileId, Finding, Findings, SourceSpan, Spanned};

use self::{
    lex::{Lexeme, Lexer, Token},
    mistake::{HELP, Mistake},
};
use super::{
    Node, Property, Value,
    limits::{Budget, DEPTH, MISTAKES},
};

pub(super) use self::pieces::{Piece, Pieces};

/// The text is not KDL.
const NOT_KDL: Code = Code("SF0001");
/// The text nests deeper than any topology does.
const TOO_DEEP: Code = Code("SF0002");

/// The nodes of a KDL text; `None` where it cannot be read, which is reported.
pub(super) fn parse(
    file: FileId,
    text: &str,
    budget: &mut Budget,
    findings: &mut Findings,
) -> Option<Vec<Node>> {
    let mut lexer = Lexer::new(text);
    let next = lexer.read();
    let (last, depth, mistakes) = (0..0, 0, Vec::new());
    let mut reader = Reader { file, lexer, budget, next, last, depth, mistakes, is_over: false };
    let nodes = reader.nodes(None);
    if reader.mistakes.is_empty() {
        return Some(nodes);
    }
    findings.extend(reader.mistakes);
    None
}

struct Reader<'t> {
    file: FileId,
    lexer: Lexer<'t>,
    budget: &'t mut Budget,
    /// The token that is to be read next.
    next: Lexeme,
    /// Where the token before it stands.
    last: Range<usize>,
    depth: usize,
    mistakes: Vec<Finding>,
    /// Whether the rest of the text is not read.
    is_over: bool,
}

impl Reader<'_> {
    /// Goes on to the next token, and returns the place of this one.
    fn skip(&mut self) -> SourceSpan {
        self.last = self.next.range.clone();
        if !self.is_over {
            self.next = self.lexer.read();
        }
        self.span(self.last.clone())
    }

    fn is_at(&self, token: &Token) -> bool {
        self.next.token.as_ref() == Ok(token)
    }

    fn span(&self, range: Range<usize>) -> SourceSpan {
        SourceSpan::new(self.file, range)
    }

    fn report(&mut self, mistake: Mistake) {
        let mistake = mistake.into_inner();
        let finding = Finding::error(NOT_KDL, mistake.message)
            .label(self.span(mistake.range), mistake.label)
            .help(mistake.help);
        self.mistakes.push(finding);
        if mistake.is_last || self.mistakes.len() >= MISTAKES {
            self.stop();
        }
    }

    /// Reads no further; this finding is the only one.
    fn give_up(&mut self, finding: Finding) {
        self.mistakes = vec![finding];
        self.stop();
    }

    /// Counts a node or value. Where it is one too many, nothing more is read.
    fn count(&mut self, place: SourceSpan) {
        if let Err(finding) = self.budget.take(1, place) {
            self.give_up(*finding);
        }
    }

    fn stop(&mut self) {
        self.is_over = true;
        self.next.token = Ok(Token::End);
    }

    /// The nodes up to the end of the text, or up to the `}` that closes the `{` at `open`.
    fn nodes(&mut self, open: Option<&Range<usize>>) -> Vec<Node> {
        let mut nodes = Vec::new();
        loop {
            match (&self.next.token, open) {
                (Ok(Token::Break), _) => {
                    self.skip();
                }
                (Ok(Token::Close), Some(_)) => {
                    self.skip();
                    return nodes;
                }
                (Ok(Token::Close), None) => {
                    let range = self.next.range.clone();
                    let help = "remove it, or open the block that it should close with `{`";
                    self.report(Mistake::new(range, "this `}` closes nothing", "here", help));
                    self.skip();
                }
                (Ok(Token::End), open) => {
                    if let Some(open) = open.filter(|_| !self.is_over) {
                        let help = "close it with `}` where its children end";
                        self.report(Mistake::new(
                            open.clone(),
                            "this `{` is never closed",
                            "here",
                            help,
                        ));
                    }
                    return nodes;
                }
                _ => match self.node() {
                    Ok(node) => nodes.extend(node),
                    Err(mistake) => {
                        self.report(mistake);
                        self.recover();
                    }
                },
            }
        }
    }

    /// Goes on after the rest of a node in which a mistake was found. Its children are looked at, since mistakes
    /// in them are others.
    fn recover(&mut self) {
        loop {
            match &self.next.token {
                Ok(Token::End | Token::Break | Token::Close) => return,
                Ok(Token::Semicolon) => {
                    self.skip();
                    return;
                }
                Ok(Token::Open) => {
                    self.children();
                }
                Err(mistake) if mistake.is_last() => self.stop(),
                _ => {
                    self.skip();
                }
            }
        }
    }

    /// Takes the token out; what stays in its place is skipped by [`Self::recover`].
    fn take(&mut self) -> Result<Token, Mistake> {
        std::mem::replace(&mut self.next.token, Ok(Token::CloseType))
    }

    /// A node with what ends it; `None` for one behind `/-`.
    fn node(&mut self) -> Result<Option<Node>, Mistake> {
        let is_dropped = self.slashdash();
        if self.is_at(&Token::OpenType) {
            self.annotation()?;
        }
        let name = match self.value("a node's name")? {
            Spanned { value: Value::Text(name), span } => Spanned::new(name, span),
            Spanned { value, span } => {
                let message = format!("a node's name is a string, not {}", value.kind());
                return Err(Mistake::new(span.start..span.end, message, "this value", HELP));
            }
        };
        let (head, whole) = (name.span, name.span);
        self.count(whole);
        let mut node =
            Node { name, args: Vec::new(), props: Vec::new(), children: Vec::new(), head, whole };
        self.rest_of_node(&mut node)?;
        // Most nodes have one or two of each, and a vector that grows takes room for four at once.
        node.args.shrink_to_fit();
        node.props.shrink_to_fit();
        node.children.shrink_to_fit();
        Ok((!is_dropped).then_some(node))
    }

    /// Goes on after a `/-` and the line ends after it, if one is next.
    fn slashdash(&mut self) -> bool {
        let is_there = self.is_at(&Token::Slashdash);
        if is_there {
            self.skip();
            let place = self.last.clone();
            while self.is_at(&Token::Break) {
                self.skip();
            }
            self.last = place;
        }
        is_there
    }

    fn rest_of_node(&mut self, node: &mut Node) -> Result<(), Mistake> {
        let (mut has_blocks, mut has_children) = (false, false);
        loop {
            let is_apart = self.next.is_apart;
            let is_dropped = self.slashdash();
            match &self.next.token {
                Ok(Token::Open) => {
                    if has_children && !is_dropped {
                        return Err(self.unexpected(
                            "a node has one block of children",
                            "this is a second one",
                        ));
                    }
                    let children = self.children();
                    has_blocks = true;
                    if !is_dropped {
                        has_children = true;
                        node.children = children;
                    }
                }
                Ok(Token::Value(_) | Token::OpenType) => {
                    if has_blocks {
                        let message = "a node ends with its children";
                        return Err(
                            self.unexpected(message, "this needs a `;` or a new line before it")
                        );
                    }
                    // `/-` sets apart what it drops from what is before it.
                    if !is_apart && !is_dropped {
                        return Err(self.unexpected("a blank is missing", "before this"));
                    }
                    self.entry((!is_dropped).then_some(&mut *node))?;
                }
                _ if is_dropped => return Err(self.missing("what `/-` leaves out")),
                Ok(Token::End | Token::Close) => return Ok(()),
                Ok(Token::Break | Token::Semicolon) => {
                    self.skip();
                    return Ok(());
                }
                Ok(Token::Equals) => {
                    return Err(self.unexpected(
                        "a `=` stands after the key of a property",
                        "no key is before this",
                    ));
                }
                Ok(Token::CloseType | Token::Slashdash) => {
                    return Err(self.unexpected("this has no meaning here", "here"));
                }
                Err(_) => return self.take().map(drop),
            }
            node.whole.end = self.last.end;
        }
    }

    /// The children in the block that begins here.
    fn children(&mut self) -> Vec<Node> {
        let open = self.next.range.clone();
        if self.depth == DEPTH {
            let message = format!("this file nests deeper than {DEPTH} levels");
            let finding = Finding::error(TOO_DEEP, message)
                .label(self.span(open), "this is one level too many")
                .help("close the braces before it; no topology needs more than 4 levels");
            self.give_up(finding);
            return Vec::new();
        }
        self.skip();
        self.depth += 1;
        let nodes = self.nodes(Some(&open));
        self.depth -= 1;
        nodes
    }

    /// An argument or property, which goes into `node` unless it was left out.
    fn entry(&mut self, node: Option<&mut Node>) -> Result<(), Mistake> {
        let has_type = self.is_at(&Token::OpenType);
        let first = self.annotated_value("a value")?;
        self.count(first.span);
        let is_key = !has_type && matches!(first.value, Value::Text(_));
        if !(is_key && self.is_at(&Token::Equals)) {
            if let Some(node) = node {
                node.head.end = if node.args.is_empty() { first.span.end } else { node.head.end };
                node.args.push(first);
            }
            return Ok(());
        }
        self.skip();
        let value = self.annotated_value("a value after `=`")?;
        if let (Some(node), Value::Text(key)) = (node, first.value) {
            node.props.push(Property { key: Spanned::new(key, first.span), value });
        }
        Ok(())
    }

    fn annotated_value(&mut self, what: &str) -> Result<Spanned<Value>, Mistake> {
        if self.is_at(&Token::OpenType) {
            self.annotation()?;
        }
        self.value(what)
    }

    /// A type in parentheses. The language has none, and they change no meaning.
    fn annotation(&mut self) -> Result<(), Mistake> {
        self.skip();
        let name = self.value("the name of a type")?;
        if !matches!(name.value, Value::Text(_)) {
            let message = format!("the name of a type is a string, not {}", name.value.kind());
            return Err(Mistake::new(name.span.start..name.span.end, message, "this value", HELP));
        }
        if !self.is_at(&Token::CloseType) {
            return Err(self.missing("the `)` of a type"));
        }
        self.skip();
        Ok(())
    }

    fn value(&mut self, what: &str) -> Result<Spanned<Value>, Mistake> {
        match self.take() {
            Ok(Token::Value(value)) => {
                let span = self.skip();
                Ok(Spanned::new(value, span))
            }
            Err(mistake) => Err(mistake),
            other => {
                self.next.token = other;
                Err(self.missing(what))
            }
        }
    }

    /// The mistake that the next token is.
    fn unexpected(&self, message: &str, label: &'static str) -> Mistake {
        Mistake::new(self.next.range.clone(), message, label, HELP)
    }

    /// The mistake that something else should stand here: at the next token, or after the last one of a line.
    fn missing(&self, what: &str) -> Mistake {
        let message = format!("{what} is missing");
        match &self.next.token {
            Ok(Token::End | Token::Break) => {
                Mistake::new(self.last.clone(), message, "after this", HELP)
            }
            _ => Mistake::new(self.next.range.clone(), message, "before this", HELP),
        }
    }
}
