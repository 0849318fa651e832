//! Rules for the user's values that hold in every artifact of a host.

use crate::{
    plan::{ContainerNetwork, Deploy},
    types::{HostAddr, check_text},
};

use super::{error::RenderError, scene::HostScene};

const TEXT: &str = "no program can be given a byte 0 or one of Unicode's noncharacters";
const VARIABLE: &str =
    "a variable is called by letters, digits and `_`, and does not start with a digit";

const BRIDGE: &str = "a container on a bridge has an IP address";
const RAY: &str = "the Ray node of the host has this name";

impl HostScene<'_> {
    /// Checks what commands and environments carry, so that no target has to say it again.
    pub(super) fn check_values(&self) -> Result<(), RenderError> {
        let network = match &self.plan().deploy {
            Deploy::Docker { network } => Some(network),
            _ => None,
        };
        if let (Some(ContainerNetwork::Bridge { .. }), HostAddr::Dns(name)) =
            (network, &self.host.address)
        {
            return Err(self.refuse("a container network", "the address", name, BRIDGE));
        }
        for service in &self.host.services {
            if service.name.as_str() == "ray" && self.host.ray.is_some() {
                return Err(self.refuse("units and containers", "a service", "ray", RAY));
            }
            let name = &service.name;
            for word in &service.command {
                if check_text(word).is_err() {
                    return Err(self.refuse("a command", format!("service {name}"), word, TEXT));
                }
            }
            for (variable, value) in &service.env {
                let what = format!("variable {variable} of service {name}");
                if !is_variable(variable) {
                    return Err(self.refuse("an environment", what, variable, VARIABLE));
                }
                if check_text(value).is_err() {
                    return Err(self.refuse("an environment", what, value, TEXT));
                }
            }
        }
        Ok(())
    }
}

/// Whether a variable can have this name, in shells too.
pub(super) fn is_variable(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use crate::render::{RenderError, samples};

    #[test]
    fn a_container_on_a_bridge_needs_an_ip_address() {
        let mut sample = samples::simulation();
        let host = sample.plan("alice").hosts.get_mut(&"alice-1".parse().unwrap()).unwrap();
        host.address = "node.example.org".parse().unwrap();
        let why = sample.render().unwrap_err().to_string();
        assert!(why.starts_with("alice, host alice-1: the address cannot be"), "{why}");
    }

    #[test]
    fn no_service_takes_the_name_of_the_ray_node() {
        let mut sample = samples::production();
        let host = sample.plan("alice").hosts.get_mut(&"alice-1".parse().unwrap()).unwrap();
        host.services[0].name = "ray".parse().unwrap();
        assert!(matches!(sample.render(), Err(RenderError::Value(_))));
    }

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
