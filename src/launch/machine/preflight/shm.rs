//! Ray's object store lives in /dev/shm; where it does not fit, Ray falls back to the disk and becomes slow.

use camino::Utf8Path;

use super::machine::{Machine, Probe};
use crate::{
    diag::{Code, Finding},
    fs,
};

pub(super) const PROBE: Probe = Probe { name: "shared memory", run };

fn run(machine: &Machine<'_>) -> Vec<Finding> {
    let Some(ray) = machine.host_plan().and_then(|host| host.ray.as_ref()) else {
        return Vec::new();
    };
    match fs::space(Utf8Path::new("/dev/shm")) {
        Ok((_, free)) => judge(ray.object_store.bytes(), free).into_iter().collect(),
        Err(why) => {
            vec![Finding::warning(Code("SF0845"), why.to_string()).help("mount a tmpfs there")]
        }
    }
}

fn judge(wanted: u64, free: u64) -> Option<Finding> {
    let mib = |bytes| bytes >> 20;
    (free < wanted).then(|| {
        let message = format!(
            "/dev/shm has {} MiB free, and Ray's object store is planned with {} MiB",
            mib(free),
            mib(wanted)
        );
        Finding::warning(Code("SF0845"), message).help(
            "enlarge it (`mount -o remount,size=...`, `--shm-size` in Docker), or plan less with `object-store`",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_is_fine() {
        assert_eq!(judge(512 << 20, 512 << 20), None);
        let small = judge(512 << 20, 64 << 20).unwrap();
        assert!(small.message.starts_with("/dev/shm has 64 MiB free"), "{}", small.message);
    }
}
