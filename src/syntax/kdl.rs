//! KDL 2 text as nodes.

use kdl::{KdlDocument, KdlEntry, KdlError, KdlIdentifier, KdlNode, KdlValue};

use crate::diag::{Code, FileId, Finding, Findings, SourceSpan, Spanned};

use super::{Node, Property, Value, nesting};

/// The text is not KDL.
const NOT_KDL: Code = Code("SF0001");
/// The text nests deeper than any topology does.
const TOO_DEEP: Code = Code("SF0002");

/// The nodes of a KDL text; `None` where it cannot be read, which is reported.
pub(super) fn parse(file: FileId, text: &str, findings: &mut Findings) -> Option<Vec<Node>> {
    if let Some(at) = nesting::too_deep_at(text) {
        let message = format!("this file nests deeper than {} levels", nesting::LIMIT);
        let finding = Finding::error(TOO_DEEP, message)
            .label(SourceSpan::new(file, at..at + 1), "this is one level too many")
            .help("close the braces or comments before it; no topology needs more than 4 levels");
        findings.push(finding);
        return None;
    }
    match parse_on_ample_stack(text) {
        Ok(document) => Some(nodes(file, &document)),
        Err(error) => {
            findings.extend(error.diagnostics.iter().map(|diagnostic| {
                // The parser's place may begin or end within a character.
                let offset = diagnostic.span.offset();
                let start = text.floor_char_boundary(offset);
                let end = text.ceil_char_boundary(offset + diagnostic.span.len().max(1));
                let message = diagnostic.message.as_deref().unwrap_or("this is not KDL 2");
                let label = diagnostic.label.as_deref().unwrap_or("here");
                let help = diagnostic.help.as_deref().unwrap_or(
                    "strings are quoted, properties are `key=value`, `#true` and `#false` have a `#`",
                );
                Finding::error(NOT_KDL, lower_first(message))
                    .label(SourceSpan::new(file, start..end), label)
                    .help(help)
            }));
            None
        }
    }
}

/// Parses on a thread whose stack grows with the text.
///
/// The parser descends once per mistake at the top of a file (6.7.1: 3000 stray `}` use up 8 MiB in a debug build), so
/// a text that is no KDL at all needs more than threads have. Memory is taken only as far as the stack is used.
fn parse_on_ample_stack(text: &str) -> Result<KdlDocument, KdlError> {
    const PER_BYTE: usize = 6 << 10;
    let stack = text.len().saturating_mul(PER_BYTE).clamp(4 << 20, 1 << 30);
    std::thread::scope(|scope| {
        let parse = || KdlDocument::parse_v2(text);
        let Ok(thread) = std::thread::Builder::new().stack_size(stack).spawn_scoped(scope, parse)
        else {
            return KdlDocument::parse_v2(text);
        };
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn lower_first(text: &str) -> String {
    let mut chars = text.trim_end_matches('.').chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

fn nodes(file: FileId, document: &KdlDocument) -> Vec<Node> {
    document.nodes().iter().map(|node| convert(file, node)).collect()
}

fn convert(file: FileId, node: &KdlNode) -> Node {
    let mut args = Vec::new();
    let mut props = Vec::new();
    for entry in node.entries() {
        let value = Spanned::new(value(entry.value()), value_span(file, entry));
        match entry.name() {
            Some(key) => props.push(Property { key: name(file, key), value }),
            None => args.push(value),
        }
    }
    let children = node.children().map(|children| nodes(file, children)).unwrap_or_default();
    let name = name(file, node.name());
    let head = args.first().map_or(name.span.end, |arg| arg.span.end.max(name.span.end));
    let span = node.span();
    // The parser's span may begin with blanks or end before the children.
    let end = (span.offset() + span.len()).max(head);
    let (head, whole) = (SourceSpan { end: head, ..name.span }, SourceSpan { end, ..name.span });
    Node { name, args, props, children, head, whole }
}

fn name(file: FileId, name: &KdlIdentifier) -> Spanned<String> {
    let span = name.span();
    let range = span.offset()..span.offset() + span.len();
    Spanned::new(name.value().to_owned(), SourceSpan::new(file, range))
}

/// Where the value stands: the end of the entry, since the parser's span covers `key=value` whole.
fn value_span(file: FileId, entry: &KdlEntry) -> SourceSpan {
    let span = entry.span();
    let end = span.offset() + span.len();
    let len = entry.format().map_or(span.len(), |format| format.value_repr.len());
    SourceSpan::new(file, end - len.min(span.len())..end)
}

fn value(value: &KdlValue) -> Value {
    match value {
        KdlValue::String(text) => Value::Text(text.clone()),
        KdlValue::Integer(number) => Value::Integer(*number),
        KdlValue::Float(number) => Value::Float(*number),
        KdlValue::Bool(truth) => Value::Bool(*truth),
        KdlValue::Null => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Sources;

    #[test]
    fn values_and_names_keep_their_places() {
        let text = "é 1 key=\"漢\" {\n  child #true\n}\n";
        let mut sources = Sources::default();
        let file = sources.add("t.kdl", text);
        let mut findings = Findings::default();
        let nodes = parse(file, text, &mut findings).unwrap();
        assert!(findings.is_empty());
        let at = |span: SourceSpan| &text[span.start..span.end];
        assert_eq!(at(nodes[0].name.span), "é");
        assert_eq!(at(nodes[0].args[0].span), "1");
        assert_eq!(at(nodes[0].props[0].key.span), "key");
        assert_eq!(at(nodes[0].props[0].value.span), "\"漢\"");
        assert_eq!(at(nodes[0].children[0].args[0].span), "#true");
    }

    #[test]
    fn text_that_is_not_kdl_is_reported_with_every_place() {
        let text = "a {\n b =1\n}\nc \"x\n";
        let mut sources = Sources::default();
        let file = sources.add("t.kdl", text);
        let mut findings = Findings::default();
        assert!(parse(file, text, &mut findings).is_none());
        assert!(findings.has_errors());
        assert!(
            findings.iter().all(|finding| finding.code == NOT_KDL && finding.labels.len() == 1)
        );
    }
}
