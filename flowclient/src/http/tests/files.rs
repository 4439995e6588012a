use std::fs;
use std::path::Path;

use super::*;

/// The built-in files as they lie in the source.
fn files() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let named = |entry: &fs::DirEntry| entry.file_name().into_string().unwrap();
    files.map(|entry| (named(&entry), fs::read_to_string(entry.path()).unwrap())).collect()
}

#[test]
fn every_file_of_the_page_is_built_in() {
    let missing: Vec<_> = files().into_iter().map(|(name, _)| name).filter(|name| name != "page.html").collect();
    let missing: Vec<_> = missing.iter().filter(|name| assets::find(&format!("/assets/{name}")).is_none()).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_file_that_another_asks_for_is_there() {
    for (name, text) in files() {
        let imports = text.split("from \"./").skip(1).map(|rest| format!("/assets/{}", quoted(rest)));
        let links = text.split("=\"/assets/").skip(1).map(|rest| format!("/assets/{}", quoted(rest)));
        let missing: Vec<_> = imports.chain(links).filter(|path| assets::find(path).is_none()).collect();
        assert!(missing.is_empty(), "{name} asks for {missing:?}");
    }
}

fn quoted(text: &str) -> &str {
    text.split('"').next().unwrap()
}

#[test]
fn the_page_names_no_other_host_and_holds_no_script_or_style_itself() {
    for (name, text) in files() {
        let elsewhere = text.replace("http://www.w3.org/2000/svg", "").contains("://");
        assert!(!elsewhere, "{name} names another host");
        assert!(!text.contains(" style=") && !text.contains("<style") && !text.contains("<script>"), "{name}");
    }
}

#[test]
fn files_of_the_page_are_short() {
    let long = files().into_iter().filter(|(_, text)| text.lines().count() > 250).map(|(name, _)| name);
    assert_eq!(long.collect::<Vec<_>>(), [""; 0]);
}

#[tokio::test]
async fn files_have_their_type_and_everything_its_policy() {
    let (_, address) = site().await;
    for (path, content) in
        [("/assets/page.js", SCRIPT), ("/assets/page.css", CSS), ("/assets/icon.svg", SVG), ("/", HTML)]
    {
        let answer = ask(address, &format!("GET {path}")).await;
        assert!(answer.contains(&format!("\r\ncontent-type: {content}\r\n")), "{answer}");
        assert!(answer.contains(&format!("\r\ncontent-security-policy: {POLICY}\r\n")), "{answer}");
    }
    assert!(!POLICY.contains("unsafe"));
}
