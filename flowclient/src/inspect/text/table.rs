//! Columns that are aligned.

use std::fmt::Write;

use super::paint::Paint;

/// How a column is aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// How a row is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Plain,
    Bad,
    Good,
}

/// Rows under a title and the names of their columns.
#[derive(Debug)]
pub(super) struct Table<const N: usize> {
    title: String,
    columns: [(&'static str, Align); N],
    rows: Vec<([String; N], Look)>,
}

impl<const N: usize> Table<N> {
    /// A table without rows.
    pub(super) fn new(title: impl Into<String>, columns: [(&'static str, Align); N]) -> Self {
        Self { title: title.into(), columns, rows: Vec::new() }
    }

    /// Adds a row.
    pub(super) fn row(&mut self, cells: [String; N]) {
        self.rows.push((cells, Look::Plain));
    }

    /// Adds a row that is to be seen as right or wrong.
    pub(super) fn judged_row(&mut self, cells: [String; N], good: bool) {
        self.rows.push((cells, if good { Look::Good } else { Look::Bad }));
    }

    /// The table as text; nothing if it has no rows.
    pub(super) fn render(&self, paint: Paint) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let widths = self.widths();
        let heads = self.columns.map(|(name, _)| name.to_owned());
        let mut text = format!("{}\n{}\n", paint.title(&self.title), self.line(&heads, widths));
        for (cells, look) in &self.rows {
            let line = self.line(cells, widths);
            let line = match look {
                Look::Plain => line,
                Look::Bad => paint.bad(&line),
                Look::Good => paint.good(&line),
            };
            text.push_str(&line);
            text.push('\n');
        }
        text
    }

    fn widths(&self) -> [usize; N] {
        let of = |column: usize| self.rows.iter().map(move |(cells, _)| cells[column].chars().count());
        std::array::from_fn(|column| of(column).chain([self.columns[column].0.len()]).max().unwrap_or(0))
    }

    fn line(&self, cells: &[String; N], widths: [usize; N]) -> String {
        let mut line = String::new();
        for ((cell, width), (_, align)) in cells.iter().zip(widths).zip(self.columns) {
            // Writing to a string cannot fail.
            let _ = match align {
                Align::Left => write!(line, "  {cell:<width$}"),
                Align::Right => write!(line, "  {cell:>width$}"),
            };
        }
        line.truncate(line.trim_end().len());
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_aligned_left_and_numbers_right() {
        let mut table = Table::new("FRUIT", [("NAME", Align::Left), ("N", Align::Right), ("", Align::Left)]);
        table.row(["fig".into(), "7".into(), String::new()]);
        table.row(["papaya".into(), "1,000".into(), "ripe".into()]);
        let text = table.render(Paint::new(false));
        assert_eq!(text, "FRUIT\n  NAME        N\n  fig         7\n  papaya  1,000  ripe\n");
    }

    #[test]
    fn without_rows_there_is_nothing() {
        assert_eq!(Table::new("FRUIT", [("NAME", Align::Left)]).render(Paint::new(false)), "");
    }
}
