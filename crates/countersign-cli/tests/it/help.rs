//! What the program says of itself.

use crate::support::program;

fn help(arguments: &[&str]) -> String {
    let output = program().args(arguments).arg("--help").output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn help_texts() {
    let commands: &[&[&str]] = &[
        &[],
        &["dev"],
        &["init"],
        &["serve"],
        &["migrate"],
        &["account"],
        &["account", "create"],
        &["account", "list"],
        &["account", "suspend"],
        &["access-key"],
        &["access-key", "create"],
        &["access-key", "import"],
        &["access-key", "list"],
        &["access-key", "disable"],
        &["access-key", "rotate"],
        &["project"],
        &["project", "create"],
        &["sign"],
        &["request"],
        &["exec"],
        &["explain"],
        &["whoami"],
        &["doctor"],
        &["ring-key"],
        &["ring-key", "add"],
        &["ring-key", "activate"],
        &["ring-key", "retire"],
        &["master-key"],
        &["master-key", "rotate"],
        &["config"],
        &["config", "check"],
    ];
    let texts: Vec<_> = commands
        .iter()
        .map(|command| format!("$ countersign {} --help\n{}", command.join(" "), help(command)))
        .collect();
    insta::assert_snapshot!(texts.join("\n"));
}

#[test]
fn arguments_that_cannot_be_used_exit_with_2() {
    for arguments in [
        &["frobnicate"][..],
        &["access-key", "disable"],
        &["access-key", "disable", "a/b"],
        &["serve", "--listen", "x"],
    ] {
        let output = program().args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}");
    }
}
