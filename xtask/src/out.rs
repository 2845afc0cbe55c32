//! Printing that survives a closed pipe: `cargo xtask bench | head` ends quietly.

use std::io::Write;

/// One line on standard output.
pub(crate) fn line(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let _ = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
}

/// One line on standard error: progress and complaints, which no pipe should swallow.
pub(crate) fn error(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// A duration for people: `0.4 s`, `12.3 s`, `3 min 07 s`.
pub(crate) fn seconds(duration: std::time::Duration) -> String {
    let total = duration.as_secs();
    if total < 100 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} min {:02} s", total / 60, total % 60)
    }
}

/// Lays out rows in columns: the first to the left, the others to the right.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        rows.iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count())
            .max()
    };
    let widths: Vec<usize> = (0..columns)
        .map(|column| width(column).unwrap_or(0))
        .collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            if column == 0 {
                line += &format!("{cell:<width$}", width = widths[0]);
            } else {
                line += &format!("  {cell:>width$}", width = widths[column]);
            }
        }
        text += line.trim_end();
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn durations_read_well() {
        assert_eq!(seconds(Duration::from_millis(420)), "0.4 s");
        assert_eq!(seconds(Duration::from_secs(187)), "3 min 07 s");
    }

    #[test]
    fn columns_line_up_whatever_the_script() {
        let row = |cells: &[&str]| {
            cells
                .iter()
                .map(|&cell| cell.to_owned())
                .collect::<Vec<_>>()
        };
        let text = table(&[
            row(&["name", "ns"]),
            row(&["wörter", "1,5"]),
            row(&["x", "120"]),
        ]);
        assert_eq!(text, "name     ns\nwörter  1,5\nx       120\n");
    }
}
