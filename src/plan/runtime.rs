//! The runtime's share of the plans: what must be the same everywhere, and the arguments of `sf.init`.

use std::collections::BTreeSet;

use serde_json::json;

use crate::{
    catalogue::AllowList,
    model::{self, Runtime},
    types::{BackEnd, Engine, Package, Span},
};

use super::{
    FederationRuntime, Identity, PlannedPackage, RuntimeTls, SecretflowPlan, Simulation,
    SoftwarePlan, builder::Builder, party::RECEIVER,
};

impl Builder<'_> {
    pub(super) fn runtime(&self) -> FederationRuntime {
        match &self.topology.runtime {
            Runtime::Embedded => FederationRuntime::Embedded,
            Runtime::Unread => unreachable!("a topology with errors is not planned"),
            Runtime::Secretflow(settings) => {
                let default =
                    || self.release.map_or_else(String::new, |release| release.python.clone());
                FederationRuntime::Secretflow {
                    version: settings.version.value.clone(),
                    engine: settings.engine.value,
                    python: settings
                        .python
                        .as_ref()
                        .map_or_else(default, |python| python.value.to_string()),
                    deserialize: self.allow_list(),
                    packages: self.shared_packages(),
                    // A simulation has no messages between parties.
                    back_end: match self.cluster {
                        None => settings.cross_silo.back_end.value,
                        Some(_) => BackEnd::default(),
                    },
                }
            }
        }
    }

    /// What peers' messages may unpickle: what arrays and the declared devices need, and what the topology adds.
    fn allow_list(&self) -> Option<AllowList> {
        let settings = self.topology.runtime.secretflow()?;
        let facts = self.release?;
        let enforced = facts.engines.get(&settings.engine.value.to_string())?.allow_list;
        if !enforced || settings.allow_all.is_some() {
            return None;
        }
        let mut list = facts.deserialize.always.clone();
        let mut add = |more: &AllowList| {
            for (module, names) in more {
                list.entry(module.clone()).or_default().extend(names.iter().cloned());
            }
        };
        if !self.topology.spus.is_empty() {
            add(&facts.deserialize.spu);
        }
        if !self.topology.heus.is_empty() {
            add(&facts.deserialize.heu);
        }
        for allow in &settings.allow {
            let names: BTreeSet<String> =
                allow.names.iter().map(|name| name.value.clone()).collect();
            add(&AllowList::from([(allow.module.value.clone(), names)]));
        }
        Some(list)
    }

    /// What is installed for a party beside SecretFlow; where it says itself where packages come from, that counts.
    fn software(&self, party: &model::Party) -> SoftwarePlan {
        let mut plan = SoftwarePlan::default();
        for software in self.topology.software(party) {
            let source = &mut plan.source;
            source.wheels = software
                .wheels
                .as_ref()
                .map(|wheels| wheels.value.clone())
                .or(source.wheels.take());
            source.index_url = software
                .index_url
                .as_ref()
                .map(|url| url.value.clone())
                .or(source.index_url.take());
            for listed in software.listed(self.lists) {
                let planned =
                    PlannedPackage { package: listed.package.value, hashes: listed.hashes };
                if !plan.packages.contains(&planned) {
                    plan.packages.push(planned);
                }
            }
        }
        plan
    }

    /// What is installed at all parties beside SecretFlow.
    fn shared_packages(&self) -> Vec<Package> {
        let settings = self.topology.runtime.secretflow().into_iter();
        let listed = settings.flat_map(|settings| settings.software.listed(self.lists));
        listed.map(|listed| listed.package.value).collect()
    }

    pub(super) fn secretflow(
        &self,
        party: &model::Party,
        identity: Option<&Identity>,
    ) -> Option<SecretflowPlan> {
        let settings = self.topology.runtime.secretflow()?;
        let FederationRuntime::Secretflow {
            version, engine, python, deserialize, back_end, ..
        } = self.runtime()
        else {
            return None;
        };
        let software = self.software(party);
        if let Some(cluster) = &self.cluster {
            let parties = cluster.parties.iter().map(|party| party.name.value.clone()).collect();
            let head = cluster.head.and_then(|(leader, head)| self.gcs(leader, head));
            // Without a head, SecretFlow starts a Ray of its own.
            let address = head.unwrap_or_else(|| "local".to_owned());
            let simulation = Some(Simulation { parties, address });
            let init = json!({ "logging_level": "info", "log_to_driver": false });
            let tls = None;
            return Some(SecretflowPlan {
                version,
                engine,
                python,
                init,
                tls,
                simulation,
                software,
            });
        }
        let mut comm = json!({
            "timeout_in_ms": settings.cross_silo.timeout.millis(),
            "messages_max_size_in_bytes": settings.cross_silo.message_max.value.bytes(),
        });
        if let Some(list) = deserialize {
            comm["serializing_allowed_list"] = json!(list);
        }
        if engine == Engine::Ray {
            comm["exit_on_sending_failure"] = json!(true);
        }
        if self.ties_receiver(party) {
            comm["recv_resource_label"] = json!({ RECEIVER: 1 });
        }
        if back_end == BackEnd::BrpcLink {
            // SecretFlow's default is an hour, but the library's 30 s take effect (`docs/runtime.md`, Links between parties).
            comm["recv_timeout_ms"] = json!(Span::seconds(3600).millis());
        }
        let mut init = json!({
            "ray_mode": engine == Engine::Ray,
            "logging_level": "info",
            "cross_silo_comm_options": comm,
        });
        if !back_end.is_default() {
            init["cross_silo_comm_backend"] = json!(back_end);
        }
        if engine == Engine::Ray {
            let head = party.main_host().and_then(|head| self.gcs(party, head));
            init["address"] = json!(head);
            // Lines of actors would mix with those of the job, and the last line of a job is its result
            // (`docs/runtime.md`, Output of a job).
            init["log_to_driver"] = json!(false);
        }
        let is_tls = self.topology.tls_off.is_none();
        let tls = identity.filter(|_| is_tls).map(|identity| RuntimeTls {
            ca: format!("{}/tls/peers.pem", party.name.value).into(),
            cert: identity.cert.clone(),
            key: identity.key.clone(),
        });
        let simulation = None;
        Some(SecretflowPlan { version, engine, python, init, tls, simulation, software })
    }
}
