//! Places on this machine: who has them, who may look into them, and what is left of them.

use std::{sync::mpsc, thread};

use super::*;

fn place() -> (tempfile::TempDir, Folders, Utf8PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let root = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
    let tree = root.join("generated");
    fs::create_folder(&tree, 0o755).unwrap();
    let folders = Folders { state: Some(root.join("state")), run: root.join("r") };
    (folder, folders, tree)
}

#[test]
fn the_run_folder_follows_from_the_account_unless_it_is_named() {
    let login = |name: &str| {
        let value = match name {
            "XDG_RUNTIME_DIR" => "/run/user/1000",
            "HOME" => "/home/alice",
            _ => return None,
        };
        Some(value.to_owned())
    };
    let cron = |name: &str| (name == "HOME").then(|| "/home/alice".to_owned());
    let run =
        |variable: &dyn Fn(&str) -> Option<String>| Folders::from_variables(variable, || None).run;
    assert_eq!(run(&login), run(&cron));
    assert_eq!(run(&login), format!("/tmp/sfgen-{}", getuid()));
    let named = |name: &str| (name == "SFGEN_RUN_DIR").then(|| "/run/sfgen".to_owned());
    assert_eq!(run(&named), "/run/sfgen");
}

#[test]
fn a_second_launcher_of_a_party_is_told_who_has_its_place() {
    let (_folder, folders, tree) = place();
    let (topology, party) = ("t".parse().unwrap(), "alice".parse().unwrap());
    let owner = Owner {
        tree: &tree,
        topology: &topology,
        party: &party,
        ray_is_elsewhere: false,
        further_host: None,
    };
    let first = Deployment::take(&folders, owner).unwrap();
    let second = Deployment::take(&folders, owner).unwrap_err();
    assert!(second.to_string().contains(&std::process::id().to_string()), "{second}");
    assert_eq!(instances(&folders).unwrap().len(), 1);
    let run = first.run.clone();
    drop(first);
    assert_eq!(fs::kind(&run).unwrap(), Kind::Absent, "nothing stays behind");
    assert!(instances(&folders).unwrap().is_empty());
    Deployment::take(&folders, owner).unwrap();
}

#[test]
fn hosts_of_a_party_on_one_machine_have_places_of_their_own() {
    let (_folder, folders, tree) = place();
    let (topology, party) = ("t".parse().unwrap(), "alice".parse().unwrap());
    let host = "alice-2".parse().unwrap();
    let owner = Owner {
        tree: &tree,
        topology: &topology,
        party: &party,
        ray_is_elsewhere: false,
        further_host: None,
    };
    let _first = Deployment::take(&folders, owner).unwrap();
    let _second = Deployment::take(&folders, Owner { further_host: Some(&host), ..owner }).unwrap();
}

#[test]
fn state_lives_in_a_home_and_never_where_everybody_can_write() {
    let state = |variables: &[(&str, &str)], home: Option<&str>| {
        let variable = |name: &str| {
            let set = variables.iter().find(|(known, _)| *known == name);
            set.map(|(_, value)| (*value).to_owned())
        };
        Folders::from_variables(variable, || home.map(str::to_owned)).state
    };
    let at = |path: &str| Some(Utf8PathBuf::from(path));
    let all = [("SFGEN_STATE", "/s"), ("XDG_STATE_HOME", "/x"), ("HOME", "/h")];
    assert_eq!(state(&all, None), at("/s"));
    assert_eq!(state(&all[1..], None), at("/x/sfgen"));
    assert_eq!(state(&all[2..], Some("/known")), at("/h/.local/state/sfgen"));
    assert_eq!(state(&[("HOME", "")], Some("/known")), at("/known/.local/state/sfgen"));
    assert_eq!(state(&[], None), None);
}

/// Gives a folder to somebody else, where we may; otherwise lets everybody write to it.
fn squat(folder: &Utf8Path) {
    fs::create_folder(folder, 0o700).unwrap();
    if nix::unistd::geteuid().is_root() {
        std::os::unix::fs::chown(folder, Some(65534), None).unwrap();
    } else {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o777);
        std::fs::set_permissions(folder, mode).unwrap();
    }
}

