//! What is wrong with a user's template, whatever it is filled in with: all of it at once, also where this topology's plan
//! would not lead.

use handlebars::{
    Path, Template,
    template::{HelperTemplate, Parameter, TemplateElement},
};

use crate::syntax::nearest;

use super::{
    engine::{COMMANDS, LINES, silent_else},
    quote::QUOTES,
    variables::{Shape, Variable},
};

/// Something that is wrong at a place of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Line and column, counted from 1.
    pub place: (usize, usize),
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

/// Helpers around a part of a template, but for loops.
const CONDITIONS: [&str; 2] = ["if", "unless"];
/// Helpers of Handlebars that compare and choose.
const COMPARISONS: [&str; 11] =
    ["lookup", "eq", "ne", "gt", "gte", "lt", "lte", "and", "or", "not", "len"];
/// What a loop sets.
const OF_LOOP: [&str; 4] = ["@index", "@key", "@first", "@last"];

/// The helpers that write a value, which a template may use.
pub(super) fn writers() -> impl Iterator<Item = &'static str> {
    QUOTES.iter().map(|(name, _)| *name).chain([LINES.name, COMMANDS.name])
}

/// Everything that is wrong with the text of a template whose view has this shape.
pub(super) fn mistakes(text: &str, view: &Shape) -> Vec<Mistake> {
    match Template::compile(text) {
        Err(why) => {
            let message = format!("this is no template: {}", why.reason());
            let help = "close each `{{` with `}}` and each block by its name; `\\{{` writes braces";
            vec![Mistake { place: why.pos().unwrap_or((1, 1)), message, help: help.to_owned() }]
        }
        Ok(template) => {
            let mut walk = Walk { scopes: vec![view], place: (1, 1), found: Vec::new() };
            walk.template(&template);
            walk.found
        }
    }
}

/// A walk through a template.
struct Walk<'a> {
    /// What `this` is, from the outermost block to the innermost.
    scopes: Vec<&'a Shape>,
    place: (usize, usize),
    found: Vec<Mistake>,
}

impl<'a> Walk<'a> {
    fn template(&mut self, template: &Template) {
        for (index, element) in template.elements.iter().enumerate() {
            // An `else if` has no place of its own.
            if let Some(place) = template.mapping.get(index) {
                self.place = (place.0, place.1);
            }
            match element {
                TemplateElement::RawString(_) | TemplateElement::Comment(_) => {}
                TemplateElement::Expression(expression)
                | TemplateElement::HtmlExpression(expression) => self.expression(expression),
                TemplateElement::HelperBlock(block) => self.block(block),
                TemplateElement::PartialExpression(_) | TemplateElement::PartialBlock(_) => {
                    self.say("a template cannot include another one", "write it out here");
                }
                TemplateElement::DecoratorExpression(_) | TemplateElement::DecoratorBlock(_) => {
                    self.say("a template cannot define what others use", "write it out in place");
                }
                _ => self.say("this form of an expression is not known", "write it in another way"),
            }
        }
    }

    /// `{{name}}`, `{{helper name}}`, or the same in round brackets.
    fn expression(&mut self, expression: &HelperTemplate) {
        let name = expression.name.as_name().unwrap_or_default();
        if expression.params.is_empty() && expression.hash.is_empty() {
            if writers().any(|writer| writer == name) {
                self.say(
                    format!("`{name}` is given nothing to write"),
                    "name a variable behind it",
                );
            } else {
                self.value(&expression.name);
            }
            return;
        }
        self.helper(name, writers().chain(COMPARISONS));
        self.arguments(expression);
    }

