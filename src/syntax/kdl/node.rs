//! Reads one node: its name, arguments, properties and block.

use crate::{
    diag::Spanned,
    syntax::{Node, Property, Value},
};

use super::{
    lex::Token,
    mistake::{HELP, Mistake},
    reader::Reader,
};

/// Where arguments and properties have their place.
const AFTER_BLOCK: &str = "arguments and properties of a node stand before its children";

impl Reader<'_> {
    /// A node with what ends it, and whether there is one that is lost: that has a mistake before its name is known.
    /// There is no node behind `/-`.
    pub(super) fn node(&mut self) -> (Option<Node>, bool) {
        let is_dropped = self.slashdash();
        let waiting = self.waiting.take();
        let mut node = match waiting.map_or_else(|| self.name(), Ok) {
            Ok(name) => self.named(name),
            Err(mistake) => {
                self.report(mistake);
                self.recover(None);
                return (None, true);
            }
        };
        if let Err(mistake) = self.rest_of_node(&mut node) {
            node.is_whole = false;
            self.report(mistake);
            self.recover(Some(&mut node));
        }
        // Most nodes have one or two of each, and a vector that grows takes room for four at once.
        node.args.shrink_to_fit();
        node.props.shrink_to_fit();
        node.children.shrink_to_fit();
        ((!is_dropped).then_some(node), false)
    }

    fn name(&mut self) -> Result<Spanned<String>, Mistake> {
        if self.is_at(&Token::OpenType) {
            self.annotation()?;
        }
        match self.value("a node's name")? {
            Spanned { value: Value::Text(name), span } => Ok(Spanned::new(name, span)),
            Spanned { value, span } => {
                let message = format!("a node's name is a string, not {}", value.kind());
                Err(Mistake::new(span.start..span.end, message, "this value", HELP))
            }
        }
    }

    fn named(&mut self, name: Spanned<String>) -> Node {
        let (head, whole) = (name.span, name.span);
        self.count(whole);
        Node {
            name,
            args: Vec::new(),
            props: Vec::new(),
            children: Vec::new(),
            head,
            whole,
            is_whole: true,
        }
    }

    /// Goes on after the rest of a node in which a mistake was found. Its children are kept, since mistakes in them are
    /// others.
    fn recover(&mut self, mut node: Option<&mut Node>) {
        loop {
            match &self.next.token {
                Ok(Token::End | Token::Break | Token::Close) => return,
                Ok(Token::Semicolon) => {
                    self.skip();
                    return;
                }
                Ok(Token::Open) => {
                    let children = self.children().nodes;
                    if let Some(node) = &mut node {
                        node.children.extend(children);
                        node.whole.end = self.last.end;
                    }
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
                    let block = self.children();
                    has_blocks = true;
                    if !is_dropped {
                        has_children = true;
                        node.children = block.nodes;
                        node.is_whole &= block.is_whole;
                    }
                    if self.is_cut_off() {
                        node.whole.end = self.last.end;
                        return Ok(());
                    }
                }
                Ok(Token::Value(Value::Text(_))) if has_blocks && !is_dropped => {
                    return self.after_block();
                }
                Ok(Token::Value(_) | Token::OpenType) => {
                    if has_blocks {
                        return Err(self.unexpected(AFTER_BLOCK, "this is after them"));
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

    /// Where a text follows the block of a node: the name of a node that lacks its `;`, and is read next, or a property
    /// that stands too late.
    fn after_block(&mut self) -> Result<(), Mistake> {
        let text = self.value("a value")?;
        let range = text.span.start..text.span.end;
        if self.is_at(&Token::Equals) {
            let help = "write it before the `{` of the node";
            return Err(Mistake::new(range, AFTER_BLOCK, "this is after them", help));
        }
        if let Value::Text(name) = text.value {
            let message = format!("a `;` is missing between `}}` and the node `{name}`");
            let help = format!("write `}}; {name}`, or begin a new line with `{name}`");
            self.report(Mistake::new(range, message, "this node begins after a `}`", help));
            self.waiting = Some(Spanned::new(name, text.span));
        }
        Ok(())
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
