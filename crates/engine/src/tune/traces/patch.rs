//! Changing settings in a file, and nothing else of it: comments, order and other keys stay.
//!
//! It goes by lines, and does not know all of TOML; therefore the result is parsed, and refused unless it says what the file
//! said, with the changes and no others.

use std::path::Path;

use crate::output::write_atomically;
use crate::settings::Settings;

use super::Change;

/// Writes changes into a settings file, whole or not at all; one that is not there is made.
///
/// # Errors
/// The file cannot be read or written, or [`patched`] refuses, as text after "failed to".
pub fn apply(path: &Path, changes: &[Change]) -> Result<(), String> {
    let shown = path.display();
    let text = match std::fs::read_to_string(path) {
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
        text => text.map_err(|e| format!("read {shown}: {e}"))?,
    };
    let text = patched(&text, changes).map_err(|e| format!("change {shown}: {e}"))?;
    // What a link names is changed, not the link.
    let target = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    write_atomically(&target, |file| file.write_all(text.as_bytes()))
        .map_err(|e| format!("write {shown}: {e}"))
}

/// A settings file with the changes. O(lines × changes).
///
/// # Errors
/// The file is no TOML, or writes what is to be changed in a way that only a person can change.
pub fn patched(text: &str, changes: &[Change]) -> Result<String, String> {
    let before = parsed(text)?;
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    let mut wanted = before;
    for change in changes {
        let (table, key) = change.key.split_once('.').unwrap_or(("", change.key));
        put(&mut lines, table, key, &change.to);
        let own = wanted
            .entry(table)
            .or_insert_with(|| toml::Table::new().into());
        let own = own.as_table_mut().ok_or_else(by_hand)?;
        own.insert(key.to_owned(), value(&change.to)?);
    }
    let text = lines.concat();
    let is_as_wanted = parsed(&text).is_ok_and(|now| now == wanted);
    if !is_as_wanted {
        return Err(by_hand());
    }
    Settings::from_toml(&text)?;
    Ok(text)
}

fn by_hand() -> String {
    "it is written in a way that only a person can change; put the changes in by hand".to_owned()
}

fn parsed(text: &str) -> Result<toml::Table, String> {
    text.parse()
        .map_err(|e: toml::de::Error| e.to_string().trim_end().to_owned())
}

fn value(text: &str) -> Result<toml::Value, String> {
    let mut table = parsed(&format!("value = {text}\n"))?;
    table.remove("value").ok_or_else(by_hand)
}

/// Sets a key of a table: where it stands, else at the end of the table, else in a new table at the end.
fn put(lines: &mut Vec<String>, table: &str, key: &str, value: &str) {
    let (mut inside, mut last) = (String::new(), None);
    for (at, line) in lines.iter_mut().enumerate() {
        if let Some(head) = head_of(line) {
            inside = head;
        }
        let is_own = inside == table;
        let dotted = inside.is_empty() && is_key(line, &format!("{table}.{key}"));
        if dotted || (is_own && is_key(line, key)) {
            *line = replaced(line, value);
            return;
        }
        if is_own && !line.trim().is_empty() {
            last = Some(at);
        }
    }
    if let Some(line) = lines.last_mut().filter(|it| !it.ends_with('\n')) {
        line.push('\n');
    }
    let line = format!("{key} = {value}\n");
    match last {
        Some(last) => lines.insert(last + 1, line),
        None => {
            if !lines.is_empty() {
                lines.push("\n".into());
            }
            lines.extend([format!("[{table}]\n"), line]);
        }
    }
}

/// The name of a table that begins in this line.
fn head_of(line: &str) -> Option<String> {
    let line = line.trim_start();
    if !line.starts_with('[') {
        return None;
    }
    let name = line.trim_start_matches('[').split(']').next()?;
    Some(name.split_whitespace().collect())
}

/// Whether a line gives this key a value.
fn is_key(line: &str, key: &str) -> bool {
    let Some((before, _)) = line.split_once('=') else {
        return false;
    };
    let plain: String = before.split_whitespace().collect();
    plain == key
}

/// The line with another value; what follows it stays where it was, as far as there is room.
fn replaced(line: &str, value: &str) -> String {
    let equals = line.find('=').map_or(line.len(), |at| at + 1);
    let (before, rest) = line.split_at(equals);
    let blank = rest.len() - rest.trim_start().len();
    let (blank, rest) = rest.split_at(blank);
    let old = end_of_value(rest);
    let (old, after) = rest.split_at(old);
    let comment = after.trim_start();
    let width = old.len() + (after.len() - comment.len());
    if comment.is_empty() {
        return format!("{before}{blank}{value}{after}");
    }
    let fill = " ".repeat(width.saturating_sub(value.len()).max(1));
    format!("{before}{blank}{value}{fill}{comment}")
}

