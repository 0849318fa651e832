//! How KDL 2 is read, and which findings other texts yield.

use proptest::prelude::*;

use super::*;
use crate::{
    diag::{SourceSpan, Sources, Spanned},
    syntax::{Property, Value, limits::DEPTH, node::all_pairs},
};

fn read(text: &str) -> (Option<Vec<Node>>, Findings) {
    let mut findings = Findings::default();
    let file = Sources::default().add("t.kdl", text);
    (parse(file, text, &mut Budget::default(), &mut findings), findings)
}

#[test]
fn values_and_names_keep_their_places() {
    let text = "é 1 key=\"漢\" {\n  child #true\n}\n";
    let nodes = read(text).0.unwrap();
    let at = |span: SourceSpan| &text[span.start..span.end];
    assert_eq!(at(nodes[0].name.span), "é");
    assert_eq!(at(nodes[0].args[0].span), "1");
    assert_eq!(at(nodes[0].props[0].key.span), "key");
    assert_eq!(at(nodes[0].props[0].value.span), "\"漢\"");
    assert_eq!(at(nodes[0].children[0].args[0].span), "#true");
    assert_eq!(at(nodes[0].whole), text.trim_end());
}

#[test]
fn one_mistake_is_one_finding_at_its_place() {
    for (text, place) in [
        ("a {\n b =1\n}\n", "="),
        ("c \"x\nd 1\n", "\""),
        ("c #\"x\nd 1\n", "#\""),
        ("c \"\"\"\n x\n}\n", "\"\"\""),
        ("a {\n b {\n c\n}\n", "{\n b"),
        ("a\n}\nb\n", "}"),
        ("a {} b\n", "b"),
        ("a {} {}\n", "{}\n"),
        ("a [1, 2] {\n b\n}\n", "["),
        ("a k=\nb\n", "="),
        ("a 127.0.0.1:80\n", "127.0.0.1:80"),
        ("a true\n", "true"),
        ("a \"\\q\" {\n b 1\n}\n", "\\q"),
        ("a \"b\"\"c\" 1 2\n", "\"c\""),
        ("a \\ b\n", "\\"),
        ("a /* b\nc {\n", "/*"),
        ("/-\n", "/-"),
        ("1 2 3\n", "1"),
        ("a (t 1\n", "1"),
        ("a #maybe\n", "#maybe"),
        ("a \u{7f} b\n", "\u{7f}"),
    ] {
        let (nodes, findings) = read(text);
        assert!(nodes.is_none(), "{text}");
        let found: Vec<_> = findings.iter().collect();
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        let span = found[0].labels[0].span;
        assert!(text[span.start..].starts_with(place), "{text}: {found:?}");
        assert_eq!(found[0].code, NOT_KDL);
    }
}

/// What is read of a text with mistakes: each node with its arguments and children, `?` after one that is not whole; and
/// `?` at the end where one is lost.
fn partly(text: &str) -> (String, usize) {
    fn shown(nodes: &[Node]) -> String {
        let one = |node: &Node| {
            let args: Vec<_> = node.args.iter().map(|arg| format!(" {}", arg.value)).collect();
            let props = node.props.iter().map(|prop| format!(" {}", prop.key.value));
            let block = shown(&node.children);
            let block = if block.is_empty() { block } else { format!(" {{{block}}}") };
            let sign = if node.is_whole { "" } else { "?" };
            format!(
                "{}{}{}{block}{sign}",
                node.name.value,
                args.concat(),
                props.collect::<String>()
            )
        };
        nodes.iter().map(one).collect::<Vec<_>>().join("; ")
    }
    let mut findings = Findings::default();
    let file = Sources::default().add("t.kdl", text);
    let (nodes, is_whole) = parse_partly(file, text, &mut Budget::default(), &mut findings);
    (shown(&nodes) + if is_whole { "" } else { " ?" }, findings.iter().count())
}

