//! Topologies of any size, as federations have them: a file per party, jobs in groups, certificates of every party's own.

use std::fmt::Write as _;

use camino::{Utf8Path, Utf8PathBuf};
use sfgen::{
    fs::{self, FsError, TemporaryFolder},
    keys::{self, KeyFiles, NewKeys},
    types::PartyName,
};
use time::OffsetDateTime;

/// How many parties there are, and how many of them share each job.
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) parties: usize,
    pub(crate) job: usize,
}

impl Shape {
    /// One job, and one SPU, of all parties.
    pub(crate) const fn full_mesh(parties: usize) -> Self {
        Self { parties, job: parties }
    }

    /// Jobs, each with an SPU, in which every party meets `degree` others.
    pub(crate) const fn of_degree(parties: usize, degree: usize) -> Self {
        Self { parties, job: degree + 1 }
    }
}

/// A topology on disk, with the certificates that it names. The folder goes with this value.
pub(crate) struct Federation {
    folder: TemporaryFolder,
}

impl Federation {
    /// Writes the files of a topology.
    pub(crate) fn new(shape: Shape) -> Result<Self, FsError> {
        let federation = Self { folder: fs::temporary_folder("sfgen-bench-")? };
        let root = federation.folder.path();
        fs::create_folder(&root.join("parties"), 0o755)?;
        fs::write_new(&root.join("job.py"), b"import sf_party\nsf_party.init()\n", 0o644)?;
        fs::write_new(&federation.topology(), topology(shape).as_bytes(), 0o644)?;
        for index in 0..shape.parties {
            let path = root.join("parties").join(format!("{}.kdl", name(index)));
            fs::write_new(&path, party(index).as_bytes(), 0o644)?;
            let party: PartyName = name(index).parse().expect("it is made of letters and digits");
            let new = NewKeys {
                party: &party,
                topology: &"bench".parse().expect("it is made of letters"),
                addresses: &[address(index).parse().expect("four numbers below 256")],
                now: OffsetDateTime::now_utc(),
            };
            keys::write(&new.generate(), &federation.key_files(&party), keys::Old::Keep)
                .expect("a new folder has room for keys");
        }
        Ok(federation)
    }

    /// The root file.
    pub(crate) fn topology(&self) -> Utf8PathBuf {
        self.folder.path().join("topology.kdl")
    }

    /// A folder for a tree. Each first plan gets one of its own, since file systems are slow to create files soon after
    /// many were removed.
    pub(crate) fn tree(&self, number: usize) -> Utf8PathBuf {
        self.folder.path().join(format!("generated-{number}"))
    }

    /// Takes the lock away, so that the next plan into a new folder is a first one.
    pub(crate) fn forget_lock(&self) -> Result<(), FsError> {
        fs::remove_file(&self.folder.path().join("sfgen.lock"))
    }

    /// Takes a party's keys and certificates away, so that they can be made.
    pub(crate) fn forget_keys(&self, party: &PartyName) -> Result<(), FsError> {
        let KeyFiles { ca, cert, key, ca_key } = self.key_files(party);
        [ca, cert, key, ca_key].iter().try_for_each(|path| fs::remove_file(path))
    }

    fn key_files(&self, party: &PartyName) -> KeyFiles {
        let at = |path: &str| self.folder.path().join(Utf8Path::new(path));
        KeyFiles {
            ca: at(&format!("pki/{party}/ca.pem")),
            cert: at(&format!("pki/{party}/node.pem")),
            key: at(&format!("keys/{party}/node.key")),
            ca_key: at(&format!("keys/{party}/node-ca.key")),
        }
    }
}

/// The name of a party.
pub(crate) fn name(index: usize) -> String {
    format!("p{index:04}")
}

fn address(index: usize) -> String {
    format!("10.{}.{}.{}", index / 62_500 + 1, index / 250 % 250, index % 250 + 1)
}

/// The root file: jobs of neighbours, the last of which goes on with the first parties.
fn topology(shape: Shape) -> String {
    let mut text = "topology \"bench\" mode=\"production\"\n\
        runtime \"secretflow\" version=\"1.13.0b0\" engine=\"ray\" { python \"3.10\"; }\n\
        ports scope=\"host\" { pool 20000 31999; }\n\
        include \"parties/*.kdl\"\n"
        .to_owned();
    for first in (0..shape.parties).step_by(shape.job) {
        let members = (first..first + shape.job).map(|index| index % shape.parties);
        let members: Vec<String> = members.map(|index| format!("\"{}\"", name(index))).collect();
        let members = members.join(" ");
        let written = writeln!(
            text,
            "spu \"spu-{first}\" protocol=\"SEMI2K\" field=\"FM128\" {{ parties {members}; }}\n\
             job \"job-{first}\" script=\"job.py\" {{ parties {members}; }}"
        );
        written.expect("a String takes all text");
    }
    text
}

/// One party's file: Ray, units of systemd, and two services.
fn party(index: usize) -> String {
    let (name, address) = (name(index), address(index));
    format!(
        r#"party "{name}" {{
    host "{name}-1" address="{address}" {{ ray cpus=8 object-store="2GiB"; }}
    identity ca="pki/{name}/ca.pem" cert="pki/{name}/node.pem" key="keys/{name}/node.key"
    deploy "systemd" user="secretflow" home="/opt/secretflow"
    service "redis" {{
        command "redis-server" "--port" "{{port.redis}}" "--bind" "127.0.0.1"
        port "redis"
        ready tcp="redis"
    }}
    service "worker" after="redis ray" {{
        command "python" "src/worker.py"
        env WORKER_CONCURRENCY="2"
    }}
}}
"#
    )
}
