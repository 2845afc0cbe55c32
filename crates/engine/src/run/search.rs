//! `search`: lines that match, in files that were read.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use autoexec_consolidator::Severity;
use autoexec_file_cache::{Error, FileCache, Read, ReadManyOptions};
use autoexec_path_cache::Root;
use regex::bytes::{Regex, RegexBuilder};
use tokio_util::sync::CancellationToken;

use crate::error::StepError;
use crate::report::StepCache;
use crate::trace::{FileAnswer, Order, TaskTrace};
use crate::workflow::model::Search;

use super::confined::Confined;
use super::output::{FileEntry, Match, Problem, SearchOutput};
use super::read::{BATCH, count, why};

/// Characters of a line that a finding keeps.
const LINE_CHARS: usize = 200;

/// Where the contents of files come from.
pub(super) struct Files<'a> {
    pub(super) cache: &'a FileCache,
    pub(super) root: &'a Root,
    pub(super) trace: Option<&'a TaskTrace>,
}

impl Files<'_> {
    /// One batch through the cache, and into the trace. Its paths are different ones.
    pub(super) fn read(
        &self,
        paths: &[&Path],
        options: &ReadManyOptions<'_>,
    ) -> Vec<Result<Read, Error>> {
        let Some(trace) = self.trace else {
            return self.cache.read_many_with(paths, options);
        };
        // A batch is read in an order of its own, on which depends what a full cache drops.
        let order = Order::of(paths.len());
        let tell = |place| order.tell(place);
        let options = ReadManyOptions {
            told: Some(&tell),
            ..*options
        };
        let started = Instant::now();
        let results = self.cache.read_many_with(paths, &options);
        let took = started.elapsed();
        let told = order
            .told()
            .map(|it| (paths[it], FileAnswer::of(&results[it])));
        trace.files(started, took, told);
        results
    }
}

/// Searches `files`, in their order. `pattern` is `search`'s, with its expressions replaced.
pub(super) fn search(
    search: &Search,
    pattern: &str,
    files: &Arc<Vec<FileEntry>>,
    from: &Files<'_>,
    stop: &CancellationToken,
) -> Result<(SearchOutput, StepCache), StepError> {
    let regex = compile(search, pattern)?;
    let mut out = SearchOutput {
        pattern: pattern.to_owned(),
        files: files.clone(),
        severity: search.severity.parse().unwrap_or(Severity::Info),
        findings: Vec::new(),
        count: 0,
        files_searched: 0,
        files_matched: 0,
        problems: Vec::new(),
    };
    let mut counts = StepCache::default();
    let confined = Confined(from.root);
    let options = ReadManyOptions {
        workers: Some(1),
        opener: Some(&confined),
        ..Default::default()
    };
    for batch in files.chunks(BATCH) {
        if stop.is_cancelled() {
            return Err(StepError::Stopped);
        }
        let paths: Vec<&Path> = batch.iter().map(|f| f.path.as_path()).collect();
        for (file, result) in batch.iter().zip(from.read(&paths, &options)) {
            match result {
                Ok(read) => {
                    count(&mut counts, &read);
                    one_file(&regex, file, &read.file, search.limit, stop, &mut out);
                }
                Err(e) => out.problems.push(Problem::new(&file.name, why(&e))),
            }
        }
    }
    if stop.is_cancelled() {
        return Err(StepError::Stopped);
    }
    Ok((out, counts))
}

fn compile(search: &Search, pattern: &str) -> Result<Regex, StepError> {
    let escaped = regex::escape(pattern);
    let source = if search.literal {
        escaped.as_str()
    } else {
        pattern
    };
    RegexBuilder::new(source)
        .case_insensitive(search.ignore_case)
        .multi_line(true)
        .crlf(true)
        .size_limit(16 << 20)
        .build()
        .map_err(|e| StepError::Invalid(crate::workflow::regex_message(&e)))
}

fn one_file(
    regex: &Regex,
    entry: &FileEntry,
    file: &autoexec_file_cache::File,
    limit: u64,
    stop: &CancellationToken,
    out: &mut SearchOutput,
) {
    if file.is_binary() {
        out.problems
            .push(Problem::new(&entry.name, "is a binary file, not searched"));
        return;
    }
    out.files_searched += 1;
    let before = out.count;
    each_line(regex, file.bytes(), stop, |line, column, text| {
        out.count += 1;
        if (out.findings.len() as u64) < limit {
            let text = String::from_utf8_lossy(text);
            let text: String = text.trim().chars().take(LINE_CHARS).collect();
            out.findings.push(Match {
                file: entry.name.clone(),
                line,
                column,
                text,
            });
        }
    });
    out.files_matched += usize::from(out.count > before);
}

/// Calls `found` once per line that a match begins in, until `stop` is cancelled: line and column from 1 (the column in
/// bytes), and the line.
fn each_line(
    regex: &Regex,
    bytes: &[u8],
    stop: &CancellationToken,
    mut found: impl FnMut(u64, u64, &[u8]),
) {
    let (mut at, mut counted, mut line) = (0, 0, 1u64);
    while let Some(hit) = regex.find_at(bytes, at) {
        let start = memchr::memrchr(b'\n', &bytes[..hit.start()]).map_or(0, |i| i + 1);
        let end =
            memchr::memchr(b'\n', &bytes[hit.start()..]).map_or(bytes.len(), |i| hit.start() + i);
        if start == bytes.len() && start > 0 {
            // An empty match behind the last line break stands in no line.
            return;
        }
        line += memchr::memchr_iter(b'\n', &bytes[counted..start]).count() as u64;
        counted = start;
        found(line, (hit.start() - start) as u64 + 1, &bytes[start..end]);
        at = end + 1;
        if at > bytes.len() || stop.is_cancelled() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lines(pattern: &str, text: &str) -> Vec<(u64, u64, String)> {
        let regex = RegexBuilder::new(pattern)
            .multi_line(true)
            .crlf(true)
            .build()
            .expect("a regex");
        let mut out = Vec::new();
        each_line(
            &regex,
            text.as_bytes(),
            &CancellationToken::new(),
            |l, c, t| out.push((l, c, String::from_utf8_lossy(t).into_owned())),
        );
        out
    }

    #[test]
    fn a_line_is_found_once_with_its_first_column() {
        assert_eq!(
            lines("o", "foo\nbar\nxo o\n"),
            [(1, 2, "foo".into()), (3, 2, "xo o".into())]
        );
        assert_eq!(
            lines("^", "a\n\nb"),
            [
                (1, 1, "a".into()),
                (2, 1, String::new()),
                (3, 1, "b".into())
            ]
        );
        assert_eq!(lines("x", ""), []);
        assert_eq!(lines("o$", "foo\r\nbar\r\n"), [(1, 3, "foo\r".into())]);
        assert_eq!(
            lines("b\nc", "ab\ncd\nb\nc"),
            [(1, 2, "ab".into()), (3, 1, "b".into())]
        );
    }

    proptest! {
        #[test]
        fn as_searching_line_by_line(text in "[ab\n]{0,60}", pattern in "a|b|ab|a+b") {
            let regex = Regex::new(&pattern).expect("a regex");
            let naive: Vec<(u64, u64, String)> = text.lines().zip(1..).filter_map(|(line, number)| {
                regex.find(line.as_bytes()).map(|m| (number, m.start() as u64 + 1, line.to_owned()))
            }).collect();
            prop_assert_eq!(lines(&pattern, &text), naive);
        }
    }
}
