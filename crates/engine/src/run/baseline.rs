//! What an earlier run found, in a file: fingerprints of findings.

use std::io::Read as _;
use std::path::Path;

use autoexec_consolidator::{Consolidator, Fingerprint};
use autoexec_path_cache::{ErrorKind, Root};
use serde::{Deserialize, Serialize};

use super::output::Since;

/// The version of the file that is written and read.
const FORMAT: u32 = 1;
/// Largest file that is read: some 1.8 million findings.
const MAX_BYTES: u64 = 64 << 20;

/// The file, as JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: u32,
    fingerprints: Vec<String>,
}

/// The fingerprints in a file below `root`; none if there is no such file.
///
/// # Errors
/// A sentence: the file lies elsewhere, cannot be read, or is something else.
pub(super) fn read(root: &Root, path: &str) -> Result<Vec<Fingerprint>, String> {
    let cannot = |why: &dyn std::fmt::Display| format!("cannot read the baseline `{path}`: {why}");
    let file = match root.open(Path::new(path)) {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(cannot(&e)),
    };
    if !file.metadata().map_err(|e| cannot(&e))?.is_file() {
        return Err(cannot(&"it is not a regular file"));
    }
    let mut text = String::new();
    let mut bounded = file.take(MAX_BYTES + 1);
    bounded.read_to_string(&mut text).map_err(|e| cannot(&e))?;
    if text.len() as u64 > MAX_BYTES {
        return Err(cannot(&"it has more than 64 MiB"));
    }
    let file: File = serde_json::from_str(&text).map_err(|e| cannot(&e))?;
    if file.format != FORMAT {
        let why = format!("it has format {}, not {FORMAT}", file.format);
        return Err(cannot(&why));
    }
    let fingerprints = file.fingerprints.iter().map(|word| word.parse());
    fingerprints
        .collect::<Result<_, autoexec_consolidator::Error>>()
        .map_err(|e| cannot(&format!("failed to {e}")))
}

/// The file for a later run.
pub(super) fn text(document: &Consolidator) -> String {
    let file = File {
        format: FORMAT,
        fingerprints: document.fingerprints().map(|it| it.to_string()).collect(),
    };
    let mut text =
        serde_json::to_string_pretty(&file).expect("because the file has only string keys");
    text.push('\n');
    text
}

/// What changed since an earlier run.
pub(super) fn since(document: &Consolidator, earlier: Vec<Fingerprint>) -> Since {
    let found = document.compare(earlier);
    Since {
        new: found.new.len(),
        known: found.known.len(),
        gone: found.gone.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use autoexec_consolidator::Finding;

    fn check(text: Option<&str>, expect: Result<usize, &str>) {
        let folder = tempfile::tempdir().expect("a folder");
        if let Some(text) = text {
            std::fs::write(folder.path().join("b.json"), text).expect("written");
        }
        let root = Root::new(folder.path()).expect("a root");
        match (read(&root, "b.json"), expect) {
            (Ok(found), Ok(count)) => assert_eq!(found.len(), count),
            (Err(why), Err(part)) => assert!(why.contains(part), "{why}"),
            (found, expect) => panic!("{found:?}, not {expect:?}"),
        }
    }

    #[test]
    fn only_a_baseline_is_read_as_one() {
        let one = "0123456789abcdef0123456789abcdef";
        check(None, Ok(0));
        check(
            Some(&format!(
                r#"{{"format":1,"fingerprints":["{one}","{one}"]}}"#
            )),
            Ok(2),
        );
        check(
            Some(r#"{"format":2,"fingerprints":[]}"#),
            Err("format 2, not 1"),
        );
        check(Some(r#"{"format":1,"fingerprints":["0123"]}"#), Err("0123"));
        check(
            Some(r#"{"format":1,"fingerprints":[],"more":1}"#),
            Err("more"),
        );
        check(
            Some(r##"# Report"##),
            Err("cannot read the baseline `b.json`"),
        );
        check(Some(""), Err("cannot read the baseline `b.json`"));
    }

    #[test]
    fn what_was_written_is_known_and_the_rest_is_new_or_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let root = Root::new(folder.path()).expect("a root");
        let mut document = Consolidator::new();
        for n in 0..5 {
            document.add(1, Finding::new(format!("finding {n}")).at("a.rs", n + 1));
        }
        std::fs::write(folder.path().join("b"), text(&document)).expect("written");
        let mut later = Consolidator::new();
        for n in 2..9 {
            // Lines move; a finding stays what it is.
            later.add(1, Finding::new(format!("finding {n}")).at("a.rs", n + 70));
        }
        let earlier = read(&root, "b").expect("read");
        let expect = Since {
            new: 4,
            known: 3,
            gone: 2,
        };
        assert_eq!(since(&later, earlier), expect);
    }
}
