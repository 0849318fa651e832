//! `<party>/<host>/<party>.env`: the variables that task workers read.
//!
//! systemd, Compose, shells, python-dotenv and `docker run` read env files in five dialects, and the launcher is the
//! sixth reader; they agree on values without quotes from a small set of characters, so a line with anything else is
//! refused, those of a user's template included.

use serde::Serialize;

use crate::plan::{Effect, Variable};

use super::{
    artifact::{File, Files, Kind, OfHost},
    engine::Source,
    scene::HostScene,
};

pub(super) const ARTIFACT: Kind<OfHost> =
    Kind { templates: &[TEMPLATE], effect: Effect::Restart, files };

const TEMPLATE: Source = Source {
    name: "party/host/party.env.hbs",
    text: include_str!("../../templates/party/host/party.env.hbs"),
};

const RULE: &str = "a line is `NAME=value`, the value made of letters, digits and `_./:@%+,=-[]`, which all readers of \
    env files read alike";

#[derive(Serialize)]
struct View<'a> {
    party: String,
    host: String,
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
    if let Some(line) = text.split('\n').find(|line| !is_read_alike(line)) {
        return Err(host.refuse("an env file", "a line", line, RULE));
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
    use crate::render::{RenderError, samples};

    #[test]
    fn the_env_file_has_the_variables_of_task_workers() {
        let tree = samples::production().render().unwrap();
        let text = |path: &str| String::from_utf8(tree.get(path).unwrap().bytes.clone()).unwrap();
        insta::assert_snapshot!(text("alice/alice-1/alice.env"));
        assert!(text("carol/carol-2/carol.env").contains("RAY_NODE_TYPE=worker\n"));
    }

    #[test]
    fn a_line_that_readers_disagree_on_names_party_host_and_variable() {
        let mut sample = samples::production();
        let carol = sample.parties.get_mut(&"carol".parse().unwrap()).unwrap();
        let host = carol.hosts.get_mut(&"carol-2".parse().unwrap()).unwrap();
        let head = host.variables.iter_mut().find(|one| one.name == "RAY_HEAD_ADDRESS").unwrap();
        head.value = "$HOME".into();
        let why = sample.render().unwrap_err();
        assert!(matches!(why, RenderError::Value(_)));
        let text = why.to_string();
        let start =
            "carol, host carol-2: a line cannot be \"RAY_HEAD_ADDRESS=$HOME\" in an env file";
        assert!(text.starts_with(start), "{text}");
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
            assert!(matches!(render(line), Err(RenderError::Value(_))), "{line}");
        }
    }
}
