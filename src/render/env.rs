//! `<party>/<host>/<party>.env`: the variables that task workers read.
//!
//! systemd, Compose, shells, python-dotenv and `docker run` read env files in five dialects, and the launcher is the
//! sixth reader; they agree on values without quotes from a small set of characters, so a line with anything else is
//! refused, those of a user's template included.

use schemars::{JsonSchema, schema_for};
use serde::Serialize;

use crate::plan::{Effect, Variable};

use super::{
    artifact::{File, Files, Kind, OfHost},
    error::RenderError,
    scene::HostScene,
    source::{Readers, Source},
};

pub(super) const ARTIFACT: Kind<OfHost> =
    Kind { templates: &[TEMPLATE], effect: Effect::Restart, files };

const TEMPLATE: Source = Source {
    name: "party/host/party.env.hbs",
    text: include_str!("../../templates/party/host/party.env.hbs"),
    makes: "PARTY/HOST/PARTY.env",
    purpose: "the variables of a host, for services, jobs and task workers",
    readers: Readers::Machines,
    view: || schema_for!(View<'_>),
};

const RULE: &str = "a line is `NAME=value`, the value made of letters, digits and `_./:@%+,=-[]`, which all readers of \
    env files read alike";

#[derive(Serialize, JsonSchema)]
struct View<'a> {
    /// The party.
    party: String,
    /// Its host.
    host: String,
    /// The variables, in the order of the file.
    variables: &'a [Variable],
}

fn files(host: &HostScene<'_>) -> Files {
    let variables = &host.host.variables;
    if variables.is_empty() {
        return Ok(Vec::new());
    }
    let party = host.plan().party.to_string();
    let path = format!("{party}.env");
    let view = View { party, host: host.name.to_string(), variables };
    let text = host.fill(TEMPLATE, &view)?;
    // The plan's own values are all of types that are read alike; a template of the user may say anything.
    if let Some((index, line)) = text.split('\n').enumerate().find(|(_, line)| !is_read_alike(line))
    {
        return Err(RenderError::Template {
            name: TEMPLATE.name.to_owned(),
            place: None,
            message: format!("line {} of the env file is {line:?}: {RULE}", index + 1),
        });
    }
    Ok(vec![File::new(path, text)])
}

/// Whether all readers take a line for the same variable, or for none.
fn is_read_alike(line: &str) -> bool {
    if line.is_empty() || line.starts_with('#') {
        return !line.ends_with('\\'); // systemd goes on with a comment in the next line
    }
    line.split_once('=').is_some_and(|(name, value)| is_variable(name) && is_plain(value))
}

/// Whether a variable can have this name, in shells too.
fn is_variable(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Brackets, of IPv6 addresses with a port, are as plain as the rest: no reader expands patterns in a value.
fn is_plain(value: &str) -> bool {
    value.chars().all(|c| c.is_ascii_alphanumeric() || "_./:@%+,=-[]".contains(c))
}

#[cfg(test)]
mod tests {
    use crate::render::samples;

    #[test]
    fn the_env_file_has_the_variables_of_task_workers() {
        let tree = samples::production().render().unwrap();
        let text = |path: &str| String::from_utf8(tree.get(path).unwrap().bytes.to_vec()).unwrap();
        insta::assert_snapshot!(text("alice/alice-1/alice.env"));
        assert!(text("carol/carol-2/carol.env").contains("RAY_NODE_TYPE=worker\n"));
    }

    #[test]
    fn a_template_of_the_user_may_add_what_all_readers_read_alike() {
        let render = |line: &str| {
            let text = format!(
                "{{{{#each variables}}}}{{{{name}}}}={{{{value}}}}\n{{{{/each}}}}\n{line}\n"
            );
            let templates = [("party/host/party.env.hbs".to_owned(), text)].into();
            samples::production().render_with(&templates)
        };
        assert!(render("# more\n\nTZ=Europe/Berlin").is_ok());
        for line in ["A=\"b\"", "A=b # c", "export A=b", "A", "A=b\r", "1A=b", "# a\\", " A=b"] {
            let why = render(line).unwrap_err().to_string();
            assert!(why.contains("party.env.hbs") && why.contains(&format!("{line:?}")), "{why}");
        }
    }
}
