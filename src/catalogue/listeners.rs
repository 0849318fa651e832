//! Where the commands of well-known programs name the ports on which they listen.

use std::sync::LazyLock;

use serde::Deserialize;

/// A program, and where its command has ports.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListeningProgram {
    /// What it is called, as a command or after `python -m`.
    pub names: Vec<String>,
    /// One of them must stand among its arguments; none where it always listens.
    #[serde(default)]
    pub words: Vec<String>,
    /// Options that have a port, or an address and a port.
    #[serde(default)]
    pub flags: Vec<String>,
    /// Whether its first argument that has a port is one too.
    #[serde(default)]
    pub argument: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    program: Vec<ListeningProgram>,
}

static PROGRAMS: LazyLock<Vec<ListeningProgram>> = LazyLock::new(|| {
    let file: File = toml::from_str(include_str!("../../runtimes/listeners.toml"))
        .expect("the file is part of the source");
    file.program
});

/// The program of that name; `None` where nothing is known of it.
#[must_use]
pub fn listening_program(name: &str) -> Option<&'static ListeningProgram> {
    PROGRAMS.iter().find(|program| program.names.iter().any(|own| own == name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_program_is_known_once_and_has_a_place_for_ports() {
        for one in PROGRAMS.iter() {
            assert_eq!(one.argument, one.flags.is_empty(), "{:?}", one.names);
            for name in &one.names {
                let known = PROGRAMS.iter().filter(|other| other.names.contains(name)).count();
                assert_eq!(known, 1, "{name}");
            }
        }
        assert!(
            listening_program("redis-server").is_some() && listening_program("worker.py").is_none()
        );
    }
}
