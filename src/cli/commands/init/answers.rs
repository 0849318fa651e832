//! What a first topology is made from.

use std::fmt::Display;

use crate::{
    cli::args::ModeChoice,
    diag::{Code, Finding, Findings, SourceSpan, Sources},
    types::{HostAddr, PartyName, TopologyName},
};

use super::args::{DeployChoice, EngineChoice, InitArgs, RuntimeChoice};

/// A value of the wrong kind.
const BAD_VALUE: Code = Code("SF0005");
/// A party that is named twice.
const TWICE: Code = Code("SF0004");

/// A party, and the address at which its peers dial it, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NewParty {
    pub(super) name: PartyName,
    pub(super) address: String,
}

/// All that a topology is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answers {
    pub(super) name: TopologyName,
    pub(super) mode: ModeChoice,
    pub(super) runtime: RuntimeChoice,
    pub(super) engine: EngineChoice,
    pub(super) deploy: DeployChoice,
    pub(super) parties: Vec<NewParty>,
}

/// What the command line says of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Given {
    pub(super) name: Option<TopologyName>,
    pub(super) mode: Option<ModeChoice>,
    pub(super) runtime: Option<RuntimeChoice>,
    pub(super) engine: Option<EngineChoice>,
    pub(super) deploy: Option<DeployChoice>,
    pub(super) parties: Vec<NewParty>,
}

impl Given {
    /// Reads the flags; what is wrong with one is reported at its place in the command line.
    pub(super) fn read(args: &InitArgs, sources: &mut Sources, findings: &mut Findings) -> Self {
        let mut reject = |flag: &str, text: &str, why: &dyn Display| {
            let file = sources.add(format!("sfgen init {flag}"), text);
            let help = match flag {
                "--name" => "use one to 63 of `a-z`, `0-9` and `-`, such as `--name credit-risk`",
                _ => "write `--party NAME=ADDRESS`, such as `--party alice=192.168.1.10`",
            };
            let finding = Finding::error(BAD_VALUE, why.to_string())
                .label(SourceSpan::new(file, 0..text.len()), "this value")
                .help(help);
            findings.push(finding);
        };
        let name = args
            .name
            .as_ref()
            .and_then(|text| text.parse().map_err(|why| reject("--name", text, &why)).ok());
        let mut parties = Vec::new();
        for text in &args.party {
            match read_party(text) {
                Ok(party) => parties.push((party, text)),
                Err(why) => reject("--party", text, &why),
            }
        }
        for (index, (party, text)) in parties.iter().enumerate() {
            if let Some((_, first)) =
                parties[..index].iter().find(|(other, _)| other.name == party.name)
            {
                let message = format!("party `{}` is named twice", party.name);
                let mut place = |text: &str| {
                    SourceSpan::new(sources.add("sfgen init --party", text), 0..text.len())
                };
                let finding = Finding::error(TWICE, message)
                    .label(place(text), "again here")
                    .label(place(first), "first here")
                    .help("give one of them another name");
                findings.push(finding);
            }
        }
        Self {
            name,
            mode: args.mode,
            runtime: args.runtime,
            engine: args.engine,
            deploy: args.deploy,
            parties: parties.into_iter().map(|(party, _)| party).collect(),
        }
    }

    /// The flags without which there is nothing to write.
    pub(super) fn missing(&self) -> Vec<&'static str> {
        let name = self.name.is_none().then_some("`--name`");
        name.into_iter().chain(self.parties.is_empty().then_some("`--party`")).collect()
    }

    /// What is not given, as most would have it: two parties that are tried out on one machine.
    pub(super) fn or_defaults(self, name: TopologyName) -> Answers {
        let mut parties = self.parties;
        if parties.is_empty() {
            parties = ["alice", "bob"]
                .map(|name| read_party(&format!("{name}=127.0.0.1")).expect("it is one"))
                .into();
        }
        Answers {
            name: self.name.unwrap_or(name),
            mode: self.mode.unwrap_or(ModeChoice::Production),
            // An engine is one of SecretFlow's.
            runtime: self.runtime.unwrap_or(if self.engine.is_some() {
                RuntimeChoice::Secretflow
            } else {
                RuntimeChoice::Embedded
            }),
            engine: self.engine.unwrap_or(EngineChoice::Ray),
            deploy: self.deploy.unwrap_or(DeployChoice::Process),
            parties,
        }
    }
}

/// `NAME=ADDRESS`.
pub(super) fn read_party(text: &str) -> Result<NewParty, String> {
    let (name, address) =
        text.split_once('=').ok_or_else(|| format!("`{text}` is not `NAME=ADDRESS`"))?;
    let name = name.parse().map_err(|why| format!("`{name}`: {why}"))?;
    read_address(address).map(|address| NewParty { name, address })
}

/// An address, as it is written.
pub(super) fn read_address(text: &str) -> Result<String, String> {
    text.parse::<HostAddr>().map(|_| text.to_owned()).map_err(|why| why.to_string())
}

/// The name of the folder, where that is a name.
pub(super) fn default_name(folder: Option<&str>) -> TopologyName {
    let own = folder.and_then(|folder| folder.parse().ok());
    own.unwrap_or_else(|| "federation".parse().expect("it is a name"))
}
