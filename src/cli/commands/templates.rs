//! `sfgen templates`: the templates of texts, and how files of one's own replace them.

use std::fmt::Write as _;

use camino::{Utf8Path, Utf8PathBuf};
use clap::{Args, Subcommand};

use crate::{
    cli::{
        disk::topology_or_default,
        status::{Failure, Status},
        topology::locate,
        ui::Ui,
    },
    compile::TEMPLATES,
    fs::{self, Kind},
    render::{Readers, Shape, Template, Variable, helpers, templates},
    syntax::nearest,
};

/// Arguments of `templates`.
#[derive(Debug, Args)]
pub(crate) struct TemplatesArgs {
    /// What to do
    #[command(subcommand)]
    command: TemplatesCommand,
}

#[derive(Debug, Subcommand)]
enum TemplatesCommand {
    /// Name every template, what it makes, and whether a file beside the topology replaces it
    List {
        /// The topology; `topology.kdl` unless given, or `topology.toml` if there is only that
        topology: Option<Utf8PathBuf>,
    },
    /// Print a template of sfgen, and before it the variables that it gets
    Show {
        /// The template, as `list` names it
        name: String,
    },
    /// Write a template of sfgen into `templates/` beside the topology, and overwrite nothing
    Eject {
        /// The template, as `list` names it
        name: String,
        /// The topology; `topology.kdl` unless given, or `topology.toml` if there is only that
        topology: Option<Utf8PathBuf>,
    },
}

/// Runs the command.
pub(in crate::cli) fn run(args: &TemplatesArgs, ui: &Ui) -> Result<Status, Failure> {
    match &args.command {
        TemplatesCommand::List { topology } => list(topology.as_ref(), ui),
        TemplatesCommand::Show { name } => {
            ui.result(described(&find(name)?).trim_end_matches('\n'));
            Ok(Status::Done)
        }
        TemplatesCommand::Eject { name, topology } => eject(name, topology.as_ref(), ui),
    }
}

fn list(topology: Option<&Utf8PathBuf>, ui: &Ui) -> Result<Status, Failure> {
    let topology = topology_or_default(topology);
    let folder = topology.parent().unwrap_or(Utf8Path::new("")).join(TEMPLATES);
    for template in templates() {
        let own = folder.join(template.name());
        let is_replaced = fs::kind(&own)? != Kind::Absent;
        let by = if is_replaced { format!(", replaced by {own}") } else { String::new() };
        let change = match template.readers() {
            Readers::People => "any text",
            Readers::Machines => "lines may be added",
        };
        let (name, makes, purpose) = (template.name(), template.makes(), template.purpose());
        ui.result(format!("{name}\n    {makes}: {purpose}\n    {change}{by}"));
    }
    Ok(Status::Done)
}

fn eject(name: &str, topology: Option<&Utf8PathBuf>, ui: &Ui) -> Result<Status, Failure> {
    let template = find(name)?;
    let (workspace, _) = locate(topology, &format!("sfgen templates eject {name}"))?;
    let path = workspace.named().join(TEMPLATES).join(template.name());
    if fs::kind(&path)? != Kind::Absent {
        let failure = Failure::new(Status::Usage, format!("`{path}` is there already"));
        return Err(failure.help("it is in use; remove it to begin with sfgen's own again"));
    }
    fs::create_folder(path.parent().unwrap_or(workspace.named()), 0o755)?;
    fs::write_new(&path, template.text().as_bytes(), 0o644)?;
    ui.result(format!("+ {path}"));
    Ok(Status::Done)
}

fn find(name: &str) -> Result<Template, Failure> {
    let all = templates();
    let below = Utf8Path::new(name).strip_prefix(TEMPLATES).map_or(name, Utf8Path::as_str);
    if let Some(found) = all.iter().find(|template| template.name() == below) {
        return Ok(*found);
    }
    let names = || all.iter().map(Template::name);
    let same_file = names().find(|one| Utf8Path::new(one).file_name() == Some(below));
    let failure = Failure::new(Status::Usage, format!("there is no template `{name}`"));
    Err(match same_file.or_else(|| nearest(below, names())) {
        Some(near) => failure.help(format!("did you mean `{near}`?")),
        None => failure.help(format!("there are: {}", names().collect::<Vec<_>>().join(", "))),
    })
}

/// The template with its variables in a comment before it, so that the whole is a template too.
fn described(template: &Template) -> String {
    let mut text = format!("{{{{!--\n{}: {}\n\nVariables:\n", template.makes(), template.purpose());
    let Shape::Group(variables) = template.variables() else {
        unreachable!("what a template gets has names")
    };
    describe(&variables, 1, &mut text);
    let helpers = helpers().join(", ");
    write!(text, "\nHelpers that write a value for a format: {helpers}\n--}}}}\n")
        .expect(TAKES_ALL);
    text.push_str(template.text());
    text
}

const TAKES_ALL: &str = "a String takes all text";

fn describe(variables: &[Variable], depth: usize, text: &mut String) {
    for Variable { name, meaning, is_optional, shape } in variables {
        let kind = shape.words();
        let or_nothing = if *is_optional { ", or nothing" } else { "" };
        let indent = "  ".repeat(depth);
        writeln!(text, "{indent}{name} ({kind}{or_nothing}): {meaning}").expect(TAKES_ALL);
        describe(shape.inside(), depth + 1, text);
    }
}
