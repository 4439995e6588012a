//! Tables as text: with colours for a terminal, plain elsewhere.

use std::fmt::Write;

/// How a cell is to be seen (ECMA-48, 8.3.117).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    /// As it is.
    #[default]
    Plain,
    /// A head.
    Head,
    /// Right.
    Good,
    /// To be looked at.
    Doubtful,
    /// Wrong.
    Bad,
}

/// A cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    text: String,
    look: Look,
}

impl Cell {
    /// A cell that is to be seen so.
    pub fn new(text: impl Into<String>, look: Look) -> Self {
        Self { text: text.into(), look }
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::new(text, Look::Plain)
    }
}

/// Puts the look around a text, if there are to be colours.
pub fn paint(text: &str, look: Look, colours: bool) -> String {
    let code = match look {
        Look::Plain => return text.to_owned(),
        Look::Head => "1",
        Look::Good => "32",
        Look::Doubtful => "33",
        Look::Bad => "1;31",
    };
    if colours { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
}

/// Rows under their heads, each column as wide as it needs to be. A row may have a note, which stands under it.
#[derive(Clone, Debug)]
pub struct Table {
    rows: Vec<(Vec<Cell>, Option<String>)>,
}

impl Table {
    /// A table with these heads and no rows.
    pub fn new(heads: &[&str]) -> Self {
        let heads = heads.iter().map(|head| Cell::new(*head, Look::Head)).collect();
        Self { rows: vec![(heads, None)] }
    }

    /// Adds a row, with a note if there is something to say.
    pub fn row(&mut self, cells: Vec<Cell>, note: Option<String>) {
        self.rows.push((cells, note));
    }

    /// The table as text.
    pub fn render(&self, colours: bool) -> String {
        let widths = self.widths();
        let mut text = String::new();
        for (cells, note) in &self.rows {
            text.push_str(&line(cells, &widths, colours));
            if let Some(note) = note {
                // Writing to a string cannot fail.
                let _ = writeln!(text, "    {}", paint(note, Look::Doubtful, colours));
            }
        }
        text
    }

    fn widths(&self) -> Vec<usize> {
        let columns = self.rows.iter().map(|(cells, _)| cells.len()).max().unwrap_or_default();
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|(cells, _)| cells.get(column));
            cells.map(|cell| cell.text.chars().count()).max().unwrap_or_default()
        };
        (0..columns).map(width).collect()
    }
}

/// Spaces are outside of the colours, and none at the end.
fn line(cells: &[Cell], widths: &[usize], colours: bool) -> String {
    let mut line = String::new();
    let mut spaces = 0;
    for (cell, width) in cells.iter().zip(widths) {
        let length = cell.text.chars().count();
        if length > 0 {
            line.extend(std::iter::repeat_n(' ', spaces));
            line.push_str(&paint(&cell.text, cell.look, colours));
            spaces = 0;
        }
        spaces += width - length + 2;
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_they_need_to_be_and_notes_stand_below() {
        let mut table = Table::new(&["A", "STATE", "C"]);
        table.row(vec!["x".into(), Cell::new("well", Look::Good), "1".into()], None);
        table.row(vec!["long".into(), Cell::new("", Look::Bad), "2".into()], Some("why".to_owned()));
        assert_eq!(table.render(false), "A     STATE  C\nx     well   1\nlong         2\n    why\n");
        assert!(table.render(true).contains("\x1b[32mwell\x1b[0m   1\n"));
    }
}
