//! The template engine: Handlebars, made as strict as it can be.
//!
//! A name that the view does not have is an error everywhere, also where Handlebars itself would be silent: in the
//! condition of `#if` and `#unless`, and in an `#each` or `#with` that has an `else`. Nothing is escaped by itself;
//! a value passes through the helper of its target, see [`super::quote`].

use std::{borrow::Cow, cell::OnceCell, collections::BTreeMap};

use handlebars::{
    Context, Handlebars, Helper, HelperDef, HelperResult, JsonTruthy, Output, RenderContext,
    RenderErrorReason, Renderable, Template, template::TemplateElement,
};
use serde::Serialize;
use serde_json::Value;

use super::{
    error::RenderError,
    quote::{QUOTES, Quote, sh},
    source::{Readers, Source, taken_away},
};

/// All templates.
pub(super) struct Engine {
    templates: BTreeMap<&'static str, Compiled>,
}

/// A template that is compiled when it is needed, and once.
#[derive(Default)]
struct Compiled {
    /// The template of the user, if there is one.
    replaced: Option<Handlebars<'static>>,
    /// That of sfgen.
    own: OnceCell<Handlebars<'static>>,
}

impl Engine {
    /// The templates `sources`, each replaced by what `overrides` has under its name. Those of users are read at once,
    /// to say what is wrong with them; the others when they are needed, since most federations need few of them.
    pub(super) fn new(
        sources: &[Source],
        overrides: &BTreeMap<String, String>,
    ) -> Result<Self, RenderError> {
        let templates = sources.iter().map(|source| {
            let replaced = overrides.get(source.name);
            let replaced = replaced.map(|text| read(source.name, text)).transpose()?;
            Ok((source.name, Compiled { replaced, own: OnceCell::new() }))
        });
        Ok(Self { templates: templates.collect::<Result<_, RenderError>>()? })
    }

    /// Fills in a template with a view, which holds all that the template may mention.
    pub(super) fn fill(
        &self,
        source: Source,
        view: &impl Serialize,
    ) -> Result<String, RenderError> {
        let compiled =
            self.templates.get(source.name).expect("the tables name each template in use");
        let Some(replaced) = &compiled.replaced else {
            return render(source.name, compiled.own(source)?, view);
        };
        let text = render(source.name, replaced, view)?;
        if source.readers == Readers::Machines {
            let own = render(source.name, compiled.own(source)?, view)?;
            if let Some(line) = taken_away(&own, &text) {
                let (name, line) = (source.name.to_owned(), line.to_owned());
                return Err(RenderError::LineMissing { name, line });
            }
        }
        Ok(text)
    }
}

impl Compiled {
    /// The template that is part of sfgen.
    fn own(&self, source: Source) -> Result<&Handlebars<'static>, RenderError> {
        if let Some(registry) = self.own.get() {
            return Ok(registry);
        }
        let registry = read(source.name, source.text)?;
        Ok(self.own.get_or_init(|| registry))
    }
}

fn render(
    name: &str,
    registry: &Handlebars<'static>,
    view: &impl Serialize,
) -> Result<String, RenderError> {
    registry.render(name, view).map_err(|why| RenderError::Template {
        name: name.to_owned(),
        place: why.line_no.zip(why.column_no),
        message: message(why.reason()),
    })
}

/// What is wrong, in words of the template's writer.
fn message(why: &RenderErrorReason) -> String {
    match why {
        RenderErrorReason::MissingVariable(Some(path)) => {
            format!("`{path}` has no value here; put what needs it into an `#if`")
        }
        other => other.to_string(),
    }
}

/// A template as it can be filled in.
fn read(name: &str, text: &str) -> Result<Handlebars<'static>, RenderError> {
    let mut registry = Handlebars::new();
    registry.set_strict_mode(true);
    registry.register_escape_fn(handlebars::no_escape);
    registry.register_helper("if", Box::new(Condition { wanted: true }));
    registry.register_helper("unless", Box::new(Condition { wanted: false }));
    for lines in [LINES, COMMANDS] {
        registry.register_helper(lines.name, Box::new(lines));
    }
    for (name, quote) in QUOTES {
        registry.register_helper(name, Box::new(Quoted { name, quote: *quote }));
    }
    let wrong = |place, message| RenderError::Template { name: name.to_owned(), place, message };
    let template = Template::compile_with_name(text, name.to_owned())
        .map_err(|why| wrong(why.pos(), why.reason().to_string()))?;
    forbid_silent_else(&template).map_err(|message| wrong(None, message))?;
    registry.register_template(name, template);
    Ok(registry)
}

