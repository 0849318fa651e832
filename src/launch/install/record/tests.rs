use super::*;
use crate::plan::Stage;

fn place() -> Place {
    let (topology, party) = ("t".parse().unwrap(), "alice".parse().unwrap());
    Place { topology, party, host: "alice-1".parse().unwrap() }
}

fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
    (folder, path)
}

fn enable(unit: &str) -> Step {
    Step { stage: Stage::Install, action: Action::EnableUnit { unit: unit.to_owned() } }
}

#[test]
fn a_record_is_read_back_as_it_was_written_and_leaves_nothing_when_it_is_removed() {
    let (_folder, state) = folder();
    let records = Records::below(&state.join("sfgen"));
    assert_eq!(records.places().unwrap(), []);
    let mut open = records.open(&place()).unwrap();
    let kept = open.keep(b"before").unwrap();
    let entry = open.record.begin(&enable("a.target"), Digest::of(b"a"));
    entry.before = Some(Before { mode: 0o640, user: 1, group: 2, content: Some(kept) });
    entry.folders = vec!["/etc/sfgen".into()];
    open.record.restart.insert("a.service".to_owned());
    open.save().unwrap();
    assert_eq!(records.read(&place()).unwrap(), open.record);
    assert_eq!(records.places().unwrap(), [place()]);
    assert_eq!(fs::read(&open.kept(kept)).unwrap(), b"before");
    open.remove().unwrap();
    assert_eq!(fs::list(&state).unwrap(), [""; 0]);
    assert_eq!(records.read(&place()).unwrap(), Record::empty(place()));
}

#[test]
fn one_process_at_a_time_changes_a_record() {
    let (_folder, state) = folder();
    let records = Records::below(&state);
    let open = records.open(&place()).unwrap();
    assert!(matches!(records.open(&place()), Err(InstallError::Busy { .. })));
    drop(open);
    records.open(&place()).unwrap();
}

#[test]
fn a_record_of_another_format_is_not_guessed_at() {
    let (_folder, state) = folder();
    let records = Records::below(&state);
    let mut open = records.open(&place()).unwrap();
    open.record.format = 2;
    open.save().unwrap();
    let why = records.read(&place()).unwrap_err().to_string();
    assert!(why.ends_with("its format is 2, not 1"), "{why}");
}

#[test]
fn the_same_thing_is_recorded_once_whatever_it_is_made_with() {
    let mut record = Record::empty(place());
    let copy = |from: &str| Step {
        stage: Stage::Install,
        action: Action::CopyFile {
            from: from.into(),
            to: "/etc/a".into(),
            owner: "root".parse().unwrap(),
            mode: "0644".to_owned(),
        },
    };
    record.begin(&copy("one"), Digest::of(b"1"));
    record.begin(&copy("other"), Digest::of(b"2"));
    assert_eq!(record.entries.len(), 1);
    assert_eq!(record.entries[0].step, copy("other"));
    assert_eq!(record.entries[0].digests, [Digest::of(b"1"), Digest::of(b"2")]);
    record.finish(&copy("other").action);
    assert_eq!((record.entries[0].is_done, record.entries[0].digests.len()), (true, 1));
    record.forget(&copy("one").action);
    assert_eq!(record.entries, []);
}
