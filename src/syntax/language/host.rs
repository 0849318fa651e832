//! `host "alice-1" address=... inside=... { outside ...; reserve ...; ray ... }`.

use super::{
    files::{ENV_FILE, MOUNT, SECRET},
    kind::{
        Kind::{self, Address, Number, Port},
        Name,
    },
    rule::{Occurs, Rule, arg, may, prop},
};

pub(super) static HOST: Rule = Rule {
    name: "host",
    about: "A machine of the party. Launcher and driver live on the first.",
    occurs: Occurs::Keyed,
    args_are: "a name",
    args: &[arg(
        Kind::Name(Name::Host),
        "Its name; the same name at another party is the same machine.",
    )],
    props: &[
        prop("address", Address, "What the peers dial; written once for each machine.")
            .help("write what the peers dial: `address=\"192.168.1.10\"`"),
        prop(
            "inside",
            Address,
            "The machine's own address, where NAT, a load balancer or a proxy stands in between.",
        )
        .help("write an address of the machine itself: `inside=\"10.1.0.4\"`"),
        // All interfaces: which peers get through is the firewall's matter, and gRPC ignores the host part.
        prop("listen", Address, "What its listeners bind, `inside` where that is written.")
            .or("0.0.0.0"),
    ],
    children: &[may(&OUTSIDE), may(&RESERVE), may(&RAY), may(&MOUNT), may(&SECRET), may(&ENV_FILE)],
};

static OUTSIDE: Rule = Rule {
    name: "outside",
    about: "Ports that the peers dial where they are not the planned ones.",
    occurs: Occurs::Keyed,
    args_are: "a role, the first port and, for a range, the last",
    args: &[
        arg(Kind::Role, "What the peers dial: `control`, `sf`, `spu` or a service's port."),
        arg(Port, "The first port that they dial."),
        arg(Port, "The last port of a range.").optional(),
    ],
    props: &[],
    children: &[],
};

static RESERVE: Rule = Rule {
    name: "reserve",
    about: "Ports of the machine that sfgen leaves alone.",
    occurs: Occurs::Many,
    args_are: "port numbers",
    args: &[arg(Port, "Ports that other programs of the machine use.").repeated()],
    props: &[],
    children: &[],
};

static RAY: Rule = Rule {
    name: "ray",
    about: "The Ray node of the host.",
    occurs: Occurs::Once,
    args_are: "nothing",
    args: &[],
    props: &[
        // More CPUs than any machine has; zero is reported by a check. The default suffices for a job that uses an SPU, and
        // a small machine has it. With Ray's own, all CPUs of the machine, the port plan would depend on the machine.
        prop("cpus", Number(0, 10_000), "CPUs that Ray may hand out.").or_number(8),
        // Without one, Ray looks for GPUs by itself; a machine has few.
        prop(
            "gpus",
            Number(0, 1024),
            "GPUs that Ray may hand out; those that Ray finds unless written.",
        ),
        prop(
            "memory",
            Kind::SIZE,
            "Memory that Ray may hand out; what Ray finds free unless written.",
        ),
        prop("object-store", Kind::SIZE, "Memory of the object store.").or("1GiB"),
        // Whoever reaches it can start programs, and it needs packages of its own.
        prop("dashboard", Kind::Bool, "Whether the head starts Ray's dashboard.").or_bool(false),
        // Without one, every task of the party would wait for ever; more than this no machine does at once. The
        // default is that of SecretFlow's documentation of a simulation on several machines.
        prop("slots", Number(1, 1_000_000), "Tasks of the party that run at once in a simulation.")
            .or_number(16),
    ],
    children: &[may(&RESOURCE)],
};

static RESOURCE: Rule = Rule {
    name: "resource",
    about: "Something else that the Ray node offers.",
    occurs: Occurs::Keyed,
    args_are: "a name and how much of it there is",
    args: &[
        arg(Kind::Resource, "Its name, as tasks and actors ask for it.")
            .help("write the name that tasks ask for: `resource \"fpga\" 1`"),
        arg(Number(1, 1_000_000), "How much of it the node has."),
    ],
    props: &[],
    children: &[],
};
