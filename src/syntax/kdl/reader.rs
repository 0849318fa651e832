//! Reads tokens as blocks of nodes, and goes on after each mistake.

use std::ops::Range;

use crate::{
    diag::{FileId, Finding, SourceSpan, Spanned},
    syntax::{
        Node,
        limits::{Budget, DEPTH, MISTAKES},
    },
};

use super::{
    NOT_KDL, Read, TOO_DEEP,
    lex::{Lexeme, Lexer, Token},
    mistake::Mistake,
};

/// What ends a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blocks {
    /// The brace that closes it, as KDL says.
    Braces,
    /// That brace, or a node at the left margin: for a text whose braces do not match.
    Margin,
}

/// How far the reading of a text goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Course {
    /// To the end of the text.
    On,
    /// To the last mistake, after which nothing can be read.
    Over,
    /// The text has too much of something for a topology, and nothing of it is kept.
    Hopeless,
}

/// A text that is being read.
pub(super) struct Reader<'t> {
    file: FileId,
    text: &'t str,
    lexer: Lexer<'t>,
    budget: &'t mut Budget,
    blocks: Blocks,
    /// The token that is to be read next.
    pub(super) next: Lexeme,
    /// Where the token before it stands.
    pub(super) last: Range<usize>,
    /// The name of the node to be read next, where it was read to see what it is.
    pub(super) waiting: Option<Spanned<String>>,
    depth: usize,
    mistakes: Vec<Finding>,
    course: Course,
    has_unmatched: bool,
    /// Whether a brace of the node at the top that is being read has no partner.
    is_torn: bool,
}

/// The nodes of a block.
#[derive(Debug, Default)]
pub(super) struct Block {
    pub(super) nodes: Vec<Node>,
    /// Whether none of them is lost; of one that was read in part, the name is kept.
    pub(super) is_whole: bool,
}

impl<'t> Reader<'t> {
    /// Starts with the text.
    pub(super) fn new(file: FileId, text: &'t str, budget: &'t mut Budget, blocks: Blocks) -> Self {
        let mut lexer = Lexer::new(text);
        let next = lexer.read();
        Self {
            file,
            text,
            lexer,
            budget,
            blocks,
            next,
            last: 0..0,
            waiting: None,
            depth: 0,
            mistakes: Vec::new(),
            course: Course::On,
            has_unmatched: false,
            is_torn: false,
        }
    }

    /// Reads all of it.
    pub(super) fn read(mut self) -> Read {
        let Block { nodes, is_whole } = self.nodes(None);
        Read {
            nodes,
            is_whole: is_whole && self.course == Course::On,
            mistakes: self.mistakes,
            has_unmatched: self.has_unmatched,
            is_hopeless: self.course == Course::Hopeless,
        }
    }

    /// Goes on to the next token, and returns the place of this one.
    pub(super) fn skip(&mut self) -> SourceSpan {
        self.last = self.next.range.clone();
        if self.course == Course::On {
            self.next = self.lexer.read();
        }
        self.span(self.last.clone())
    }

    pub(super) fn is_at(&self, token: &Token) -> bool {
        self.next.token.as_ref() == Ok(token)
    }

    pub(super) fn span(&self, range: Range<usize>) -> SourceSpan {
        SourceSpan::new(self.file, range)
    }

    pub(super) fn report(&mut self, mistake: Mistake) {
        let mistake = mistake.into_inner();
        let finding = Finding::error(NOT_KDL, mistake.message)
            .label(self.span(mistake.range), mistake.label)
            .help(mistake.help);
        self.mistakes.push(finding);
        if self.mistakes.len() >= MISTAKES {
            self.end(Course::Hopeless);
        } else if mistake.is_last {
            self.stop();
        }
    }

    /// Reads no further; this finding is the only one.
    fn give_up(&mut self, finding: Finding) {
        self.mistakes = vec![finding];
        self.end(Course::Hopeless);
    }

    /// Counts a node or value. Where it is one too many, nothing more is read.
    pub(super) fn count(&mut self, place: SourceSpan) {
        if let Err(finding) = self.budget.take(1, place) {
            self.give_up(*finding);
        }
    }

