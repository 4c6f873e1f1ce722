//! What the program prints: data to standard output, everything else to standard error.

use std::io::{self, Write};

use clap::ValueEnum;
use serde_json::Value;

/// How a listing or a result is printed: for people, or for programs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    #[default]
    Table,
    Json,
}

/// Where output goes.
#[derive(Debug)]
pub(crate) struct Printer {
    out: io::Stdout,
}

/// Rows under headings, each a column wide enough for what is in it.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table of these columns.
    pub(crate) fn new(headings: &[&str]) -> Self {
        Self { rows: vec![headings.iter().map(|heading| (*heading).to_owned()).collect()] }
    }

    /// Adds a row. Control characters are shown escaped: what an owner wrote must not steer a terminal.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| printable(&cell)).collect());
    }

    fn text(&self) -> String {
        let columns = self.rows.first().map_or(0, Vec::len);
        let width = |column: usize| {
            self.rows
                .iter()
                .filter_map(|row| row.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for row in &self.rows {
            let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
            text.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
            text.push('\n');
        }
        text
    }
}

impl Printer {
    /// A printer to the standard streams.
    pub(crate) fn new() -> Self {
        Self { out: io::stdout() }
    }

    /// Standard output, for what has its own form.
    pub(crate) fn out(&mut self) -> &mut dyn Write {
        &mut self.out
    }

    /// A line of data.
    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{text}")
    }

    /// A table of data.
    pub(crate) fn table(&mut self, table: &Table) -> io::Result<()> {
        self.out.write_all(table.text().as_bytes())
    }

    /// Data for programs, indented.
    pub(crate) fn json(&mut self, value: &Value) -> io::Result<()> {
        writeln!(self.out, "{value:#}")
    }

    /// A word to the person at the terminal.
    #[expect(clippy::print_stderr, reason = "this is the one place that prints to standard error")]
    pub(crate) fn note(&mut self, text: &str) {
        eprintln!("{text}");
    }

    /// An error and its causes, in one line.
    pub(crate) fn error(&mut self, error: &anyhow::Error) {
        self.note(&format!("error: {error:#}"));
    }
}

/// A text with its control characters escaped.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() })
        .collect()
}

/// The first of many things, with how many are left out.
pub(crate) fn shortened(things: &[impl ToString]) -> String {
    const SHOWN: usize = 20;
    let mut shown: Vec<_> = things.iter().take(SHOWN).map(ToString::to_string).collect();
    if things.len() > SHOWN {
        shown.push(format!("and {} more", things.len() - SHOWN));
    }
    shown.join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_nothing_steers_the_terminal() {
        let mut table = Table::new(&["ID", "WHAT FOR"]);
        table.row(["CSAK1".to_owned(), "nightly".to_owned()]);
        table.row(["C".to_owned(), "a\u{1b}[2Jb".to_owned()]);
        assert_eq!(table.text(), "ID     WHAT FOR\nCSAK1  nightly\nC      a\\u{1b}[2Jb\n");
    }
}
