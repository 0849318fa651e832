//! What several nodes have: reasons, parties, and `allow`, which may stand in any node.

use super::{
    kind::{
        Kind::{self, Code, Reason},
        Name,
    },
    rule::{Occurs, Property, Rule, arg, prop},
};

/// What to write for a reason.
pub(super) const WRITE_WHY: &str = "say why, for those who review it: `because=\"...\"`";

/// The reason for something unusual.
pub(super) const BECAUSE: Property =
    prop("because", Reason, "Why that is right here, for those who review it.").help(WRITE_WHY);

pub(super) static PARTIES: Rule = Rule {
    name: "parties",
    about: "Who takes part.",
    occurs: Occurs::Once,
    args_are: "parties",
    args: &[arg(Kind::Name(Name::Party), "Those that take part, in the order of their ranks.")
        .repeated()],
    props: &[],
    children: &[],
};

/// What to write where nobody takes part.
pub(super) const WRITE_PARTIES: &str = "name those that take part: `parties \"alice\" \"bob\"`";

pub(super) static ALLOW: Rule = Rule {
    name: "allow",
    about: "A finding in this node that was reviewed and accepted.",
    occurs: Occurs::Many,
    args_are: "the code of a finding",
    args: &[arg(Code, "The finding that is lived with in this node.")],
    props: &[BECAUSE.required(WRITE_WHY)],
    children: &[],
};