#[test]
fn what_can_be_read_of_a_text_with_mistakes_is_kept() {
    for (text, kept, mistakes) in [
        ("a 1 k=\nb 2\n", "a 1?; b 2", 1),
        ("a k= {\n c 1\n}\nb\n", "a {c 1}?; b", 1),
        ("a {\n = 1\n c\n}\nb\n", "a {c}?; b", 1),
        ("1 2\nb\n", "b ?", 1),
        ("a \"x\nb 1\n", "a?; b 1", 1),
        ("a { b; } c 1 { d; }; e\n", "a {b}; c 1 {d}; e", 1),
        ("a { b; } k=1\nc\n", "a {b}?; c", 1),
        ("a { b; } { c; }\nd\n", "a {b; c}?; d", 1),
        ("a { b } c } d\n", "a {b}; c?; d", 2),
        ("a 1\nb /* c\nd\n", "a 1; b? ?", 1),
    ] {
        assert_eq!(partly(text), (kept.to_owned(), mistakes), "{text}");
    }
}

#[test]
fn where_braces_do_not_match_the_margin_tells_the_nodes_of_the_top() {
    for (text, kept) in [
        ("a 1 {\n  b {\n    c\n}\nd 2 {\n  e\n}\n", "a 1?; d 2 {e}"),
        ("a 1 {\n  b {\n    c\n  }\nd 2 {\n  e\n}\n", "a 1?; d 2 {e}"),
        ("a 1 {\n  b\n  }\n  c\n}\nd 2\n", "a 1?; d 2"),
        ("a 1 {\n  b }\n}\nd 2\n", "a 1?; d 2"),
        ("a 1\nd 2 {\n  e\n", "a 1; d 2?"),
        // Without indentation nothing tells to whom a node belongs.
        ("a {\nb {\nc\n}\nd\n", " ?"),
    ] {
        assert_eq!(partly(text), (kept.to_owned(), 1), "{text}");
    }
}

#[test]
fn every_mistake_is_told() {
    let (_, findings) = read("a =\nb { c ]; d ( ; e 1; }\nf \"\n}\n");
    let places: Vec<_> = findings.iter().map(|finding| finding.labels[0].span.start).collect();
    assert_eq!(places, [2, 10, 17, 28, 30]);
}

/// What the `kdl` crate reads, without places.
fn as_the_crate_reads(text: &str) -> Option<Vec<Node>> {
    fn text_of(value: &kdl::KdlValue) -> Value {
        match value {
            kdl::KdlValue::String(text) => Value::Text(text.clone()),
            kdl::KdlValue::Integer(number) => Value::Integer(*number),
            kdl::KdlValue::Float(number) => Value::Float(*number),
            kdl::KdlValue::Bool(truth) => Value::Bool(*truth),
            kdl::KdlValue::Null => Value::Null,
        }
    }
    fn nodes(document: &kdl::KdlDocument, at: SourceSpan) -> Vec<Node> {
        document.nodes().iter().map(|node| convert(node, at)).collect()
    }
    fn convert(node: &kdl::KdlNode, at: SourceSpan) -> Node {
        let name = Spanned::new(node.name().value().to_owned(), at);
        let (mut args, mut props) = (Vec::new(), Vec::new());
        for entry in node.entries() {
            let value = Spanned::new(text_of(entry.value()), at);
            match entry.name() {
                None => args.push(value),
                Some(key) => {
                    props.push(Property { key: Spanned::new(key.value().to_owned(), at), value });
                }
            }
        }
        let children = node.children().map(|children| nodes(children, at)).unwrap_or_default();
        Node { name, args, props, children, head: at, whole: at, is_whole: true }
    }
    let document = kdl::KdlDocument::parse_v2(text).ok()?;
    Some(nodes(&document, SourceSpan::new(Sources::default().add("", ""), 0..0)))
}