    fn block(&mut self, block: &HelperTemplate) {
        let name = block.name.as_name().unwrap_or_default();
        let is_loop = matches!(name, "each" | "with");
        if !is_loop {
            self.helper(name, CONDITIONS.into_iter().chain(["each", "with"]));
        }
        if block.block_param.is_some() {
            self.say("`as |...|` is not known here", "inside a loop `this` is the element");
        }
        if block.params.is_empty() {
            self.say(format!("`#{name}` says of nothing"), "name a variable behind it");
        }
        let place = self.place;
        let entered = self.arguments(block).filter(|_| is_loop);
        let inner = match entered {
            Some(Shape::List(element) | Shape::Map(element)) if name == "each" => Some(&**element),
            Some(shape @ Shape::Group(_)) if name == "with" => Some(shape),
            Some(shape) => {
                let message = format!("`#{name}` cannot go into a {}", shape.words());
                self.say(message, "`#each` goes through lists, `#with` into groups");
                None
            }
            None => None,
        };
        if is_loop && block.inverse.is_some() {
            self.say(silent_else(name), "an `#if` asks whether a list has elements");
        }
        if let Some(inner) = inner {
            self.scopes.push(inner);
        }
        // What a block is about was not found: it is said already, and its inside is not known.
        if inner.is_some() || !is_loop {
            block.template.iter().for_each(|template| self.template(template));
        }
        if inner.is_some() {
            self.scopes.pop();
        }
        self.place = place;
        block.inverse.iter().filter(|_| !is_loop).for_each(|template| self.template(template));
    }

    fn helper(&mut self, name: &str, known: impl Iterator<Item = &'static str>) {
        let known: Vec<_> = known.collect();
        if !known.contains(&name) {
            self.say(format!("there is no helper `{name}` here"), exist(name, &known));
        }
    }

    /// Looks at all arguments; returns what the first one is.
    fn arguments(&mut self, helper: &HelperTemplate) -> Option<&'a Shape> {
        for value in helper.hash.values() {
            self.value(value);
        }
        let mut shapes = helper.params.iter().map(|param| self.value(param)).collect::<Vec<_>>();
        shapes.drain(..).next().flatten()
    }

    fn value(&mut self, parameter: &Parameter) -> Option<&'a Shape> {
        match parameter {
            Parameter::Subexpression(inner) => {
                if let TemplateElement::Expression(expression) = inner.as_element() {
                    self.expression(expression);
                }
                None
            }
            Parameter::Name(raw)
            | Parameter::Path(Path::Relative((_, raw)) | Path::Local((_, _, raw))) => {
                self.path(raw)
            }
            // A literal.
            _ => None,
        }
    }

    /// `a.b`, `../a`, `this`, `@key`.
    fn path(&mut self, raw: &str) -> Option<&'a Shape> {
        let mut scope = self.scopes.len() - 1;
        let mut rest = raw;
        while let Some(inner) = rest.strip_prefix("../") {
            let Some(outer) = scope.checked_sub(1) else {
                self.say(format!("`{raw}` leads out of all blocks"), "leave out a `../`");
                return None;
            };
            (scope, rest) = (outer, inner);
        }
        if rest.starts_with('@') && !rest.starts_with("@root") {
            if !OF_LOOP.contains(&rest) || scope == 0 {
                self.say(format!("there is no `{rest}` here"), exist(rest, &OF_LOOP));
            }
            return None;
        }
        let mut shape = self.scopes[scope];
        for part in rest.split(['.', '/']) {
            match part {
                "" | "this" => {}
                "@root" => shape = self.scopes[0],
                name => {
                    // What is in a map is known to the plan alone.
                    if let Shape::Map(element) = shape {
                        shape = element;
                        continue;
                    }
                    let known =
                        if let Shape::Group(known) = shape { known.as_slice() } else { &[] };
                    let Some(found) = known.iter().find(|one| one.name == name) else {
                        self.unknown(raw, name, known, scope);
                        return None;
                    };
                    shape = &found.shape;
                }
            }
        }
        Some(shape)
    }

    fn unknown(&mut self, raw: &str, name: &str, known: &[Variable], scope: usize) {
        let here: Vec<&str> = known.iter().map(|one| one.name.as_str()).collect();
        let outer = self.scopes[..scope].iter().rev().zip(1..);
        let outer = outer.flat_map(|(shape, levels)| {
            let own = if let Shape::Group(own) = shape { own.as_slice() } else { &[] };
            own.iter().map(move |one| (levels, one.name.as_str()))
        });
        // A name that a block around has is reached by a way, else the nearest of those that are here.
        let around = outer.filter(|(_, other)| *other == name && raw == name).min();
        let help = match around {
            Some((levels, _)) => {
                format!("write `{}{name}`: it is of a block around", "../".repeat(levels))
            }
            None => exist(name, &here),
        };
        self.say(format!("there is no variable `{raw}` here"), help);
    }

    fn say(&mut self, message: impl Into<String>, help: impl Into<String>) {
        let (message, help) = (message.into(), help.into());
        self.found.push(Mistake { place: self.place, message, help });
    }
}

