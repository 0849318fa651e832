//! KDL 2 text as nodes.
//!
//! The reader is our own, since it must be safe with files that others wrote: it reads each character a fixed number of
//! times, descends at most `DEPTH` levels, keeps no more nodes than its [`Budget`] has, and makes one finding of one mistake. Why the
//! `kdl` crate is not used, and how both compare, is in `docs/kdl.md`.
//!
//! A text with mistakes yields the nodes that could be read all the same, so that what is wrong with their names and
//! values is said in the same run. A node of which something could not be read says so ([`Node::is_whole`]).

mod chars;
mod lex;
mod mistake;
mod node;
mod pieces;
mod quoted;
mod reader;
#[cfg(test)]
mod tests;
mod word;

use crate::diag::{Code, FileId, Finding, Findings};

use self::reader::{Blocks, Reader};
use super::{Node, limits::Budget};

pub(super) use self::pieces::{Piece, Pieces};

/// The text is not KDL.
const NOT_KDL: Code = Code("SF0001");
/// The text nests deeper than any topology does.
const TOO_DEEP: Code = Code("SF0002");

/// The nodes of a KDL text; `None` where there is any mistake in it, which is reported.
pub(super) fn parse(
    file: FileId,
    text: &str,
    budget: &mut Budget,
    findings: &mut Findings,
) -> Option<Vec<Node>> {
    let read = Reader::new(file, text, budget, Blocks::Braces).read();
    let has_mistakes = !read.mistakes.is_empty();
    findings.extend(read.mistakes);
    (!has_mistakes).then_some(read.nodes)
}

/// The nodes of a KDL text as far as they can be read, and whether none at the top is lost; mistakes are reported.
///
/// Where braces do not match, a node belongs to another one than its writer meant, and findings about it would mislead.
/// Such a text is read again with its lines as a guide: in a file whose blocks are indented, a node at the margin is one
/// of the top, and of the node before it, in which the brace is wrong, only the name is kept.
pub(super) fn parse_partly(
    file: FileId,
    text: &str,
    budget: &mut Budget,
    findings: &mut Findings,
) -> (Vec<Node>, bool) {
    let full = budget.clone();
    let read = Reader::new(file, text, budget, Blocks::Braces).read();
    let Read { nodes, is_whole, mut mistakes, has_unmatched, is_hopeless } = read;
    let mut kept = if is_hopeless { (Vec::new(), false) } else { (nodes, is_whole) };
    if has_unmatched && !is_hopeless {
        kept = (Vec::new(), false);
        *budget = full;
        let by_margin = Reader::new(file, text, budget, Blocks::Margin).read();
        if by_margin.mistakes.len() <= mistakes.len() && !by_margin.is_hopeless {
            mistakes = by_margin.mistakes;
            kept = (by_margin.nodes, by_margin.is_whole);
        }
    }
    findings.extend(mistakes);
    kept
}

/// What the reading of a text yields.
struct Read {
    nodes: Vec<Node>,
    /// Whether no node at the top is lost.
    is_whole: bool,
    mistakes: Vec<Finding>,
    /// Whether a brace has no partner.
    has_unmatched: bool,
    /// Whether there is too much of something in it for a topology.
    is_hopeless: bool,
}
