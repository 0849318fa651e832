//! `publish "6080:1080" "8075-8077:8075-8077"`: ports that the machine passes on to a party's containers.

use crate::{
    diag::Spanned,
    syntax::{Cursor, Value},
    types::PortMapping,
};

const HELP: &str = "write the machine's port and the container's: `publish \"6080:1080\"`";

/// The mappings of a `publish` node, without those that are wrong. A port alone may be written without quotes.
pub(super) fn read(cursor: &mut Cursor<'_>) -> Vec<Spanned<PortMapping>> {
    let node = cursor.node;
    let mappings = node.args.iter().filter_map(|arg| {
        let text = match &arg.value {
            Value::Text(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            other => {
                let why = format!("expected a port mapping, found {} `{other}`", other.kind());
                cursor.reject(arg.span, why, HELP);
                return None;
            }
        };
        match text.parse() {
            Ok(mapping) => Some(Spanned::new(mapping, arg.span)),
            Err(why) => {
                cursor.reject(arg.span, why, HELP);
                None
            }
        }
    });
    mappings.collect()
}
