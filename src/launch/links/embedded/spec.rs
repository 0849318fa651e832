//! What the launcher says through the environment, completed from the tree.

use std::{collections::BTreeMap, fmt::Display, str::FromStr, sync::Arc, time::Duration};

use camino::{Utf8Path, Utf8PathBuf};
use serde::de::DeserializeOwned;

use super::SumError;
use crate::{
    launch::{
        machine::input_file::read_input,
        peers::{identity::Credentials, lockstep::RunId},
    },
    plan::{Federation, LinkAddress, PartyPlan, Program},
    tree::Tree,
    types::{Digest, HostAddr, JobName, PartyName},
};

/// How long a party waits for all links, and then for each answer. The processes of all parties start together, and a step
/// takes them milliseconds. A process that stands still thus ends the run at every party within ten seconds, the time in
/// which processes are ended included.
pub const PATIENCE: Duration = Duration::from_secs(7);

/// What one party's process needs to take part in a sum.
#[derive(Clone, Debug)]
pub struct SumSpec {
    /// The party.
    pub me: PartyName,
    /// Name of the run, checked against what the peers say.
    pub run: RunId,
    /// The job, likewise.
    pub job: JobName,
    /// The parties of the run with the slot of each.
    pub slots: BTreeMap<PartyName, u16>,
    /// The party's private number.
    pub input: i64,
    /// The address that the party's listener binds.
    pub listen: HostAddr,
    /// Where each party is dialled; under its own name, the ports that it binds.
    pub links: BTreeMap<PartyName, LinkAddress>,
    /// Who the party is, and whom it trusts.
    pub credentials: Arc<Credentials>,
    /// How long all links, and then each answer, may take.
    pub patience: Duration,
}

/// Reads `SFGEN_ROOT` (folder of the topology), `SFGEN_TREE`, `SFGEN_PARTY`, `SFGEN_JOB`, `SFGEN_RUN` and
/// `SFGEN_SLOTS` (JSON, party to slot) through `variable`, and the rest from the tree.
pub fn spec_from_env(variable: impl Fn(&str) -> Option<String>) -> Result<SumSpec, SumError> {
    let root: Utf8PathBuf = parsed(&variable, "SFGEN_ROOT")?;
    let tree: Utf8PathBuf = parsed(&variable, "SFGEN_TREE")?;
    let me: PartyName = parsed(&variable, "SFGEN_PARTY")?;
    let job: JobName = parsed(&variable, "SFGEN_JOB")?;
    let run = parsed(&variable, "SFGEN_RUN")?;
    let slots = text(&variable, "SFGEN_SLOTS")?;
    let slots: BTreeMap<PartyName, u16> = serde_json::from_str(&slots)
        .map_err(|why| SumError::Variable { name: "SFGEN_SLOTS", why: why.to_string() })?;

    let folder = Tree::open(&tree).map_err(SumError::Tree)?.ok_or_else(|| SumError::Variable {
        name: "SFGEN_TREE",
        why: format!("there is no folder `{tree}`"),
    })?;
    let (federation, digest) = read::<Federation>(&folder, Utf8Path::new("federation.json"))?;
    let path = Utf8Path::new(me.as_str()).join("plan.json");
    let (plan, _) = read::<PartyPlan>(&folder, &path)?;
    let path = tree.join(path);
    if plan.federation != digest {
        let why = "it belongs to another federation.json".to_owned();
        return Err(SumError::NotAPlan { path, why });
    }
    let not_a_sum =
        |party: &PartyName| SumError::NotASum { job: job.clone(), party: party.clone() };
    let known = plan.jobs.get(&job).filter(|known| known.program == Program::Sum);
    let known = known.ok_or_else(|| not_a_sum(&me))?;
    let input = match &known.input_file {
        Some(file) => read_input(job.as_str(), &root.join(file))?,
        None => known.input.ok_or_else(|| not_a_sum(&me))?,
    };
    // Somebody who is missing here would be missing from the total.
    if let Some(party) = known.parties.iter().find(|party| !slots.contains_key(*party)) {
        return Err(not_a_sum(party));
    }
    if let Some(party) = slots.keys().find(|party| !known.parties.contains(*party)) {
        return Err(not_a_sum(party));
    }
    let credentials = Arc::new(Credentials::load(&root, &tree, &plan, &federation)?);
    Ok(SumSpec {
        me,
        run,
        job,
        slots,
        input,
        listen: plan.listen,
        links: plan.links.sf,
        credentials,
        patience: PATIENCE,
    })
}

fn text(
    variable: &impl Fn(&str) -> Option<String>,
    name: &'static str,
) -> Result<String, SumError> {
    variable(name).ok_or_else(|| SumError::Variable { name, why: "it is not set".to_owned() })
}

fn parsed<T: FromStr<Err: Display>>(
    variable: &impl Fn(&str) -> Option<String>,
    name: &'static str,
) -> Result<T, SumError> {
    let text = text(variable, name)?;
    text.parse().map_err(|why: T::Err| SumError::Variable { name, why: why.to_string() })
}

fn read<T: DeserializeOwned>(tree: &Tree, path: &Utf8Path) -> Result<(T, Digest), SumError> {
    let bytes = tree.read(path).map_err(SumError::Tree)?;
    let value = serde_json::from_slice(&bytes)
        .map_err(|why| SumError::NotAPlan { path: tree.path().join(path), why: why.to_string() })?;
    Ok((value, Digest::of(&bytes)))
}
