//! `handlers`.

use crate::run::{Place, run};

#[test]
fn the_built_in_handlers_are_a_table() {
    let table = run(&["handlers"]).succeeded();
    let rows: Vec<&str> = table.lines().collect();
    assert_eq!(rows[0], "NAME  TITLE      SOURCE");
    assert_eq!(rows[7], "ch7   Channel 7  test:clock?bitrate=2M&label=CH+7&name=Channel+7");
    assert!(table.ends_with("\n\n9 from the built-in catalog\n"), "{table}");
}

#[test]
fn handlers_for_programs_are_json() {
    let place = Place::new();
    let path = place.write(
        "c.toml",
        "[handlers.b]\nsource = \"udp://239.9.9.9:5000\"\n[handlers.a]\nsource = \"test:\"\ntitle = \"A\"",
    );
    let json: serde_json::Value =
        serde_json::from_str(&place.run(&["handlers", "--json", "--catalog", &path]).succeeded()).unwrap();
    let expected = serde_json::json!([
        { "name": "a", "title": "A", "source": "test:clock?bitrate=8M" },
        { "name": "b", "title": "", "source": "udp://239.9.9.9:5000" },
    ]);
    assert_eq!(json, expected);
}

#[test]
fn a_wrong_catalog_is_refused() {
    let place = Place::new();
    let path = place.write("c.toml", "[handlers.a]\nsource = \"udp://239.9.9.9\"\n");
    place.run(&["handlers", "--catalog", &path]).refused_with(&[&path, "line 2", "a port is missing"]);
}
