use super::{
    super::record::{Place, Record},
    *,
};

fn step(action: Action) -> Step {
    Step { stage: Stage::Install, action }
}

fn copy(to: &str) -> Step {
    step(Action::CopyFile {
        from: "generated/file".into(),
        to: to.into(),
        owner: "root".parse().unwrap(),
        mode: "0644".to_owned(),
    })
}

fn record(entries: &[(&Step, &[u8])]) -> Record {
    let name = |text: &str| text.parse().unwrap();
    let place = Place {
        topology: "t".parse().unwrap(),
        party: name("alice"),
        host: "a-1".parse().unwrap(),
    };
    let mut record = Record::empty(place);
    for (step, content) in entries {
        record.begin(step, Digest::of(content));
        record.finish(&step.action);
    }
    record
}

fn planned(step: &Step, seen: Seen, content: &[u8]) -> Planned {
    Planned { step: step.clone(), seen, digest: Digest::of(content) }
}

fn other(content: &[u8]) -> Seen {
    Seen::Other { digest: Some(Digest::of(content)) }
}

/// The steps that are done, by what they make, and the files that somebody edited.
fn told(planned: &[Planned], record: &Record) -> (Vec<String>, Vec<(String, bool)>) {
    let told = difference(planned, record, |_| None);
    let changes = told.changes.iter().map(|change| match change {
        Change::Do { step, is_new, .. } => {
            let sign = if *is_new { "+" } else { "~" };
            format!("{sign} {}", step.action.command().last().unwrap())
        }
        Change::TakeBack { action } => format!("- {}", action.command().last().unwrap()),
    });
    let edited = told.edited.into_iter().map(|file| (file.path.to_string(), file.is_ours));
    (changes.collect(), edited.collect())
}

#[test]
fn what_is_as_planned_is_left_alone_whoever_made_it() {
    let file = copy("/etc/a");
    let all = [planned(&file, Seen::AsPlanned, b"new")];
    assert_eq!(told(&all, &record(&[])), (vec![], vec![]));
    assert_eq!(told(&all, &record(&[(&file, b"new")])), (vec![], vec![]));
}

#[test]
fn a_file_is_replaced_where_it_is_as_sfgen_left_it_and_named_where_it_is_not() {
    let file = copy("/etc/a");
    let recorded = record(&[(&file, b"old")]);
    let now = |seen| [planned(&file, seen, b"new")];
    assert_eq!(told(&now(other(b"old")), &recorded), (vec!["~ /etc/a".to_owned()], vec![]));
    let (changes, edited) = told(&now(other(b"edited")), &recorded);
    assert_eq!((changes.len(), edited), (1, vec![("/etc/a".to_owned(), true)]));
    let (_, edited) = told(&now(other(b"of somebody")), &record(&[]));
    assert_eq!(edited, [("/etc/a".to_owned(), false)]);
    // With another owner or mode it has lost nothing.
    assert_eq!(told(&now(Seen::Other { digest: None }), &record(&[])).1, []);
}

#[test]
fn both_contents_are_sfgens_while_a_file_is_replaced() {
    let file = copy("/etc/a");
    let mut recorded = record(&[(&file, b"old")]);
    recorded.begin(&file, Digest::of(b"new"));
    for content in [b"old", b"new"] {
        let (_, edited) = told(&[planned(&file, other(content), b"newest")], &recorded);
        assert_eq!(edited, []);
    }
    recorded.finish(&file.action);
    let (_, edited) = told(&[planned(&file, other(b"old"), b"newest")], &recorded);
    assert_eq!(edited.len(), 1, "it was put back by hand");
}

#[test]
fn what_only_the_record_tells_is_done_again_when_it_was_cut_off_or_is_made_from_something_else() {
    let packages = step(Action::InstallPackages {
        folder: "/opt/sf/venv".into(),
        requirements: "/opt/sf/requirements.txt".into(),
        owner: "sf".parse().unwrap(),
        options: vec!["-r".to_owned(), "/opt/sf/requirements.txt".to_owned()],
    });
    let now = [planned(&packages, Seen::Untold, b"list")];
    let mut recorded = record(&[(&packages, b"list")]);
    assert_eq!(told(&now, &recorded).0, [""; 0]);
    assert_eq!(told(&[planned(&packages, Seen::Untold, b"other")], &recorded).0.len(), 1);
    recorded.begin(&packages, Digest::of(b"list"));
    assert_eq!(told(&now, &recorded).0.len(), 1);
}

#[test]
fn what_is_planned_no_more_is_taken_back_first_and_from_the_last_on() {
    let (a, b, c) = (copy("/etc/a"), copy("/etc/b"), copy("/etc/c"));
    let recorded = record(&[(&a, b"a"), (&b, b"b")]);
    let (changes, edited) = told(&[planned(&c, Seen::Absent, b"c")], &recorded);
    assert_eq!(changes, ["- /etc/b", "- /etc/a", "+ /etc/c"]);
    assert_eq!(edited, []);
    let found = |path: &Utf8PathBuf| (path == "/etc/a").then(|| Digest::of(b"edited"));
    let edited = difference(&[], &recorded, found).edited;
    assert_eq!(edited, [Edited { path: "/etc/a".into(), is_ours: true }]);
}

#[test]
fn units_are_read_again_after_the_last_that_changed_and_only_then() {
    let (script, unit) = (copy("/opt/sf/job.py"), copy("/etc/systemd/system/a.service"));
    let reload = step(Action::ReloadUnits);
    let enable = step(Action::EnableUnit { unit: "a.target".to_owned() });
    let all = |script_seen, unit_seen| {
        [
            planned(&script, script_seen, b"script"),
            planned(&unit, unit_seen, b"unit"),
            planned(&reload, Seen::AsPlanned, b""),
            planned(&enable, Seen::Absent, b""),
        ]
    };
    let (changes, _) = told(&all(Seen::Absent, Seen::AsPlanned), &record(&[]));
    assert_eq!(changes, ["+ /opt/sf/job.py", "+ a.target"]);
    let (changes, _) = told(&all(Seen::AsPlanned, Seen::Absent), &record(&[]));
    assert_eq!(changes, ["+ /etc/systemd/system/a.service", "~ daemon-reload", "+ a.target"]);
    let gone = copy("/etc/systemd/system/b.service");
    let (changes, _) = told(&all(Seen::AsPlanned, Seen::AsPlanned), &record(&[(&gone, b"b")]));
    assert_eq!(changes, ["- /etc/systemd/system/b.service", "~ daemon-reload", "+ a.target"]);
}
