//! Traces as files: whole, cut, broken, of another version; and folders of them.

use super::model::*;
use super::*;
use crate::report::{RunOutcome, StepOutcome};
use crate::settings::Settings;
use crate::workflow::model::Class;

pub(crate) fn task(index: u32, at_ns: u64, ns: u64) -> Task {
    Task {
        index,
        at_ns,
        ns,
        succeeded: true,
    }
}

pub(crate) fn step(id: &str, needs: &[u32], tasks: Vec<Task>) -> Step {
    Step {
        id: id.into(),
        action: "read".into(),
        class: Class::Io,
        priority: 5,
        after_failure: false,
        needs: needs.to_vec(),
        width: tasks.len() as u32,
        attempts: tasks.len() as u32,
        outcome: StepOutcome::Succeeded,
        tokens: None,
        tasks,
    }
}

pub(crate) fn header() -> Header {
    Header {
        program: "1.2.3".into(),
        workflow: "w".into(),
        workflow_hash: 7,
        started_unix_ms: 1_700_000_000_000,
        session: 3,
        round: 1,
        duration_ns: 1_000_000,
        outcome: RunOutcome::Succeeded,
        keep_going: false,
        setup: Setup::new(&Settings::default()),
        workflow_limits: [None, Some(7), None],
        held: Held::default(),
        left_out: 0,
    }
}

pub(crate) fn entry(identity: u64, bytes: u64) -> Entry {
    Entry {
        identity,
        bytes,
        name_bytes: 20,
        name: None,
    }
}

pub(crate) fn files(step: u32, at_ns: u64, ns: u64, reads: &[(u32, FileAnswer, u64)]) -> Access {
    let read = |&(file, answer, bytes): &(u32, FileAnswer, u64)| FileRead {
        file,
        answer,
        bytes,
    };
    Access {
        at_ns,
        ns,
        step,
        task: 0,
        what: What::Files(reads.iter().map(read).collect()),
    }
}

/// One of everything, and more accesses than stand in one frame.
pub(crate) fn sample() -> Trace {
    let mut accesses = vec![
        files(
            0,
            5,
            100,
            &[
                (0, FileAnswer::Loaded, 10),
                (1, FileAnswer::Refused, 1 << 40),
                (2, FileAnswer::Failed, 0),
                (0, FileAnswer::Hit, 10),
            ],
        ),
        Access {
            what: What::Paths(vec![
                PathLookup {
                    path: 1,
                    is_hit: false,
                },
                PathLookup {
                    path: 0,
                    is_hit: true,
                },
            ]),
            ..files(0, 6, 7, &[])
        },
        Access {
            what: What::Question(Question {
                prompt: Some(0),
                answered: true,
                input_tokens: 900,
                conversation: Conversation {
                    messages: 9,
                    kept_messages: 4,
                    ..Conversation::default()
                },
                ..Question::default()
            }),
            ..files(1, 200, 3, &[])
        },
        Access {
            what: What::Command {
                bytes: 12,
                succeeded: false,
            },
            ..files(1, 210, 3, &[])
        },
        Access {
            what: What::Consolidation {
                findings: 3,
                bytes: 400,
            },
            ..files(1, 220, 3, &[])
        },
    ];
    accesses.extend((0..600).map(|n| files(1, 300 + n, 2, &[(1, FileAnswer::Hit, 20)])));
    Trace {
        header: header(),
        steps: vec![
            step("a", &[], vec![task(0, 0, 150)]),
            step("b", &[0], vec![task(0, 150, 900)]),
        ],
        files: vec![
            entry(11, 10),
            entry(12, 20),
            Entry {
                name: Some("src/a.rs".into()),
                ..entry(13, 0)
            },
        ],
        paths: vec![entry(21, 0), entry(22, 0)],
        prompts: vec![entry(31, 5_000)],
        accesses,
        lost_bytes: 0,
    }
}