/// Where a value on one line ends.
fn end_of_value(text: &str) -> usize {
    let end = match text.chars().next() {
        Some(quote @ ('"' | '\'')) => text[1..].find(quote).map(|at| at + 2),
        _ => text.find(|c: char| c == '#' || c.is_whitespace()),
    };
    end.unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(key: &'static str, to: &str) -> Change {
        Change {
            key,
            from: String::new(),
            to: to.into(),
            reason: String::new(),
        }
    }

    #[track_caller]
    fn check(text: &str, changes: &[(&'static str, &str)], expect: &str) {
        let changes: Vec<Change> = changes.iter().map(|it| change(it.0, it.1)).collect();
        assert_eq!(patched(text, &changes).expect("patched"), expect);
    }

    #[test]
    fn comments_order_and_other_keys_stay() {
        check(
            "# ours\n[files]            # small\nentries = 64       # for the demo\n  bytes=\"1 MiB\"# tight\n\n[trace]\nkeep = 3\n",
            &[
                ("files.entries", "1024"),
                ("files.bytes", "\"16 MiB\""),
                ("files.workers", "2"),
                ("limits.io", "4"),
                ("limits.cpu", "3"),
            ],
            "# ours\n[files]            # small\nentries = 1024     # for the demo\n  bytes=\"16 MiB\" # tight\nworkers = 2\n\n[trace]\nkeep = 3\n\n[limits]\nio = 4\ncpu = 3\n",
        );
    }

    #[test]
    fn other_ways_of_writing_are_changed_where_they_stand() {
        check("", &[("files.entries", "7")], "[files]\nentries = 7\n");
        check(
            "[trace]\nkeep = 3",
            &[("files.entries", "7")],
            "[trace]\nkeep = 3\n\n[files]\nentries = 7\n",
        );
        check(
            "files.entries = 64\r\n[ paths ]\r\nentries = 9 # nine\r\n",
            &[("paths.entries", "90"), ("files.entries", "7")],
            "files.entries = 7\r\n[ paths ]\r\nentries = 90 # nine\r\n",
        );
        check(
            "[files]\n'max_file_size' = \"1 MiB\"\nfreshness = '5s' # late\n",
            &[("files.freshness", "\"watch\"")],
            "[files]\n'max_file_size' = \"1 MiB\"\nfreshness = \"watch\" # late\n",
        );
    }

    #[test]
    fn all_defaults_can_be_changed() {
        let text = crate::settings::DEFAULTS;
        let changes = [
            change("files.freshness", "\"watch\""),
            change("caches.prompt_ttl", "\"4h\""),
            change("history.trim_threshold", "1.75"),
        ];
        let now = patched(text, &changes).expect("patched");
        assert_eq!(now.lines().count(), text.lines().count());
        let differ = now.lines().zip(text.lines()).filter(|(a, b)| a != b);
        assert_eq!(differ.count(), 3);
    }

    /// What lines cannot tell is noticed, not guessed.
    #[test]
    fn what_cannot_be_changed_safely_is_refused() {
        let refuse = |text: &str, key: &'static str, to: &str, expect: &str| {
            let error = patched(text, &[change(key, to)]).expect_err(text);
            assert!(error.contains(expect), "{error}");
        };
        refuse(
            "files = { entries = 64 }\n",
            "files.entries",
            "7",
            "by hand",
        );
        refuse(
            "[files]\n\"entries\" = 64\n",
            "files.entries",
            "7",
            "by hand",
        );
        refuse("[files\n", "files.entries", "7", "1");
        refuse("", "files.entries", "0", "at least 1");
        refuse(
            "[trace]\nfolder = \"\"\"\n[files]\nentries = 1\n\"\"\"\n",
            "files.entries",
            "7",
            "by hand",
        );
    }

    #[test]
    fn a_file_is_changed_through_its_link_and_made_if_there_is_none() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        apply(&at("new.toml"), &[change("files.entries", "7")]).expect("made");
        let read = |name: &str| std::fs::read_to_string(at(name)).expect("read");
        assert_eq!(read("new.toml"), "[files]\nentries = 7\n");
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("new.toml", at("link.toml")).expect("linked");
            apply(&at("link.toml"), &[change("files.entries", "8")]).expect("changed");
            assert_eq!(read("new.toml"), "[files]\nentries = 8\n");
            assert!(at("link.toml").is_symlink());
        }
        let error = apply(folder.path(), &[]).expect_err("a folder");
        assert!(error.starts_with("read "), "{error}");
    }
}
