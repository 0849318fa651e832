//! `spu "spu" protocol=... field=... { parties ...; link ... }` and `heu "heu" { sk-keeper ...; evaluators ... }`.

use crate::{
    diag::{SourceSpan, Spanned},
    syntax::{Cursor, or_absent},
    types::{DeviceName, Partial, PartyName, Span},
};

use super::setting::{self, Setting};

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
    pub parties: Partial<Vec<Spanned<PartyName>>>,
    /// Further fields of `RuntimeConfig`.
    pub runtime_config: Vec<Setting>,
    /// `link_desc` of `sf.SPU`.
    pub link: LinkOptions,
}

/// Options of an SPU's link, `link_desc` of `sf.SPU`.
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
    /// Further keys.
    pub more: Vec<Setting>,
}

impl Spu {
    pub(super) fn read(name: &Spanned<DeviceName>, cursor: &mut Cursor<'_>) -> Self {
        let node = cursor.node;
        let protocol = cursor.prop_or_default("protocol");
        let field = cursor.prop_or_default("field");
        let parties = read_parties(cursor);
        let link = or_absent(node.child("link"), "link", node.span());
        let link = LinkOptions::read(&mut cursor.at(&link));
        let runtime_config = node.child("runtime-config");
        let runtime_config =
            runtime_config.map(|child| setting::read(&mut cursor.at(child))).unwrap_or_default();
        Self { name: name.clone(), protocol, field, parties, runtime_config, link }
    }
}

impl LinkOptions {
    fn read(cursor: &mut Cursor<'_>) -> Self {
        Self {
            connect_retries: cursor.prop_or_default("connect-retries").value,
            connect_interval: cursor.prop_or_default("connect-interval").value,
            recv_timeout: cursor.prop_or_default("recv-timeout").value,
            http_timeout: cursor.prop_or_default("http-timeout").value,
            more: setting::read(cursor),
        }
    }
}

/// The names in the `parties` child, reported where there is none.
pub(super) fn read_parties(cursor: &mut Cursor<'_>) -> Partial<Vec<Spanned<PartyName>>> {
    let Some(child) = cursor.required_child("parties") else {
        return Partial::new(Vec::new(), false);
    };
    let parties: Vec<_> = cursor.at(child).args();
    let is_whole = child.is_whole && !parties.is_empty() && parties.len() == child.args.len();
    Partial::new(parties, is_whole)
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
    /// Length of the key in bits.
    pub key_size: Spanned<u32>,
    /// Cryptosystem, as HEU spells it.
    pub scheme: Spanned<String>,
    /// How numbers become what is encrypted, where that is written.
    pub encoding: Option<Encoding>,
    /// The node.
    pub span: SourceSpan,
}

/// `encoding` of `sf.HEU`; what is not written is left to SecretFlow.
#[derive(Clone, Debug)]
pub struct Encoding {
    /// Type of the numbers.
    pub cleartext_type: Option<Spanned<String>>,
    /// The encoder.
    pub encoder: Option<Spanned<String>>,
    /// By what a number is multiplied.
    pub scale: Option<Spanned<u64>>,
    /// The gap between two numbers in one.
    pub padding_bits: Option<Spanned<u64>>,
}

impl Encoding {
    fn read(cursor: &mut Cursor<'_>) -> Self {
        Self {
            cleartext_type: cursor.prop("cleartext-type"),
            encoder: cursor.prop("encoder"),
            scale: cursor.prop("scale"),
            padding_bits: cursor.prop("padding-bits"),
        }
    }
}

impl Heu {
    pub(super) fn read(name: &Spanned<DeviceName>, cursor: &mut Cursor<'_>) -> Self {
        let node = cursor.node;
        let span = node.span();
        let keeper = cursor.required_child("sk-keeper");
        let evaluators = cursor.required_child("evaluators");
        let sk_keeper = keeper.and_then(|child| cursor.at(child).arg(0));
        let evaluators = evaluators.map(|child| cursor.at(child).args());
        let field = cursor.prop("field");
        let key_size = cursor.prop_or_default("key-size");
        let scheme = cursor.prop_or_default("scheme");
        let encoding = node.child("encoding").map(|child| Encoding::read(&mut cursor.at(child)));
        Self {
            name: name.clone(),
            sk_keeper,
            evaluators: evaluators.unwrap_or_default(),
            field,
            key_size,
            scheme,
            encoding,
            span,
        }
    }

    /// Every party that takes part.
    pub fn parties(&self) -> impl Iterator<Item = &Spanned<PartyName>> {
        self.sk_keeper.iter().chain(&self.evaluators)
    }
}
