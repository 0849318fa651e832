//! `spu "spu" protocol=... field=... { parties ...; link ... }` and `heu "heu" { sk-keeper ...; evaluators ... }`.

use std::ops::RangeInclusive;

use crate::{
    diag::{SourceSpan, Spanned},
    syntax::{Cursor, Node},
    types::{DeviceName, PartyName, Span},
};

/// An SPU.
#[derive(Clone, Debug)]
pub struct Spu {
    /// Its name.
    pub name: Spanned<DeviceName>,
    /// MPC protocol, as SPU spells it.
    pub protocol: Spanned<String>,
    /// Ring, as SPU spells it.
    pub field: Spanned<String>,
    /// Its parties in the order of their ranks.
    pub parties: Vec<Spanned<PartyName>>,
    /// Whether all of them could be read; where not, nothing can be said of their number.
    pub is_complete: bool,
    /// `link_desc` of `sf.SPU`.
    pub link: LinkOptions,
}

/// Options of an SPU's link (RUNTIME 4).
#[derive(Clone, Debug)]
pub struct LinkOptions {
    /// How often a peer is dialled before giving up; each try takes about 9.5 s in all.
    pub connect_retries: u32,
    /// Pause between two tries.
    pub connect_interval: Span,
    /// How long a message of a peer is waited for.
    pub recv_timeout: Span,
    /// How long one request may take.
    pub http_timeout: Span,
}

impl Spu {
    /// Semi-honest, for any number of parties; the largest ring, since precision surprises less than speed.
    const DEFAULT_PROTOCOL: &str = "SEMI2K";
    const DEFAULT_FIELD: &str = "FM128";

    pub(super) fn read(name: &Spanned<DeviceName>, cursor: &mut Cursor<'_>) -> Option<Self> {
        let node = cursor.node;
        let or = |written: Option<Spanned<String>>, default: &str| {
            written.unwrap_or_else(|| Spanned::new(default.to_owned(), node.span()))
        };
        let protocol = or(cursor.prop("protocol"), Self::DEFAULT_PROTOCOL);
        let field = or(cursor.prop("field"), Self::DEFAULT_FIELD);
        let parties = read_parties(cursor);
        let link = LinkOptions::read(node.child("link"), cursor);
        let (parties, is_complete) = parties?;
        Some(Self { name: name.clone(), protocol, field, parties, is_complete, link })
    }
}

impl LinkOptions {
    /// More is years of waiting: each try takes about 9.5 s.
    const RETRIES: RangeInclusive<u32> = 0..=1_000_000;
    /// 60 tries survive a peer that is ten minutes late (RUNTIME 4); the timeouts are SecretFlow's own.
    const DEFAULT: Self = Self {
        connect_retries: 60,
        connect_interval: Span::seconds(1),
        recv_timeout: Span::seconds(120),
        http_timeout: Span::seconds(120),
    };

    fn read(node: Option<&Node>, cursor: &mut Cursor<'_>) -> Self {
        let default = Self::DEFAULT;
        let Some(node) = node else { return default };
        let mut cursor = cursor.at(node);
        let retries = cursor.count_prop("connect-retries", &Self::RETRIES);
        Self {
            connect_retries: retries.map_or(default.connect_retries, |number| number.value),
            connect_interval: short(&mut cursor, "connect-interval", default.connect_interval),
            recv_timeout: cursor
                .quantity_prop("recv-timeout")
                .map_or(default.recv_timeout, |span| span.value),
            http_timeout: short(&mut cursor, "http-timeout", default.http_timeout),
        }
    }
}

/// A time that SPU's link keeps in 32 bits of milliseconds; the others have 64.
fn short(cursor: &mut Cursor<'_>, key: &str, default: Span) -> Span {
    let Some(written) = cursor.quantity_prop::<Span>(key) else { return default };
    if written.value.millis() > u64::from(u32::MAX) {
        let why = format!("SPU takes no `{key}` longer than 49 days");
        cursor.reject(written.span, why, "write `49d` or less; seconds are usual");
    }
    written.value
}

/// The names in the `parties` child, reported where there is none, and whether all of them could be read.
pub(super) fn read_parties(cursor: &mut Cursor<'_>) -> Option<(Vec<Spanned<PartyName>>, bool)> {
    let Some(child) = cursor.node.child("parties") else {
        cursor.missing("`parties`", "name those that take part: `parties \"alice\" \"bob\"`");
        return None;
    };
    let parties = cursor.at(child).args();
    let is_complete = !parties.is_empty() && parties.len() == child.args.len();
    Some((parties, is_complete))
}

/// An HEU.
#[derive(Clone, Debug)]
pub struct Heu {
    /// Its name.
    pub name: Spanned<DeviceName>,
    /// The party that holds the secret key.
    pub sk_keeper: Option<Spanned<PartyName>>,
    /// The parties that compute on what is encrypted.
    pub evaluators: Vec<Spanned<PartyName>>,
    /// Ring of the SPUs to which it converts; that of the topology's SPUs where it is not written.
    pub field: Option<Spanned<String>>,
    /// Length of the Paillier key in bits.
    pub key_size: Spanned<u32>,
    /// The node.
    pub span: SourceSpan,
}

impl Heu {
    /// What is a number of bits at all; whether a key of them is sound is a matter of `check`. Longer ones take hours.
    const KEY_SIZES: RangeInclusive<u32> = 1..=16_384;
    /// The length that RUNTIME 5 ran with, and what NIST asks of factoring-based keys until 2030.
    const DEFAULT_KEY_SIZE: u32 = 2048;

    pub(super) fn read(name: &Spanned<DeviceName>, cursor: &mut Cursor<'_>) -> Self {
        let node = cursor.node;
        let span = node.span();
        let keeper = node.child("sk-keeper");
        if keeper.is_none() {
            cursor.missing(
                "`sk-keeper`",
                "name the party that holds the secret key: `sk-keeper \"alice\"`",
            );
        }
        if node.child("evaluators").is_none() {
            cursor.missing("`evaluators`", "name at least one other party: `evaluators \"bob\"`");
        }
        let sk_keeper = keeper.and_then(|child| cursor.at(child).arg(0));
        let evaluators = node.child("evaluators").map(|child| cursor.at(child).args());
        let field = cursor.prop("field");
        let key_size = cursor.count_prop("key-size", &Self::KEY_SIZES);
        Self {
            name: name.clone(),
            sk_keeper,
            evaluators: evaluators.unwrap_or_default(),
            field,
            key_size: key_size.unwrap_or(Spanned::new(Self::DEFAULT_KEY_SIZE, span)),
            span,
        }
    }

    /// Every party that takes part.
    pub fn parties(&self) -> impl Iterator<Item = &Spanned<PartyName>> {
        self.sk_keeper.iter().chain(&self.evaluators)
    }
}
