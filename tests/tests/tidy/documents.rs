//! Documents: their links lead somewhere.

use std::path::Path;

use crate::{assert_none, files, read, root};

#[test]
fn relative_links_lead_to_files() {
    let mut complaints = Vec::new();
    for path in files(".md") {
        let text = read(&path);
        let folder = path.parent().unwrap();
        let broken = links(&text).filter(|link| !leads_somewhere(folder, link));
        complaints.extend(broken.map(|link| format!("{}: {link} leads nowhere", path.display())));
    }
    assert_none(&complaints);
}

fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split(')').next()).filter(|link| !link.contains("://"))
}

fn leads_somewhere(folder: &Path, link: &str) -> bool {
    let file = link.split(['#', ' ']).next().unwrap_or_default();
    file.is_empty() || root().join(folder).join(file).exists()
}
