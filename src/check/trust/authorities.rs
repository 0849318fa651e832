//! Whose CA is whose, and what to do about a certificate that ends.

use std::collections::BTreeMap;

use crate::{check::Context, diag::SourceSpan, types::PartyName};

/// The parties whose CA signed their own certificate, by the CA's key.
pub(super) fn owners(context: Context<'_>) -> BTreeMap<&[u8], (&PartyName, SourceSpan)> {
    let own = context.identities().filter_map(|(party, identity, read)| {
        let owner = (&party.name.value, identity.ca.span);
        read.is_signed()?.then_some((read.ca.get()?.public_key(), owner))
    });
    own.collect()
}

/// What to do about a certificate that ends or has ended: a new leaf needs no new CA.
pub(super) fn renewal(is_ca: bool, party: &PartyName) -> String {
    if is_ca {
        return format!(
            "ask your CA for a new one, or run `sfgen keys new --party {party} --replace`, which makes a new CA; every peer then pulls it, and all plan again"
        );
    }
    format!(
        "ask your CA for a new one, or run `sfgen keys renew --party {party}`, which signs a new one with the CA that is there"
    )
}
