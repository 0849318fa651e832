//! Which package of Python brings a program.

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

/// The table, `runtimes/programs.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    programs: BTreeMap<String, String>,
    modules: BTreeMap<String, String>,
    subcommands: BTreeMap<String, BTreeMap<String, String>>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    toml::from_str(include_str!("../../runtimes/programs.toml")).expect("a test reads it")
});

/// The packages that a command needs, as far as the table knows its program: the one that brings it, and the one of a
/// subcommand. Programs with a folder in front are the user's own.
#[must_use]
pub fn packages_of(command: &[String]) -> Vec<&'static str> {
    let Some((program, rest)) = command.split_first() else { return Vec::new() };
    let table = &*TABLE;
    let is_python = ["python", "python3"].contains(&program.as_str());
    let (program, rest) = match rest {
        [flag, module, rest @ ..] if is_python && flag == "-m" => (module, rest),
        _ => (program, rest),
    };
    let module = table.modules.get(program).filter(|_| is_python);
    let brings = table.programs.get(program).or(module);
    let further = table.subcommands.get(program);
    let further = rest.iter().find_map(|word| further?.get(word));
    brings.into_iter().chain(further).map(String::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_a_module_and_a_subcommand_name_their_packages() {
        let of = |command: &str| {
            let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
            packages_of(&words)
        };
        assert_eq!(of("celery -A app worker"), ["celery"]);
        assert_eq!(of("celery -A app flower --port=5555"), ["celery", "flower"]);
        assert_eq!(of("python -m uvicorn app:web"), ["uvicorn"]);
        assert_eq!(of("python -m django runserver"), ["Django"]);
        for unknown in
            ["redis-server --port 1", "/opt/bin/celery worker", "python celery", "django x"]
        {
            assert!(of(unknown).is_empty(), "{unknown}");
        }
    }
}
