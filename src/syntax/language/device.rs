//! `spu "spu" protocol=... field=... { parties ...; link ... }` and `heu "heu" { sk-keeper ...; evaluators ... }`.

use crate::types::Span;

use super::{
    kind::{
        Kind::{self, Number, Text},
        Limit, Name,
    },
    rule::{Occurs, Rule, arg, may, must, prop},
    shared::{PARTIES, WRITE_PARTIES},
};

pub(super) static SPU: Rule = Rule {
    name: "spu",
    about: "An SPU: its parties compute on secret shares.",
    occurs: Occurs::Keyed,
    args_are: "a name",
    args: &[arg(Kind::Name(Name::Device), "Its name.")],
    // Semi-honest, for any number of parties; the largest ring, since precision surprises less than speed.
    props: &[
        prop("protocol", Text, "The protocol, as SPU spells it.").or("SEMI2K"),
        prop("field", Text, "The ring, as SPU spells it.").or("FM128"),
    ],
    children: &[must(&PARTIES, WRITE_PARTIES), may(&RUNTIME_CONFIG), may(&LINK)],
};

/// Which fields there are, the release's file in `runtimes/` says.
static RUNTIME_CONFIG: Rule = Rule {
    name: "runtime-config",
    about: "Further fields of SPU's `RuntimeConfig`, with hyphens.",
    occurs: Occurs::Once,
    args_are: "nothing",
    args: &[],
    props: &[prop("*", Kind::Setting, "A field that the release knows.")],
    children: &[may(&CHEETAH_CONFIG), may(&TTP_BEAVER_CONFIG)],
};

static CHEETAH_CONFIG: Rule = Rule {
    name: "cheetah-2pc-config",
    about: "Settings of the protocol CHEETAH.",
    occurs: Occurs::Once,
    args_are: "nothing",
    args: &[],
    props: &[prop("*", Kind::Setting, "A field that the release knows.")],
    children: &[],
};

static TTP_BEAVER_CONFIG: Rule = Rule {
    name: "ttp-beaver-config",
    about: "The third party that hands out random numbers, with `beaver-type=\"TrustedThirdParty\"`.",
    occurs: Occurs::Once,
    args_are: "nothing",
    args: &[],
    props: &[prop("*", Kind::Setting, "A field that the release knows.")],
    children: &[may(&SSL_CONFIG)],
};

static SSL_CONFIG: Rule = Rule {
    name: "ssl-config",
    about: "TLS towards that third party.",
    occurs: Occurs::Once,
    args_are: "nothing",
    args: &[],
    props: &[prop("*", Kind::Setting, "A field that the release knows.")],
    children: &[],
};

static LINK: Rule = Rule {
    name: "link",
    about: "The link between the SPU's nodes.",
    occurs: Occurs::Once,
    args_are: "nothing",
    args: &[],
    // Each try takes about 9.5 s (`docs/runtime.md`, SPU): 60 survive a peer that is nine minutes late, and a million
    // are months of waiting. The timeouts are SecretFlow's own.
    props: &[
        prop(
            "connect-retries",
            Number(0, 1_000_000),
            "How often a peer is dialled before giving up.",
        )
        .or_number(60),
        prop("connect-interval", SHORT, "The pause between two tries.").or("1s"),
        prop("recv-timeout", Kind::DURATION, "How long a message of a peer is waited for.")
            .or("120s"),
        prop("http-timeout", SHORT, "How long one request may take.").or("120s"),
        prop(
            "*",
            Kind::Setting,
            "Another key of `link_desc` that the release knows, with hyphens.",
        ),
    ],
    children: &[],
};

/// A time that SPU's link keeps in fewer bits than others.
const SHORT: Kind = Kind::Duration(Some(Limit {
    most: Span::seconds(49 * 86_400),
    because: "SPU counts its milliseconds in 32 bits",
}));

pub(super) static HEU: Rule = Rule {
    name: "heu",
    about: "An HEU: its parties compute on encrypted numbers.",
    occurs: Occurs::Keyed,
    args_are: "a name",
    args: &[arg(Kind::Name(Name::Device), "Its name.")],
    props: &[
        prop("field", Text, "The ring of the SPUs to which it converts."),
        // What is a number of bits at all, since longer keys take hours; whether a key is sound is a matter of `check`.
        // The default is what NIST asks of keys that rest on factoring until 2030.
        prop("key-size", Number(1, 16_384), "The length of the key in bits.").or_number(2048),
        prop("scheme", Text, "The cryptosystem, as HEU spells it.").or("paillier"),
    ],
    children: &[
        must(&SK_KEEPER, "name the party that holds the secret key: `sk-keeper \"alice\"`"),
        must(&EVALUATORS, "name at least one other party: `evaluators \"bob\"`"),
        may(&ENCODING),
    ],
};

static ENCODING: Rule = Rule {
    name: "encoding",
    about: "How numbers become what is encrypted.",
    occurs: Occurs::Once,
    args_are: "nothing",
    args: &[],
    props: &[
        prop("cleartext-type", Text, "The type of the numbers, `DT_F32` unless written."),
        prop("encoder", Text, "The encoder, `FloatEncoder` unless written."),
        // HEU keeps an encoded number in 64 bits.
        prop(
            "scale",
            Number(1, i64::MAX),
            "By what a number is multiplied; as SPU does unless written.",
        ),
        prop("padding-bits", Number(0, 63), "The gap between two numbers in one, for batches."),
    ],
    children: &[],
};

static SK_KEEPER: Rule = Rule {
    name: "sk-keeper",
    about: "Who holds the secret key.",
    occurs: Occurs::Once,
    args_are: "a party",
    args: &[arg(Kind::Name(Name::Party), "The party that holds the secret key.")],
    props: &[],
    children: &[],
};

static EVALUATORS: Rule = Rule {
    name: "evaluators",
    about: "Who computes on what is encrypted.",
    occurs: Occurs::Once,
    args_are: "parties",
    args: &[
        arg(Kind::Name(Name::Party), "The parties that compute on what is encrypted.").repeated()
    ],
    props: &[],
    children: &[],
};