fn bytes_of(trace: &Trace) -> Vec<u8> {
    let mut bytes = Vec::new();
    format::write(trace, &mut bytes).expect("written");
    bytes
}

#[test]
fn what_is_written_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.trace");
    write(&sample(), &path).expect("written");
    assert_eq!(read(&path).expect("read"), sample());
}

#[test]
fn cut_anywhere_it_is_an_error_or_a_sound_prefix() {
    let (whole, bytes) = (sample(), bytes_of(&sample()));
    let mut found = std::collections::BTreeSet::new();
    for cut in 0..bytes.len() {
        match read::parse(&bytes[..cut]) {
            Err(e) => assert!(e.to_string().starts_with("is "), "{cut}: {e}"),
            Ok(part) => {
                assert!(part.lost_bytes > 0, "cut at {cut} and taken for whole");
                assert!(whole.steps.starts_with(&part.steps));
                assert!(whole.files.starts_with(&part.files));
                assert!(whole.accesses.starts_with(&part.accesses));
                found.insert((part.steps.len(), part.files.len(), part.accesses.len()));
            }
        }
    }
    let expect = [(0, 0, 0), (2, 0, 0), (2, 3, 0), (2, 3, 512), (2, 3, 605)];
    assert_eq!(found.into_iter().collect::<Vec<_>>(), expect);
}

#[test]
fn a_flipped_bit_anywhere_is_an_error_or_a_sound_prefix() {
    let (whole, mut bytes) = (sample(), bytes_of(&sample()));
    for at in 0..bytes.len() {
        for bit in [0x01, 0x10, 0x80] {
            bytes[at] ^= bit;
            if let Ok(part) = read::parse(&bytes) {
                assert!(part.lost_bytes > 0, "a flip at {at} was not seen");
                assert!(whole.accesses.starts_with(&part.accesses));
            }
            bytes[at] ^= bit;
        }
    }
}

#[test]
fn another_version_is_refused_with_both_numbers() {
    let mut bytes = bytes_of(&sample());
    bytes[8] = 9;
    let error = read::parse(&bytes).expect_err("version 9").to_string();
    assert!(error.contains("version 9, not 1"), "{error}");
    let error = read::parse(b"AEXJOURN\x01\x00").expect_err("a journal");
    assert!(error.to_string().contains("no trace"), "{error}");
    assert!(read::parse(b"").is_err());
}

/// Checksums keep no one from making frames that name what there is not, or claim what does not follow.
#[test]
fn frames_that_name_what_there_is_not_end_the_trace() {
    let mut trace = sample();
    trace.steps.truncate(1);
    let part = read::parse(&bytes_of(&trace)).expect("a prefix");
    assert_eq!((part.steps.len(), part.accesses.len()), (1, 0));
    assert!(part.lost_bytes > 0);

    let mut trace = sample();
    trace.files.pop();
    let part = read::parse(&bytes_of(&trace)).expect("a prefix");
    assert_eq!(part.accesses.len(), 0);

    // A vector that says it has 2^60 elements, with the right checksum.
    let mut bytes = bytes_of(&sample());
    let header = crate::format::record::<format::Record>(&bytes[10..], 10).expect("a header");
    let offset = 10 + header.1;
    bytes.truncate(offset as usize);
    let payload: &[u8] = &[1, 253, 0, 0, 0, 0, 0, 0, 0, 16];
    bytes.extend((payload.len() as u32).to_le_bytes());
    bytes.extend(xxhash_rust::xxh3::xxh3_64_with_seed(payload, offset).to_le_bytes());
    bytes.extend(payload);
    let part = read::parse(&bytes).expect("a prefix");
    assert_eq!(part.steps.len(), 0);
}

