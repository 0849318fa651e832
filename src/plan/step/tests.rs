use super::{command::ROOT, *};

#[test]
fn what_a_step_makes_its_undoing_removes() {
    let file = Action::CopyFile {
        from: "generated/a".into(),
        to: "/etc/a".into(),
        owner: ROOT.parse().unwrap(),
        mode: "0644".into(),
    };
    assert_eq!(file.command().join(" "), "install -D -m 0644 generated/a /etc/a");
    assert_eq!(file.undo().unwrap().command().join(" "), "rm /etc/a");
    assert_eq!(file.undo().unwrap().undo(), None);
}

#[test]
fn steps_are_taken_back_from_the_last_to_the_first_and_then_units_are_read_again() {
    let step = |action| Step { stage: Stage::Install, action };
    let unit = |unit: &str| Action::EnableUnit { unit: unit.to_owned() };
    let steps = [step(unit("a")), step(Action::ReloadUnits), step(unit("b"))];
    let undone = undo(&steps, &[Stage::Start, Stage::Install]);
    let commands: Vec<_> = undone.iter().map(|action| action.command().join(" ")).collect();
    assert_eq!(commands, ["systemctl disable b", "systemctl disable a", "systemctl daemon-reload"]);
}

#[test]
fn a_step_is_read_back_from_a_plan() {
    let step = Step { stage: Stage::Start, action: Action::StartUnit { unit: "a.target".into() } };
    let json = serde_json::to_string(&step).unwrap();
    assert_eq!(json, r#"{"stage":"start","action":{"do":"start-unit","unit":"a.target"}}"#);
    assert_eq!(serde_json::from_str::<Step>(&json).unwrap(), step);
}

#[test]
fn an_account_is_let_to_a_file_by_name_or_by_number_and_shut_out_again() {
    let (path, user) = ("/etc/sfgen/node.key".into(), "sf".to_owned());
    let read = Action::GrantRead { path, user: user.clone() };
    assert_eq!(read.command().join(" "), "setfacl -m u:sf:r /etc/sfgen/node.key");
    assert_eq!(read.undo().unwrap().command().join(" "), "setfacl -x u:sf /etc/sfgen/node.key");
    let folders = vec!["keys".into(), "keys/alice".into()];
    let search = Action::GrantSearch { folders, user: "10001".to_owned() };
    assert_eq!(search.command().join(" "), "setfacl -m u:10001:x keys keys/alice");
    assert_eq!(search.undo().unwrap().command().join(" "), "setfacl -x u:10001 keys keys/alice");
}

#[test]
fn access_is_tried_as_the_account_that_will_have_it() {
    let check = |access, user: &str| {
        let path = "/data".parse().unwrap();
        Action::CheckAccess { path, access, user: user.to_owned() }.command().join(" ")
    };
    assert_eq!(check(Access::Write, "sf"), "runuser -u sf -- test -w /data");
    let number = "setpriv --reuid=10001 --regid=10001 --clear-groups test -r /data";
    assert_eq!(check(Access::Read, "10001"), number);
}
