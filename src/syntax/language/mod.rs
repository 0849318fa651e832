//! The language as one table: every node with its arguments, properties and children.
//!
//! Each of them has its type, its range, whether it is needed, its default where there is one, and a sentence about
//! what it is for. All else reads this table: what is unknown, repeated or missing is found by comparing with it, near
//! misses are looked up in it, values are read by it, schemas for editors are made from it, and a rename finds every
//! place of a name with it. A new property is one line here, a field of the model, and whatever uses it.
//!
//! What a name, an address or a size looks like in detail is written down in [`types`](crate::types), in the `FromStr`
//! of each type; the table says which of them stands where.

mod deploy;
mod device;
mod files;
mod host;
mod job;
mod kind;
mod lookup;
mod party;
mod rule;
mod runtime;
mod service;
mod shared;
mod software;
mod top;

pub use kind::{Kind, Limit, Name};
pub use lookup::{child, children, nodes, parents, rule};
pub use rule::{Child, Entry, Literal, Occurs, Property, Rule};
