//! Help, completions and manual page: all of one definition.

use crate::run::run;

const OPTIONS: [&str; 14] = [
    "--handler",
    "--in",
    "--out",
    "--config",
    "--catalog",
    "--listen",
    "--pace",
    "--for",
    "--name",
    "--packets-per-datagram",
    "--record",
    "--threads",
    "--log-format",
    "--quiet",
];

#[track_caller]
fn assert_has_all_options(text: &str) {
    // The manual page escapes each hyphen.
    let text = text.replace("\\-", "-");
    let missing: Vec<_> = OPTIONS.iter().filter(|option| !text.contains(*option)).collect();
    assert!(missing.is_empty(), "{missing:?} not in: {text}");
}

#[test]
fn help_has_all_options_and_examples() {
    for flag in ["-h", "--help"] {
        let help = run(&[flag]).succeeded();
        assert_has_all_options(&help);
        assert!(help.contains("flowclient --handler ch7 --out 239.1.1.7:5000"), "{help}");
    }
}

#[test]
fn completions_and_manual_have_all_options() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = run(&["completions", shell]).succeeded();
        let script = if shell == "fish" { script.replace("-l ", "--") } else { script };
        assert_has_all_options(&script);
    }
    assert_has_all_options(&run(&["man"]).succeeded());
}

#[test]
fn without_arguments_help_is_shown_as_an_error() {
    let ended = run(&[]);
    assert_eq!(ended.code, Some(2));
    assert_has_all_options(&ended.stderr);
}

#[test]
fn the_version_is_told() {
    assert_eq!(run(&["--version"]).succeeded(), concat!("flowclient ", env!("CARGO_PKG_VERSION"), "\n"));
}
