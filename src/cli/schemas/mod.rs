//! Schemas of what others read and write: files of the tree, what commands print, and the topology itself.
//!
//! All of them are made from the types and tables that the program itself goes by. Those that are checked in under
//! `schemas/` are compared with these by a test.

mod topology_kdl;
mod topology_toml;
mod value;

use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::Value;

use crate::{
    diag::Report,
    lockfile::Lock,
    plan::{Federation, Manifest, PartyPlan},
};

use super::{PlanReport, commands::status::StatusReport};

/// A schema.
#[derive(Clone, Copy, Debug)]
pub struct Schema {
    /// Its name for `sfgen schema NAME`.
    pub name: &'static str,
    /// The file in `schemas/`.
    pub file: &'static str,
    /// What it describes.
    pub title: &'static str,
    make: Make,
}

#[derive(Clone, Copy, Debug)]
enum Make {
    Json(fn() -> Value),
    Kdl(fn(&str) -> String),
}

const fn json(
    name: &'static str,
    file: &'static str,
    title: &'static str,
    make: fn() -> Value,
) -> Schema {
    Schema { name, file, title, make: Make::Json(make) }
}

/// Every schema.
pub const SCHEMAS: &[Schema] = &[
    json(
        "topology",
        "topology.json",
        "topology.toml: a topology, or a file that one includes",
        topology_toml::schema,
    ),
    Schema {
        name: "topology-kdl",
        file: "topology.schema.kdl",
        title: "topology.kdl: a topology, or a file that one includes",
        make: Make::Kdl(topology_kdl::schema),
    },
    json("lock", "lock.json", "sfgen.lock: the allotments of ports, in TOML", of::<Lock>),
    json("plan", "plan.json", "<party>/plan.json: one party's plan", of::<PartyPlan>),
    json(
        "federation",
        "federation.json",
        "federation.json: what all parties share",
        of::<Federation>,
    ),
    json("manifest", "manifest.json", "manifest.json: the files of a tree", of::<Manifest>),
    json(
        "plan-report",
        "plan-report.json",
        "what `sfgen plan --format json` prints",
        of::<PlanReport>,
    ),
    json("findings", "findings.json", "what `sfgen check --format json` prints", of::<Report>),
    json(
        "status",
        "status.json",
        "what `sfgen status --format json` prints",
        of::<Vec<StatusReport>>,
    ),
];

impl Schema {
    /// The schema as its file holds it.
    #[must_use]
    pub fn text(&self) -> String {
        match self.make {
            Make::Kdl(make) => make(self.title),
            Make::Json(_) => {
                let value = self.json().expect("it is one in JSON");
                serde_json::to_string_pretty(&value).expect("schemas have string keys") + "\n"
            }
        }
    }

    /// The JSON Schema; `None` for what is one in KDL.
    #[must_use]
    pub fn json(&self) -> Option<Value> {
        let Make::Json(make) = self.make else { return None };
        let mut value = make();
        value["title"] = Value::from(self.title);
        Some(value)
    }
}

/// The schema of what a type is written as.
fn of<T: JsonSchema>() -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let text = generator.into_root_schema_for::<T>().to_value().to_string();
    // The descriptions are those of the types; readers of JSON know another word.
    serde_json::from_str(&text.replace("`None`", "`null`")).expect("one word is another")
}