/// What was probably meant, and what there is.
fn exist(name: &str, known: &[&str]) -> String {
    if known.is_empty() {
        return "there is nothing inside of it".to_owned();
    }
    let all = format!("there are: {}", known.join(", "));
    nearest(name, known.iter().copied())
        .map_or(all.clone(), |near| format!("did you mean `{near}`? {all}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view() -> Shape {
        let one = |name: &str, shape| Variable {
            name: name.to_owned(),
            meaning: String::new(),
            is_optional: false,
            shape,
        };
        let host = Shape::Group(vec![one("name", Shape::Text), one("is_main", Shape::Flag)]);
        let names = Shape::Map(Box::new(Shape::Text));
        Shape::Group(vec![
            one("party", Shape::Text),
            one("hosts", Shape::List(Box::new(host.clone()))),
            one("first", host),
            one("names", names),
        ])
    }

    #[test]
    fn what_is_there_may_be_mentioned_wherever_it_is() {
        for text in [
            "{{party}} {{md party}} {{first.name}} {{{party}}}",
            "{{#each hosts}}{{name}}{{../party}}{{#if is_main}}{{@index}}{{/if}}{{@root.party}}{{/each}}",
            "{{#with first}}{{this.name}}{{/with}}{{#each names}}{{@key}}={{this}}{{/each}}",
            "{{#if (eq party \"a\")}}x{{else if hosts}}y{{else}}z{{/if}}{{!-- any {{thing}} --}}",
        ] {
            assert_eq!(mistakes(text, &view()), [], "{text}");
        }
    }

    #[test]
    fn all_mistakes_are_told_with_place_and_remedy() {
        let text = "{{#if party}}\n  {{prty}} {{mdd party}}\n{{else if hosst}}{{/if}}\n\
            {{#each hosts}}{{party}}{{nme}}{{/each}}{{> other}}";
        let told: Vec<_> = mistakes(text, &view())
            .into_iter()
            .map(|one| (one.place, one.message, one.help))
            .collect();
        let text = |text: &str| text.to_owned();
        assert_eq!(
            told,
            [
                (
                    (2, 3),
                    text("there is no variable `prty` here"),
                    text("did you mean `party`? there are: party, hosts, first, names")
                ),
                (
                    (2, 12),
                    text("there is no helper `mdd` here"),
                    text(
                        "did you mean `md`? there are: sh, systemd, systemd_exec, yaml, compose, docker, nft, md, \
                         lines, commands, lookup, eq, ne, gt, gte, lt, lte, and, or, not, len"
                    )
                ),
                (
                    (1, 1),
                    text("there is no variable `hosst` here"),
                    text("did you mean `hosts`? there are: party, hosts, first, names")
                ),
                (
                    (4, 16),
                    text("there is no variable `party` here"),
                    text("write `../party`: it is of a block around")
                ),
                (
                    (4, 25),
                    text("there is no variable `nme` here"),
                    text("did you mean `name`? there are: name, is_main")
                ),
                ((4, 41), text("a template cannot include another one"), text("write it out here")),
            ]
        );
    }

    #[test]
    fn forms_that_hide_a_mistake_are_none() {
        for text in [
            "{{#if}}x{{/if}}",
            "{{md}}",
            "{{#each party}}x{{/each}}",
            "{{#each hosts}}x{{else}}y{{/each}}",
            "{{#each hosts as |host|}}x{{/each}}",
            "{{#loop hosts}}x{{/loop}}",
            "{{../party}}",
            "{{@index}}",
            "{{party.name}}",
            "{{#*inline \"x\"}}y{{/inline}}",
            "{{#if party}}",
        ] {
            assert!(!mistakes(text, &view()).is_empty(), "{text}");
        }
    }
}
