//! Rules for the user's values that hold in every artifact of a host.

use super::{error::RenderError, scene::HostScene};

const TEXT: &str = "control characters other than tab and line feed reach no program";
const VARIABLE: &str =
    "a variable is called by letters, digits and `_`, and does not start with a digit";

impl HostScene<'_> {
    /// Checks what commands and environments carry, so that no target has to say it again.
    pub(super) fn check_values(&self) -> Result<(), RenderError> {
        for service in &self.host.services {
            let name = &service.name;
            for word in &service.command {
                if has_control(word) {
                    return Err(self.refuse("a command", format!("service {name}"), word, TEXT));
                }
            }
            for (variable, value) in &service.env {
                let what = format!("variable {variable} of service {name}");
                if !is_variable(variable) {
                    return Err(self.refuse("an environment", what, variable, VARIABLE));
                }
                if has_control(value) {
                    return Err(self.refuse("an environment", what, value, TEXT));
                }
            }
        }
        Ok(())
    }
}

fn has_control(text: &str) -> bool {
    text.contains(|c: char| c.is_control() && c != '\t' && c != '\n')
}

fn is_variable(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use crate::render::{RenderError, samples};

    #[test]
    fn a_variable_that_no_shell_could_read_is_refused_with_its_place() {
        for (variable, value) in [("A B", "x"), ("1A", "x"), ("", "x"), ("A", "\u{0}")] {
            let why = samples::production().with_env(variable, value).render().unwrap_err();
            let RenderError::Value(why) = why else { panic!("{why}") };
            assert_eq!((why.party.as_str(), why.host.as_str()), ("alice", "alice-1"));
            assert_eq!(why.what, format!("variable {variable} of service worker"));
        }
    }
}
