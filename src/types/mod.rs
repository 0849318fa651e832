//! The field's words as types: names, addresses, ports, durations, sizes, digests, texts for programs.
//!
//! Each is parsed once, in its `FromStr`; a value that exists is valid. The same parser serves KDL, TOML, the
//! lock file, clap and serde, so that all of them reject with the same words.

mod account;
mod digest;
mod duration;
mod endpoint;
mod host_addr;
mod http_url;
mod image;
mod index_url;
mod machine_path;
mod name;
mod package;
mod partial;
mod port;
mod port_mapping;
mod port_ranges;
mod process_name;
mod quantity;
mod resource_name;
mod role;
mod runtime_party;
mod size;
mod subnet;
mod template;
mod text;
mod tree_path;
mod words;

pub use account::{Account, Home};
pub use digest::Digest;
pub use duration::Span;
pub use endpoint::{Endpoint, EndpointError};
pub use host_addr::{HostAddr, HostAddrError};
pub use http_url::{HttpScheme, HttpUrl, HttpUrlError};
pub use image::Image;
pub use index_url::IndexUrl;
pub use machine_path::MachinePath;
pub use name::{
    DeviceName, HostName, JobName, NameError, NetworkName, PartyName, SecretName, ServiceName,
    TopologyName,
};
pub use package::Package;
pub use partial::Partial;
pub use port::{Port, PortError, PortRange};
pub use port_mapping::{PortMapping, PortMappingError};
pub use port_ranges::{NoPorts, PortRanges};
pub use process_name::ProcessName;
pub use quantity::Quantity;
pub use resource_name::ResourceName;
pub use role::{RayPort, Role, RoleError};
pub use runtime_party::RuntimeParty;
pub use size::Size;
pub use subnet::Subnet;
pub use template::{Piece, Placeholder, Template};
pub use text::{
    PathText, Reason, TextError, check_text, escape_display_controls, is_display_control,
};
pub use tree_path::TreePath;
pub use words::{
    Access, BackEnd, Engine, GatewayProtocol, Links, Mode, PortScope, RuntimeName, TargetName,
};