#[test]
fn depth_ends_the_reading_and_nothing_else_does() {
    let deep = |levels: usize| "a {".repeat(levels) + &"}".repeat(levels);
    assert!(read(&deep(DEPTH)).0.is_some());
    let findings = read(&deep(DEPTH + 1)).1;
    let found: Vec<_> = findings.iter().map(|f| (f.code, f.labels[0].span.start)).collect();
    assert_eq!(found, [(TOO_DEEP, 3 * DEPTH + 2)]);
    assert!(read(&("/*".repeat(100_000) + &"*/".repeat(100_000))).0.is_some());
    assert!(read(&("a /-{".repeat(DEPTH) + &"}".repeat(DEPTH))).0.is_some());
}

#[test]
fn strings_mean_what_kdl_says() {
    let value = |text: &str| match &read(&format!("a {text}\n")).0?[0].args[0].value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    };
    for (text, meant) in [
        (r#""a\"b\\\n\s\u{e9}""#, "a\"b\\\n \u{e9}"),
        ("\"a \\\n   b\"", "a b"),
        ("#\"a\\n\"b\"#", "a\\n\"b"),
        ("##\"a\"#b\"##", "a\"#b"),
        ("\"\"\"\n  a\n\n    b\n \n  \"\"\"", "a\n\n  b\n"),
        ("\"\"\"\r\n\ta\r\n\tb\r\n\t\"\"\"", "a\nb"),
        ("\"\"\"\n  a \\\n     b\n  \"\"\"", "a b"),
        ("\"\"\"\n  a\\n  b\\\"\"\"\n  \"\"\"", "a\n  b\"\"\""),
        ("\"\"\"\n\"\"\"", ""),
        ("#\"\"\"\n  a\\\n  \"\"\"#", "a\\"),
        ("bare-word", "bare-word"),
    ] {
        assert_eq!(value(text).as_deref(), Some(meant), "{text}");
    }
    for text in [
        "\"\"\"a\"\"\"",
        "\"\"\"\n a\n  \"\"\"",
        "\"\"\"\n a \"\"\"",
        "#\"\"\"#",
        "\"\\u{d800}\"",
        "\"\\/\"",
    ] {
        assert_eq!(read(&format!("a {text}\n")).1.iter().count(), 1, "{text}");
    }
}

fn soup() -> impl Strategy<Value = String> {
    let words = [
        "a",
        "b-1",
        "1",
        "-0x1F",
        "1.5e3",
        "k=2",
        "k=",
        "=",
        "(t)",
        "\"x\"",
        "\"\\n\\u{e9}\"",
        "\"",
        "#\"}\"#",
        "#true",
        "#",
        "#nan",
        "\"\"\"",
        "\"\"\"\n  t\n  \"\"\"",
        "#\"\"\"\n t\n \"\"\"#",
        "{",
        "}",
        "{",
        "}",
        ";",
        " ",
        " ",
        "  ",
        "\t",
        "\n",
        "\n",
        "\r\n",
        "\\\n",
        "\\",
        "/-",
        " /-",
        "//c {\n",
        "/* } */",
        "/* /* */",
        "[",
        "true",
        ".5",
        "+",
        "\u{a0}",
        "\u{2028}",
        "\u{feff}",
        "é",
        "\u{7f}",
    ];
    prop::collection::vec(prop::sample::select(words.to_vec()), 0..20)
        .prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    /// The crate takes some texts that are no KDL; none of those is worth following.
    #[test]
    fn what_is_kdl_is_read_as_the_kdl_crate_reads_it(text in soup()) {
        let (ours, findings) = read(&text);
        prop_assert_eq!(ours.is_none(), !findings.is_empty());
        if let (Some(ours), Some(theirs)) = (ours, as_the_crate_reads(&text)) {
            prop_assert!(all_pairs(&ours, &theirs, Node::means), "{:?}: {:?} {:?}", text, ours, theirs);
        }
    }
}
