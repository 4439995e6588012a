//! `flowclient handlers`: what the catalog has.

use std::fmt::Write;

use serde_json::json;

use crate::args::HandlersArgs;
use crate::catalog::Catalog;

/// The handlers as a table, or as JSON.
///
/// # Errors
/// When the catalog cannot be read.
pub(crate) fn list(args: &HandlersArgs) -> anyhow::Result<Vec<u8>> {
    let catalog = Catalog::load(&args.catalog)?;
    let text = if args.json { as_json(&catalog)? } else { as_table(&catalog) };
    Ok(text.into_bytes())
}

fn as_json(catalog: &Catalog) -> serde_json::Result<String> {
    let handlers = catalog.handlers().iter();
    let rows: Vec<_> = handlers
        .map(|(name, handler)| json!({ "name": name, "title": handler.title, "source": handler.source }))
        .collect();
    serde_json::to_string_pretty(&rows).map(|text| text + "\n")
}

fn as_table(catalog: &Catalog) -> String {
    let header = ["NAME", "TITLE", "SOURCE"].map(str::to_owned);
    let handlers = catalog.handlers().iter();
    let rows = handlers.map(|(name, handler)| [name.clone(), handler.title.clone(), handler.source.to_string()]);
    let rows: Vec<_> = std::iter::once(header).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let (name_width, title_width) = (width(0), width(1));
    let mut table = String::new();
    for [name, title, source] in &rows {
        // Writing to a string cannot fail.
        let _ = writeln!(table, "{name:name_width$}  {title:title_width$}  {source}");
    }
    let _ = writeln!(table, "\n{} from {}", rows.len() - 1, catalog.origin());
    table
}
