//! `sfgen schema [NAME]`: schemas of what others read and write.

use camino::Utf8PathBuf;
use clap::Args;

use crate::{
    cli::{
        schemas::{SCHEMAS, Schema},
        status::{Failure, Status},
        ui::Ui,
    },
    fs,
    syntax::nearest,
};

/// Arguments of `schema`.
#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// Which one; all are listed unless given
    pub(crate) name: Option<String>,
    /// Write it, or all of them, into this folder
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<Utf8PathBuf>,
}

/// Runs the command.
pub(in crate::cli) fn run(args: &SchemaArgs, ui: &Ui) -> Result<Status, Failure> {
    let chosen: Vec<&Schema> = match &args.name {
        Some(name) => vec![find(name)?],
        None => SCHEMAS.iter().collect(),
    };
    if let Some(folder) = &args.out {
        fs::create_folder(folder, 0o755)?;
        for schema in chosen {
            let path = folder.join(schema.file);
            fs::write_atomically(&path, schema.text().as_bytes(), 0o644)?;
            ui.result(format!("+ {path}"));
        }
        return Ok(Status::Done);
    }
    match chosen[..] {
        [one] => ui.result(one.text().trim_end()),
        _ => {
            for schema in chosen {
                ui.result(format!("{:<14} {}", schema.name, schema.title));
            }
        }
    }
    Ok(Status::Done)
}

fn find(name: &str) -> Result<&'static Schema, Failure> {
    let names = || SCHEMAS.iter().map(|schema| schema.name);
    SCHEMAS.iter().find(|schema| schema.name == name).ok_or_else(|| {
        let failure = Failure::new(Status::Usage, format!("there is no schema `{name}`"));
        match nearest(name, names()) {
            Some(near) => failure.help(format!("did you mean `{near}`?")),
            None => failure.help(format!("there are: {}", names().collect::<Vec<_>>().join(", "))),
        }
    })
}