#[test]
fn a_folder_that_somebody_else_was_first_to_make_is_told_with_the_way_out() {
    let (topology, party) = ("t".parse().unwrap(), "alice".parse().unwrap());
    for (squatted, variable) in
        [("r", "SFGEN_RUN_DIR"), ("state", "SFGEN_STATE"), ("state/venvs", "SFGEN_STATE")]
    {
        let (_folder, folders, tree) = place();
        squat(&tree.with_file_name(squatted));
        let owner = Owner {
            tree: &tree,
            topology: &topology,
            party: &party,
            ray_is_elsewhere: false,
            further_host: None,
        };
        let why = Deployment::take(&folders, owner).unwrap_err();
        assert!(why.to_string().contains(&format!("/{squatted}` ")), "{why}");
        let help = why.help().unwrap().to_string();
        assert!(help.contains(&format!("name a folder of your own in {variable}")), "{help}");
    }
}

#[test]
fn a_run_folder_that_somebody_else_has_is_told_by_whoever_looks_for_launchers() {
    let (_folder, folders, _tree) = place();
    assert!(instances(&folders).unwrap().is_empty(), "where nobody was yet, nothing runs");
    squat(&folders.run);
    let told = |folders: &Folders| instances(folders).unwrap_err();
    assert!(matches!(told(&folders), StateError::Foreign { variable: "SFGEN_RUN_DIR", .. }));
    let (_folder, folders, _tree) = place();
    squat(&folders.run.join("0123abcd"));
    assert!(matches!(told(&folders), StateError::Foreign { .. }));
}

#[test]
fn without_a_home_nothing_is_kept_where_everybody_can_write() {
    let (_folder, folders, tree) = place();
    let folders = Folders { state: None, ..folders };
    let (topology, party) = ("t".parse().unwrap(), "alice".parse().unwrap());
    let owner = Owner {
        tree: &tree,
        topology: &topology,
        party: &party,
        ray_is_elsewhere: false,
        further_host: None,
    };
    let why = Deployment::take(&folders, owner).unwrap_err();
    assert!(matches!(why, StateError::NoHome), "{why}");
}

#[test]
fn what_a_killed_launcher_left_is_removed_by_whoever_looks_and_nothing_else_is() {
    let (_folder, folders, tree) = place();
    let (topology, party) = ("t".parse().unwrap(), "alice".parse().unwrap());
    let owner = Owner {
        tree: &tree,
        topology: &topology,
        party: &party,
        ray_is_elsewhere: false,
        further_host: None,
    };
    let first = Deployment::take(&folders, owner).unwrap();
    let (run, left) = (first.run.clone(), fs::read(&first.run.join(INSTANCE)).unwrap());
    drop(first);
    fs::private_folder(&run).unwrap();
    fs::write_atomically(&run.join(INSTANCE), &left, 0o600).unwrap();
    let other = folders.run.join("state");
    fs::private_folder(&other).unwrap();
    assert!(instances(&folders).unwrap().is_empty());
    assert_eq!(fs::kind(&run).unwrap(), Kind::Absent);
    assert_eq!(fs::kind(&other).unwrap(), Kind::Folder);
}

#[test]
fn a_launcher_keeps_its_folder_though_others_remove_what_was_left_at_that_moment() {
    let (_folder, folders, tree) = place();
    let (topology, party) = ("t".parse().unwrap(), "alice".parse().unwrap());
    let owner = Owner {
        tree: &tree,
        topology: &topology,
        party: &party,
        ray_is_elsewhere: false,
        further_host: None,
    };
    let run = run_folder(&folders, owner).unwrap();
    let round = |remove: &[mpsc::Sender<()>]| {
        // As a killed launcher leaves it: there, and without a lock.
        fs::private_folder(&run).unwrap();
        for remove in remove {
            remove.send(()).unwrap();
        }
        let deployment = Deployment::take(&folders, owner).map_err(|why| why.to_string())?;
        let kind = fs::kind(&run.join(SOCKET)).unwrap();
        drop(deployment);
        Ok::<_, String>(kind)
    };
    let rounds: Vec<_> = thread::scope(|scope| {
        let remove = [0, 1].map(|_| {
            let (remove, removals) = mpsc::channel();
            let run = &run;
            scope.spawn(|| removals.into_iter().for_each(|()| remove_abandoned(run).unwrap()));
            remove
        });
        (0..500).map(|_| round(&remove)).collect()
    });
    for round in rounds {
        assert_eq!(round, Ok(Kind::Other), "the socket is there");
    }
}