/// `#each` and `#with` over an unknown name are errors in strict mode, unless they have an `else`: so they have none.
fn forbid_silent_else(template: &Template) -> Result<(), String> {
    for element in &template.elements {
        let TemplateElement::HelperBlock(block) = element else { continue };
        let name = block.name.as_name().unwrap_or_default();
        if matches!(name, "each" | "with") && block.inverse.is_some() {
            return Err(silent_else(name));
        }
        for inner in block.template.iter().chain(&block.inverse) {
            forbid_silent_else(inner)?;
        }
    }
    Ok(())
}

/// What is said of a loop with an `else`.
pub(super) fn silent_else(name: &str) -> String {
    format!("`#{name}` cannot have an `else` here; put it into an `#if`")
}

/// The first argument of a helper; an error where there is none, or where the view does not have it.
fn argument<'a>(
    helper: &'a Helper<'_>,
    name: &'static str,
) -> Result<&'a Value, RenderErrorReason> {
    let param = helper.param(0).ok_or(RenderErrorReason::ParamNotFoundForIndex(name, 0))?;
    if param.is_value_missing() {
        return Err(RenderErrorReason::MissingVariable(param.relative_path().cloned()));
    }
    Ok(param.value())
}

/// `#if` and `#unless` that know the difference between false and missing.
struct Condition {
    wanted: bool,
}

impl HelperDef for Condition {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        registry: &'reg Handlebars<'reg>,
        context: &'rc Context,
        render: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let name = if self.wanted { "if" } else { "unless" };
        let holds = argument(helper, name)?.is_truthy(false) == self.wanted;
        let branch = if holds { helper.template() } else { helper.inverse() };
        branch.map_or(Ok(()), |template| template.render(registry, context, render, out))
    }
}

/// A helper that writes its argument the way one target needs it; of a list, each element, with spaces between them.
struct Quoted {
    name: &'static str,
    quote: Quote,
}

impl HelperDef for Quoted {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        self.write(argument(helper, self.name)?, out)
    }
}

impl Quoted {
    fn write(&self, value: &Value, out: &mut dyn Output) -> HelperResult {
        // A command line is one list: a loop of the template would cost many times as much.
        let elements = match value {
            Value::Array(elements) => elements.as_slice(),
            one => std::slice::from_ref(one),
        };
        for (index, element) in elements.iter().enumerate() {
            if index > 0 {
                out.write(" ")?;
            }
            out.write(&self.quoted(element)?)?;
        }
        Ok(())
    }

    fn quoted(&self, value: &Value) -> Result<String, RenderErrorReason> {
        let text = match value {
            Value::String(text) => Cow::from(text),
            Value::Number(number) => number.to_string().into(),
            other => {
                let message = format!("`{}` quotes a text or a number, not `{other}`", self.name);
                return Err(RenderErrorReason::Other(message));
            }
        };
        (self.quote)(&text).map_err(|rule| {
            RenderErrorReason::Other(format!("`{}` cannot write {text:?}: {rule}", self.name))
        })
    }
}

/// A helper that writes a list, a line for each element, without an end of line after the last. A loop of the template writes
/// the same, at many times the cost.
pub(super) struct Lines {
    /// Its name.
    pub(super) name: &'static str,
    /// Writes an element, or says what it should be.
    write: fn(&Value, &mut dyn Output) -> Option<HelperResult>,
}

/// The helper of texts, which are written as they are.
pub(super) const LINES: Lines =
    Lines { name: "lines", write: |text, out| Some(out.write(text.as_str()?).map_err(Into::into)) };

/// The helper of commands, whose `words` are written as a shell reads them.
pub(super) const COMMANDS: Lines = Lines {
    name: "commands",
    write: |command, out| {
        let words = command.get("words")?;
        Some(Quoted { name: "commands", quote: sh }.write(words, out))
    },
};

