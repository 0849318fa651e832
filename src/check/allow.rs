//! `allow "SF0403" because="..."` in a node: findings that were reviewed and accepted.
//!
//! What the plan is built on cannot be allowed: mistakes of syntax and names, and what makes ports or files impossible.

use crate::{
    diag::{Code, Finding, Findings, Fix, Page, Severity, SourceSpan, Spanned},
    syntax::{Cursor, Loaded, Node, nearest, node_removal},
    types::Reason,
};

use super::run::all;

/// An `allow` that allows nothing.
const CODE: Code = Code("SF0014");

pub(super) const PAGE: Page = Page { code: CODE, text: include_str!("allow.md") };

/// Takes out the findings that a node of the topology allows, and reports every `allow` that is wrong.
///
/// Where the topology could not be read whole, checks may have missed what an `allow` is for: then it is not said to
/// be without effect.
pub fn apply_allows(loaded: &Loaded, is_complete: bool, findings: &mut Findings) {
    let mut allows = Vec::new();
    for node in &loaded.nodes {
        collect(node, &mut allows, findings);
    }
    let is_complete = is_complete && !findings.iter().any(is_syntax_error);
    findings.retain(|finding| {
        let Some(place) = finding.labels.first().map(|label| label.span) else { return true };
        let mut is_allowed = false;
        for allow in allows.iter_mut().filter(|_| may_be_allowed(finding)) {
            if finding.code.0 == allow.code.value && holds(allow.node, place) {
                allow.is_used = true;
                is_allowed = true;
            }
        }
        !is_allowed
    });
    let sources = &loaded.sources;
    findings.extend(allows.iter().filter_map(|allow| {
        let finding = useless(allow, is_complete)?;
        let label = "drop the `allow`".to_owned();
        let edit = node_removal(sources, allow.child.whole);
        Some(finding.fixes(edit.map(|edit| Fix { label, edits: vec![edit] })))
    }));
}

/// A placeholder that was left in.
const PLACEHOLDER_LEFT: &str = "SF0016";

struct Allow<'n> {
    /// The node in which it stands.
    node: &'n Node,
    /// The `allow` itself.
    child: &'n Node,
    code: Spanned<String>,
    is_used: bool,
}

/// The `allow` nodes of a node and of those in it; one without a reason allows nothing.
fn collect<'n>(node: &'n Node, allows: &mut Vec<Allow<'n>>, findings: &mut Findings) {
    for child in &node.children {
        if child.name.value != "allow" {
            collect(child, allows, findings);
            continue;
        }
        let mut cursor = Cursor::new(child, findings);
        let (code, because) = (cursor.arg(0), cursor.required_prop::<Reason>("because"));
        let (Some(code), Some(_)) = (code, because) else { continue };
        allows.push(Allow { node, child, code, is_used: false });
    }
}

/// Whether a place lies in a node. In TOML what belongs to a node may be written in several places.
fn holds(node: &Node, place: SourceSpan) -> bool {
    let covers = |span: SourceSpan| {
        span.file == place.file && span.start <= place.start && place.end <= span.end
    };
    covers(node.whole)
        || node.args.iter().any(|arg| covers(arg.span))
        || node.props.iter().any(|prop| covers(prop.key.span) || covers(prop.value.span))
        || node.children.iter().any(|child| holds(child, place))
}

/// Whether the code is that of a check whose judgement the user may overrule. Codes that begin with `SF00` are about
/// texts that no file or program can carry, which nobody can overrule; only a placeholder may be meant as it stands.
fn is_check(code: &str) -> bool {
    let is_judgement = !code.starts_with("SF00") || code == PLACEHOLDER_LEFT;
    is_judgement && all().any(|check| check.page.code.0 == code)
}

fn is_syntax_error(finding: &Finding) -> bool {
    finding.severity == Severity::Error && finding.code.0.starts_with("SF00")
}

/// What a check finds is a judgement, which the user may overrule; all other errors end the compilation.
fn may_be_allowed(finding: &Finding) -> bool {
    let code = finding.code.0;
    is_check(code) || (finding.severity == Severity::Warning && !code.starts_with("SF00"))
}

fn useless(allow: &Allow<'_>, is_complete: bool) -> Option<Finding> {
    let Allow { node, code, is_used, .. } = allow;
    let (name, code, span) = (&node.name.value, code.value.as_str(), code.span);
    let warn = |message: String| Finding::warning(CODE, message).label(span, "this code");
    if *is_used {
        return None;
    }
    if !is_check(code) {
        let codes = all().map(|check| check.page.code.0).filter(|code| is_check(code));
        let near = nearest(code, codes).unwrap_or("SF0403");
        return Some(warn(format!("no check finds `{code}`, so it cannot be allowed")).help(
            format!(
                "mend what it is about, or name the code of a check; the nearest one is `{near}`"
            ),
        ));
    }
    is_complete.then(|| {
        warn(format!("nothing in this `{name}` is a `{code}`"))
            .help("drop the `allow`, or move it into the node that the finding is about")
    })
}
