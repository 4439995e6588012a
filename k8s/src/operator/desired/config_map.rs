//! The files that an instance reads.

use std::collections::BTreeMap;

use relay::spec::{FlowEntry, LegNumber, Pair};
use serde_json::{Map, Value, json};

use super::pod::PAIR_KEY_FILE;
use super::{Group, Kind, Object, labels, object};
use crate::operator::resolve::Resolved;

/// The file of flows.
pub(super) const FLOWS_FILE: &str = "flows.toml";
/// The catalog, with one handler in it.
const CATALOG_FILE: &str = "catalog.toml";

/// The files in an object that never changes: another configuration is another revision, so that it can be looked at before it is on air, and
/// so that both instances of a pair have the same.
pub(super) fn render(group: &Group<'_>) -> Object {
    let rest = json!({"immutable": true, "data": files(group.resolved, group.leg)});
    object(group.flow, Kind::ConfigMap, group.name(), labels::of_group(group), rest)
}

/// The files, by name.
pub(super) fn files(resolved: &Resolved, leg: Option<LegNumber>) -> BTreeMap<&'static str, String> {
    let mut entry = FlowEntry { pair_leg: leg.map(|leg| leg.0), ..resolved.entry.clone() };
    if entry.pair == Pair::Standby {
        entry.pair_key_file = Some(PAIR_KEY_FILE.into());
    }
    let mut files = BTreeMap::from([(FLOWS_FILE, toml(json!({"flow": [terse(&entry)]})))]);
    if let Some(handler) = &resolved.handler {
        let entry = json!({"title": handler.title, "source": handler.source});
        files.insert(CATALOG_FILE, toml(json!({"handlers": {&handler.name: entry}})));
    }
    files
}

/// Without what is as it is by default: a version of the program that lacks a setting is not told of it, and one that has a new one does
/// not make this another revision.
fn terse(entry: &FlowEntry) -> Value {
    let fields = |entry: &FlowEntry| match serde_json::to_value(entry) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    let usual = fields(&FlowEntry::new(Vec::new()));
    Value::Object(fields(entry).into_iter().filter(|(name, value)| usual.get(name) != Some(value)).collect())
}

/// Strings, numbers and tables without nulls are TOML.
fn toml(value: Value) -> String {
    toml::to_string(&value).unwrap_or_default()
}