impl HelperDef for Lines {
    fn call<'reg: 'rc, 'rc>(
        &self,
        helper: &Helper<'rc>,
        _: &'reg Handlebars<'reg>,
        _: &'rc Context,
        _: &mut RenderContext<'reg, 'rc>,
        out: &mut dyn Output,
    ) -> HelperResult {
        let Self { name, write } = *self;
        let list = argument(helper, name)?;
        let wrong = || RenderErrorReason::Other(format!("`{name}` cannot write `{list}`"));
        for (index, element) in list.as_array().ok_or_else(wrong)?.iter().enumerate() {
            if index > 0 {
                out.write("\n")?;
            }
            write(element, out).ok_or_else(wrong)??;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn source(name: &'static str, text: &'static str, readers: Readers) -> Source {
        let view = || schemars::schema_for!(());
        Source { name, text, makes: "", purpose: "", readers, view }
    }

    fn fill(text: &'static str, view: &serde_json::Value) -> Result<String, RenderError> {
        let source = source("t.hbs", text, Readers::People);
        Engine::new(&[source], &BTreeMap::new())?.fill(source, view)
    }

    #[test]
    fn a_name_that_the_view_lacks_is_an_error_wherever_it_stands() {
        let view = json!({ "list": [1], "none": null, "text": "x" });
        for text in [
            "{{nope}}",
            "{{#if nope}}a{{/if}}",
            "{{#if none}}{{else if nope}}a{{/if}}",
            "{{#unless nope}}a{{/unless}}",
            "{{#each list}}{{#if nope}}a{{/if}}{{/each}}",
            "{{#each nope}}a{{/each}}",
            "{{#each nope}}a{{else}}b{{/each}}",
            "{{#if text}}{{#with nope}}a{{else}}b{{/with}}{{/if}}",
            "{{sh nope}}",
            "{{#if (not nope)}}a{{/if}}",
            "{{nope text}}",
            "{{> nope}}",
        ] {
            assert!(matches!(fill(text, &view), Err(RenderError::Template { .. })), "{text}");
        }
        assert_eq!(
            fill("{{#if none}}a{{else}}{{#each list}}{{this}}{{/each}}{{/if}}", &view),
            Ok("1".into())
        );
    }

    #[test]
    fn an_error_names_template_and_line() {
        let why = fill("a\n{{nope}}\n", &json!({})).unwrap_err().to_string();
        assert!(why.starts_with("template `t.hbs`, line 2: "), "{why}");
        let why = fill("a\n{{#if}\n", &json!({})).unwrap_err().to_string();
        assert!(why.starts_with("template `t.hbs`, line 2: "), "{why}");
    }

    #[test]
    fn nothing_is_escaped_for_html() {
        assert_eq!(fill("{{a}}", &json!({ "a": "<&\"'" })), Ok("<&\"'".into()));
    }

    #[test]
    fn a_list_is_quoted_word_by_word() {
        let view = json!({ "words": ["cat", "a b", 7], "none": [], "nested": [["a"]] });
        assert_eq!(fill("{{sh words}}|{{sh none}}|", &view), Ok("cat 'a b' 7||".into()));
        assert!(fill("{{sh nested}}", &view).is_err());
    }

    #[test]
    fn texts_and_commands_are_a_line_each() {
        let view = json!({
            "all": [{ "words": ["cat", "a b"] }, { "words": ["ls"] }],
            "texts": ["a <b>", "c"],
            "text": "x",
        });
        assert_eq!(fill("{{lines texts}}\n", &view), Ok("a <b>\nc\n".into()));
        assert_eq!(fill("{{commands all}}\n", &view), Ok("cat 'a b'\nls\n".into()));
        for wrong in [
            "{{commands nope}}",
            "{{commands text}}",
            "{{commands texts}}",
            "{{lines all}}",
            "{{lines}}",
        ] {
            assert!(matches!(fill(wrong, &view), Err(RenderError::Template { .. })), "{wrong}");
        }
    }

    #[test]
    fn a_user_replaces_a_template_by_its_path() {
        let source = source("party/RUNBOOK.md.hbs", "a", Readers::People);
        let by = |name: &str| BTreeMap::from([(name.to_owned(), "b".to_owned())]);
        let engine = Engine::new(&[source], &by("party/RUNBOOK.md.hbs")).unwrap();
        assert_eq!(engine.fill(source, &json!({})), Ok("b".into()));
    }

    #[test]
    fn what_machines_read_may_get_more_lines_and_lose_none() {
        let source = source("unit.hbs", "# why\nA={{a}}\n\nB=2\n", Readers::Machines);
        let fill = |text: &str| {
            let by = BTreeMap::from([("unit.hbs".to_owned(), text.to_owned())]);
            Engine::new(&[source], &by).unwrap().fill(source, &json!({ "a": 1 }))
        };
        assert_eq!(fill("A=1\nC=3\nB=2\n"), Ok("A=1\nC=3\nB=2\n".into()));
        for (text, missing) in [("A={{a}}\n", "B=2"), ("B=2\nA=1\n", "B=2"), ("A=11\nB=2\n", "A=1")]
        {
            let (name, line) = ("unit.hbs".to_owned(), missing.to_owned());
            assert_eq!(fill(text), Err(RenderError::LineMissing { name, line }), "{text}");
        }
    }
}
