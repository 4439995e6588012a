//! Rust source: how long, and where it may be unsafe.

use std::path::Path;

use crate::{assert_none, files, read};

const FILE_LINES_MAX: usize = 500;
const FILE_LINES_ADVISED: usize = 250;
const FUNCTION_LINES_MAX: usize = 60;
/// The one folder where unsafe code may be.
const UNSAFE_HOME: &str = "relay/src/sys";

#[test]
fn files_are_short() {
    let lengths = || files(".rs").into_iter().map(|path| (read(&path).lines().count(), path));
    for (length, path) in lengths().filter(|(length, _)| *length > FILE_LINES_ADVISED) {
        println!("{}: {length} lines, {FILE_LINES_ADVISED} are advised", path.display());
    }
    let too_long = lengths().filter(|(length, _)| *length > FILE_LINES_MAX);
    let complain = |(length, path): (usize, std::path::PathBuf)| {
        format!("{}: {length} lines, {FILE_LINES_MAX} are allowed: split it by idea", path.display())
    };
    assert_none(&too_long.map(complain).collect::<Vec<_>>());
}

#[test]
fn functions_are_short() {
    let mut complaints = Vec::new();
    for path in files(".rs") {
        for (line, length) in functions(&read(&path)).into_iter().filter(|(_, length)| *length > FUNCTION_LINES_MAX) {
            complaints.push(format!(
                "{}:{line}: a function of {length} lines, {FUNCTION_LINES_MAX} are allowed",
                path.display()
            ));
        }
    }
    assert_none(&complaints);
}

/// Each function's first line, counted from 1, and its length in lines. The source is as rustfmt leaves it, so that a
/// function ends with a brace as far in as it starts.
fn functions(source: &str) -> Vec<(usize, usize)> {
    let lines: Vec<&str> = source.lines().collect();
    let starts = lines.iter().enumerate().filter(|(_, line)| starts_function(line));
    let measure = |(start, line): (usize, &&str)| {
        let indent = &line[..line.len() - line.trim_start().len()];
        let ends = |line: &&str| line.strip_prefix(indent).is_some_and(ends_function);
        let length = lines[start..].iter().position(ends)?;
        Some((start + 1, length + 1))
    };
    starts.filter_map(measure).collect()
}

fn starts_function(line: &str) -> bool {
    let is_modifier =
        |word: &str| word.starts_with("pub") || ["const", "async", "unsafe", "extern", "\"C\""].contains(&word);
    line.trim_start().split(' ').find(|word| !is_modifier(word)) == Some("fn")
}

/// Whether `line`, without the function's own indent, is the function's last; one that ends with a semicolon has no body.
fn ends_function(line: &str) -> bool {
    line.starts_with('}') || !line.starts_with(' ') && (line.ends_with(" }") || line.ends_with(';'))
}

#[test]
fn unsafe_code_is_in_its_one_folder() {
    let elsewhere = files(".rs").into_iter().filter(|path| !path.starts_with(UNSAFE_HOME));
    let complaints = elsewhere.flat_map(|path| unsafe_lines(&path));
    assert_none(&complaints.collect::<Vec<_>>());
}

fn unsafe_lines(path: &Path) -> Vec<String> {
    let text = read(path);
    let code = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    let found = code.enumerate().filter(|(_, code)| is_unsafe(code));
    found.map(|(at, _)| format!("{}:{}: unsafe code outside {UNSAFE_HOME}", path.display(), at + 1)).collect()
}

fn is_unsafe(code: &str) -> bool {
    let opens =
        ["unsafe {", "unsafe fn", "unsafe impl", "unsafe extern", "unsafe trait", "#[unsafe(", "allow(unsafe_code"];
    opens.iter().any(|start| code.contains(start)) && !code.contains('"')
}

#[test]
fn no_path_of_one_machine_is_written_down() {
    let machines = ["home", "root", "work", "Users"].map(|folder| format!("/{folder}/"));
    let mut complaints = Vec::new();
    for path in files("") {
        for (at, line) in read(&path).lines().enumerate() {
            if machines.iter().any(|start| absolute(line, start)) {
                complaints.push(format!("{}:{}: a path of one machine: {line}", path.display(), at + 1));
            }
        }
    }
    assert_none(&complaints);
}

/// Whether `line` has a path that begins with `start`.
fn absolute(line: &str, start: &str) -> bool {
    let begins = |at: usize| line[..at].chars().next_back().is_none_or(|before| "\"'`( =:".contains(before));
    line.match_indices(start).any(|(at, _)| begins(at))
}

#[test]
fn a_function_is_measured_from_its_name_to_its_brace() {
    let source = "fn one() {\n    {\n    }\n}\n\nimpl X {\n    pub const fn two(\n        self,\n    ) -> u8 {\n        2\n    }\n    fn three();\n}\nfn four() -> u8 { 4 }\n";
    assert_eq!(functions(source), [(1, 4), (7, 5), (12, 1), (14, 1)]);
}