#[test]
fn reads_in_order_take_few_bytes() {
    let mut trace = sample();
    trace.files = (0..1_000).map(|n| entry(n, 100 * n)).collect();
    let reads: Vec<(u32, FileAnswer, u64)> = (0..1_000)
        .map(|n| (n, FileAnswer::Hit, 100 * u64::from(n)))
        .collect();
    trace.accesses = Vec::new();
    let before = bytes_of(&trace).len();
    trace.accesses = (0..10).map(|n| files(0, n, 9, &reads)).collect();
    let took = bytes_of(&trace).len() - before;
    assert!(took < 10_300, "{took} bytes for 10,000 reads");
}

#[test]
fn figures_count_what_the_trace_says() {
    let figures = Figures::of(&[sample()]);
    let files = &figures.files;
    assert_eq!((files.reads, files.hits, files.loads), (604, 601, 1));
    assert_eq!((files.refused, files.failed), (1, 1));
    assert_eq!((files.distinct, files.bytes_loaded), (3, 10));
    assert_eq!(files.bytes_served, 10 + 10 + 600 * 20);
    assert_eq!((figures.path_lookups, figures.path_hits), (2, 1));
    assert_eq!(figures.questions.dropped_messages, 5);
    assert_eq!(figures.questions.input_tokens, 900);
    assert_eq!(figures.critical_path_ns, 1_050);
    let io = &figures.classes["io"];
    assert_eq!((io.tasks, io.busy_ns, io.peak), (2, 1_050, 1));
    assert_eq!(figures.steps[1].hits, 600);
    // The second of a session reads again what the first has read; that of another session does not.
    let mut other = sample();
    other.header.session = 9;
    let figures = Figures::of(&[sample(), sample(), other]);
    assert_eq!(figures.files.redundant_loads, 1);
    assert_eq!(figures.files.distinct, 3);
}

#[test]
fn a_folder_keeps_the_newest_within_its_bounds() {
    let base = tempfile::tempdir().expect("a folder");
    let mut folder = Folder::new(base.path().join(".autoexec/traces"));
    assert_eq!(folder.traces().expect("none yet").len(), 0);
    folder.keep = 3;
    let put = |folder: &Folder, second: u64| {
        let mut trace = sample();
        trace.header.started_unix_ms += 1_000 * second;
        let options = TraceOptions::new(folder.clone());
        options.put(&trace, "12-1");
        options.written().get().expect("said").clone()
    };
    let written: Vec<_> = (0..5).map(|n| put(&folder, n).expect("written")).collect();
    assert_eq!(folder.traces().expect("traces"), written[2..]);
    let ignored = std::fs::read_to_string(base.path().join(".autoexec/.gitignore"));
    assert_eq!(ignored.expect("a file"), "*\n");
    // The newest stays whatever its size.
    folder.bytes = 1;
    let last = put(&folder, 9).expect("written");
    assert_eq!(folder.traces().expect("traces"), [last]);
}

#[test]
fn a_salt_is_made_once_and_hides_names() {
    let base = tempfile::tempdir().expect("a folder");
    let options = TraceOptions::new(Folder::new(base.path().join("traces")));
    let salt = options.salt();
    assert!(salt == options.salt());
    let other = TraceOptions::new(Folder::new(base.path().join("others")));
    assert!(salt.hash(b"a.rs") != other.salt().hash(b"a.rs"));
    assert!(salt.hash(b"a.rs") != salt.hash(b"b.rs"));
    // One that was cut off is made anew.
    std::fs::write(base.path().join("traces/salt"), b"short").expect("written");
    assert!(salt != options.salt());
    assert!(options.salt() == options.salt());
}

#[test]
fn a_folder_that_cannot_be_written_is_said() {
    let base = tempfile::tempdir().expect("a folder");
    std::fs::write(base.path().join("file"), b"").expect("written");
    let options = TraceOptions::new(Folder::new(base.path().join("file/traces")));
    _ = options.salt();
    options.put(&sample(), "1-1");
    let written = options.written();
    let why = written.get().expect("said").clone().expect_err("no folder");
    assert!(why.contains("file/traces"), "{why}");
}
