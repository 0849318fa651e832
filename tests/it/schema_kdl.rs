//! The schema of `topology.kdl`, carried out by a small reader of the KDL Schema Language.

use sfgen::{
    cli::SCHEMAS,
    diag::Findings,
    syntax::{self, Node},
};

use crate::schemas::topologies;

/// The schema of KDL, as nodes.
struct KdlSchema {
    document: Node,
}

impl KdlSchema {
    fn read() -> Self {
        let schema = SCHEMAS.iter().find(|schema| schema.name == "topology-kdl").unwrap();
        let text = schema.text();
        let file = sfgen::diag::Sources::default().add("s.kdl", text.as_str());
        let mut findings = Findings::default();
        let nodes = syntax::parse(file, "s.kdl", &text, &mut findings);
        assert!(findings.is_empty());
        let [document] = <[Node; 1]>::try_from(nodes.unwrap()).unwrap();
        Self { document }
    }

    /// The definition to which a node of the schema refers.
    fn definition(&self, reference: &Node) -> &Node {
        let query = reference.prop("ref").unwrap().value.value.to_string();
        let id = query.strip_prefix("[id=\"").unwrap().strip_suffix("\"]").unwrap();
        let definitions = self.document.child("definitions").unwrap();
        let mut nodes = definitions.children_named("node");
        nodes.find(|node| node.prop("id").unwrap().value.value.to_string() == id).unwrap()
    }

    /// What is wrong with nodes that stand in `place`.
    fn judge(&self, place: &Node, nodes: &[Node], wrong: &mut Vec<String>) {
        for rule in place.children_named("node") {
            let name = rule.args[0].value.to_string();
            let count = nodes.iter().filter(|node| node.name.value == name).count();
            let limit = |key| Some(number(&rule.child(key)?.args[0].value));
            if limit("min").is_some_and(|min| (count as i128) < min)
                || limit("max").is_some_and(|max| count as i128 > max)
            {
                wrong.push(format!("{count} of `{name}`"));
            }
        }
        for node in nodes {
            let rule = place
                .children_named("node")
                .find(|rule| rule.args[0].value.to_string() == node.name.value);
            let Some(rule) = rule else {
                wrong.push(format!("no node `{}`", node.name.value));
                continue;
            };
            let rule = self.definition(rule);
            values(rule, node, wrong);
            match rule.child("children") {
                Some(place) => self.judge(place, &node.children, wrong),
                None => assert!(node.children.is_empty()),
            }
        }
    }
}

fn number(value: &syntax::Value) -> i128 {
    let syntax::Value::Integer(number) = value else { panic!("{value} is no number") };
    *number
}

fn values(rule: &Node, node: &Node, wrong: &mut Vec<String>) {
    let mut args = node.args.iter().map(|arg| &arg.value).peekable();
    for value in rule.children_named("value") {
        let max = value.child("max").map(|max| number(&max.args[0].value));
        let mut count = 0;
        while max != Some(count)
            && let Some(arg) = args.next()
        {
            count += 1;
            fits(value, arg, wrong);
        }
        if count < number(&value.child("min").unwrap().args[0].value) {
            wrong.push(format!("`{}` needs more", node.name.value));
        }
    }
    if args.next().is_some() {
        wrong.push(format!("`{}` needs less", node.name.value));
    }
    for prop in &node.props {
        let known = rule.children_named("prop").find(|rule| {
            rule.args.first().is_none_or(|key| key.value.to_string() == prop.key.value)
        });
        match known {
            Some(rule) => fits(rule, &prop.value.value, wrong),
            None => wrong.push(format!("`{}` has no `{}`", node.name.value, prop.key.value)),
        }
    }
    for rule in rule.children_named("prop").filter(|rule| rule.child("required").is_some()) {
        if node.prop(&rule.args[0].value.to_string()).is_none() {
            wrong.push(format!("`{}` needs `{}`", node.name.value, rule.args[0].value));
        }
    }
}

/// Whether a value is what the schema says of it; patterns are those of the other schema.
fn fits(rule: &Node, value: &syntax::Value, wrong: &mut Vec<String>) {
    let is_number = matches!(value, syntax::Value::Integer(_));
    // Without a type a value may be of several.
    let wanted = rule.child("type").map(|kind| kind.args[0].value.to_string() == "number");
    let words = rule.child("enum");
    let is_word = words.is_none_or(|words| words.args.iter().any(|word| word.value == *value));
    let limit = |key| Some(number(&rule.child(key)?.args[0].value));
    let is_inside = !is_number
        || (limit(">=").is_none_or(|least| least <= number(value))
            && limit("<=").is_none_or(|most| number(value) <= most));
    if wanted.is_some_and(|wants_number| is_number != wants_number) || !is_word || !is_inside {
        wrong.push(format!("`{value}`"));
    }
}

#[test]
fn every_topology_that_comes_with_sfgen_is_as_the_schema_of_kdl_says() {
    let schema = KdlSchema::read();
    let judge = |nodes: &[Node]| {
        let mut wrong = Vec::new();
        schema.judge(&schema.document, nodes, &mut wrong);
        wrong
    };
    for (path, nodes) in topologies() {
        assert_eq!(judge(&nodes), [""; 0], "{path}");
    }
    let text = "topology 1 mode=\"prod\"\ntopology \"t\" \"u\" { x }\nports { pool 0; }\nparty \"a\" colour=1 { identity; }\n";
    let file = sfgen::diag::Sources::default().add("t.kdl", text);
    let nodes = syntax::parse(file, "t.kdl", text, &mut Findings::default()).unwrap();
    assert_eq!(
        judge(&nodes),
        [
            "2 of `topology`",
            "`1`",
            "`prod`",
            "`topology` needs less",
            "no node `x`",
            "`0`",
            "`pool` needs more",
            "`party` has no `colour`",
            "0 of `host`",
            "`identity` needs `ca`",
            "`identity` needs `cert`",
            "`identity` needs `key`"
        ]
    );
}
