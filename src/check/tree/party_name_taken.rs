#![doc = include_str!("party_name_taken.md")]

use crate::{
    check::{Check, Context},
    diag::{Code, Finding, Findings},
};

const CODE: Code = Code("SF0075");

pub(super) const CHECK: Check =
    Check::new(CODE, include_str!("party_name_taken.md"), party_name_taken);

/// Where the tree has the CAs of all parties.
const CA_FOLDER: &str = "ca";

/// All other names at the top of a tree have a dot or capitals, which no party's name has.
fn party_name_taken(context: Context<'_>, findings: &mut Findings) {
    for party in context.topology.parties.values() {
        if party.name.value.as_str() == CA_FOLDER {
            let message = format!(
                "`{CA_FOLDER}` is the folder of all parties' CAs in the tree, and no party's"
            );
            findings.push(Finding::error(CODE, message).label(party.name.span, "this name").help(
                "give the party another name, here and wherever it is named: `sfgen mv ca NAME`",
            ));
        }
    }
}