    pub(super) fn stop(&mut self) {
        self.end(Course::Over);
    }

    fn end(&mut self, course: Course) {
        self.course = self.course.max(course);
        self.next.token = Ok(Token::End);
    }

    /// The nodes up to the end of the text, or up to the `}` that closes the `{` at `open`.
    fn nodes(&mut self, open: Option<&Range<usize>>) -> Block {
        let mut block = Block { nodes: Vec::new(), is_whole: true };
        loop {
            match (&self.next.token, open) {
                (Ok(Token::Break), _) => {
                    self.skip();
                }
                // At the margin, a `}` is that of a node at the top.
                (Ok(Token::Close), Some(open)) if self.depth > 1 && self.is_cut_off() => {
                    self.never_closed(open);
                    return block;
                }
                (Ok(Token::Close), Some(_)) => {
                    self.skip();
                    return block;
                }
                (Ok(Token::Close), None) => {
                    let range = self.next.range.clone();
                    let help = "remove it, or open the block that it should close with `{`";
                    self.report(Mistake::new(range, "this `}` closes nothing", "here", help));
                    self.has_unmatched = true;
                    block.nodes.last_mut().map(tear);
                    self.skip();
                }
                (Ok(Token::End), None) => return block,
                (Ok(Token::End), Some(open)) => {
                    if self.course == Course::On {
                        self.never_closed(open);
                    } else {
                        block.is_whole = false;
                    }
                    return block;
                }
                (_, Some(open)) if self.is_cut_off() => {
                    self.never_closed(open);
                    return block;
                }
                (_, open) => {
                    self.node_of(&mut block, open.is_none());
                    while self.waiting.is_some() {
                        self.node_of(&mut block, open.is_none());
                    }
                }
            }
        }
    }

    /// Reads the next node of a block.
    fn node_of(&mut self, block: &mut Block, is_top: bool) {
        let is_stray = is_top && self.blocks == Blocks::Margin && self.is_indented();
        let (node, is_lost) = self.node();
        block.is_whole &= !is_lost;
        let is_torn = is_top && std::mem::take(&mut self.is_torn);
        if is_stray {
            // It belongs to the node before it, whose block was closed too early.
            block.nodes.last_mut().map(tear);
            return;
        }
        block.nodes.extend(node.map(|mut node| {
            is_torn.then(|| tear(&mut node));
            node
        }));
    }

    fn never_closed(&mut self, open: &Range<usize>) {
        let help = "close it with `}` where its children end";
        self.report(Mistake::new(open.clone(), "this `{` is never closed", "here", help));
        self.has_unmatched = true;
        self.is_torn = true;
    }

    /// Whether the next token is the first character of its line.
    fn is_at_margin(&self) -> bool {
        let before = &self.text[..self.next.range.start];
        before.is_empty() || before.ends_with(['\n', '\r'])
    }

    /// Whether the block before the next token was ended by the margin, and the node that has it too.
    pub(super) fn is_cut_off(&self) -> bool {
        self.blocks == Blocks::Margin && self.is_at_margin()
    }

    /// Whether the next token is the first of its line, after blanks.
    fn is_indented(&self) -> bool {
        let before = self.text[..self.next.range.start].trim_end_matches([' ', '\t']);
        before.len() < self.next.range.start
            && (before.is_empty() || before.ends_with(['\n', '\r']))
    }

    /// The children in the block that begins here.
    pub(super) fn children(&mut self) -> Block {
        let open = self.next.range.clone();
        if self.depth == DEPTH {
            let message = format!("this file nests deeper than {DEPTH} levels");
            let finding = Finding::error(TOO_DEEP, message)
                .label(self.span(open), "this is one level too many")
                .help("close the braces before it; no topology needs more than 4 levels");
            self.give_up(finding);
            return Block::default();
        }
        self.skip();
        self.depth += 1;
        let block = self.nodes(Some(&open));
        self.depth -= 1;
        block
    }
}

/// Keeps of a node what stands before its block: its braces do not match, so what is in it may belong elsewhere.
fn tear(node: &mut Node) {
    node.children.clear();
    node.is_whole = false;
}
