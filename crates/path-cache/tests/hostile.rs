//! Twenty thousand hostile paths against each way to open, and against the calls that answer with a path.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]
#![allow(clippy::print_stdout, reason = "the counts are to be seen")]

mod yard;

use autoexec_path_cache::{ErrorKind, Root};
use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use yard::{By, Identity, Yard, identity, identity_of, yard};

const TRIES: usize = 20_000;
const SEED: u64 = 0x5eed_0f0a_11e7_a115;

/// What became of all the tries of one call.
#[derive(Default)]
struct Tally {
    opened: usize,
    escaped: usize,
    refused: BTreeMap<String, usize>,
}

impl Tally {
    fn refuse(&mut self, kind: ErrorKind) {
        *self.refused.entry(format!("{kind:?}")).or_default() += 1;
    }

    fn tried(&self) -> usize {
        self.opened + self.refused.values().sum::<usize>()
    }

    fn admit(&mut self, identity: Identity, inside: &HashSet<Identity>) {
        self.opened += 1;
        self.escaped += usize::from(!inside.contains(&identity));
    }

    fn report(&self, call: &str) {
        let refused: Vec<_> = self
            .refused
            .iter()
            .map(|(kind, count)| format!("{kind} {count}"))
            .collect();
        let (tried, opened, escaped) = (self.tried(), self.opened, self.escaped);
        let refused = refused.join(", ");
        println!("{call}: tried {tried}, opened {opened}, refused: {refused}; escaped = {escaped}");
        assert_eq!((tried, escaped), (TRIES, 0), "{call}");
        assert!(
            self.refused["Escapes"] > TRIES / 20 && opened > TRIES / 50,
            "both answers must occur"
        );
    }
}

/// Xorshift: the same paths on every machine.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }

    fn one_of<'t, T: ?Sized>(&mut self, choices: &[&'t T]) -> &'t T {
        choices[self.below(choices.len())]
    }
}

const NAMES: &[&[u8]] = &[
    b"in",
    b"in",
    b"deep",
    b"file",
    b"leaf",
    b"new\nline",
    b"\xff\xfe",
    b" ",
    b"...",
    b"secret",
    b"outside",
    b"app",
    b"application",
    b"app-evil",
    b"alias",
    b"missing",
];

const LINKS: &[&[u8]] = &[
    b"out",
    b"up",
    b"self",
    b"loop",
    b"ping",
    b"round",
    b"outback",
    b"trailing",
    b"filetrail",
    b"hop",
    b"leak",
    b"dangling",
    b"inner",
    b"far",
    b"evil",
    b"slash",
    b"magic",
    b"cwd",
    b"abs-out",
    b"abs-evil",
    b"abs-base",
    b"abs-in",
    b"abs-file",
    b"abs-alias",
    b"abs-climb",
    b"abs-dangling",
    b"chain2",
    b"chain39",
    b"chain40",
];

/// A way that exists, so that the generator often gets somewhere.
const WAYS: &[&[u8]] = &[
    b"in/file",
    b"in/deep",
    b"in/deep/leaf",
    b"in/deep/inner",
    b"self/in",
    b"abs-in/deep",
    b"round/far",
    b"abs-alias/leaf",
    b"in/new\nline",
    b"in/\xff\xfe",
    b"in/deep/..",
    b"self/self/in",
    b"trailing/deep",
    b"abs-file",
];

fn hostile(chance: &mut Chance, base: &Path) -> Vec<u8> {
    let base = base.as_os_str().as_bytes();
    let start = match chance.below(16) {
        0 => b"/".to_vec(),
        1 => [base, b"/"].concat(),
        2 | 3 => [base, b"/app/"].concat(),
        4 => [base, b"/alias/"].concat(),
        5 => [base, b"/app"].concat(),
        6 => b"/proc/self/root/".to_vec(),
        _ => Vec::new(),
    };
    let mut path = start;
    for _ in 0..1 + chance.below(7) {
        path.extend_from_slice(&part(chance));
        path.extend_from_slice(chance.one_of(&[&b"/"[..], b"/", b"/", b"/", b"//", b"/./"]));
    }
    if chance.below(6) > 0 {
        while path.last() == Some(&b'/') {
            path.pop();
        }
    }
    path
}

fn part(chance: &mut Chance) -> Vec<u8> {
    match chance.below(40) {
        0..9 => b"..".to_vec(),
        9..11 => b".".to_vec(),
        11..13 => Vec::new(),
        13 => vec![b'n'; *chance.one_of(&[&254, &255, &256, &4095, &4096])],
        14 => b"../".repeat(1 + chance.below(60)),
        15 if chance.below(8) == 0 => b"a\0b".to_vec(),
        16..22 => chance.one_of(NAMES).to_vec(),
        22..30 => chance.one_of(LINKS).to_vec(),
        _ => chance.one_of(WAYS).to_vec(),
    }
}

/// The identity of what was opened, or why it was not.
fn open(root: &Root, path: &Path) -> Result<Identity, ErrorKind> {
    root.open(path)
        .map(|file| identity_of(&file))
        .map_err(|error| error.kind())
}

/// The identity of what a real path names without following anything.
fn named(real: &Path) -> Identity {
    identity(&fs::symlink_metadata(real).unwrap())
}

struct Trial<'y> {
    yard: &'y Yard,
    inside: HashSet<Identity>,
    roots: [Root; 2],
    opens: [Tally; 2],
    resolve: Tally,
    resolve_new: Tally,
}

impl Trial<'_> {
    fn try_all(&mut self, path: &Path) {
        let answers = [0, 1].map(|by| open(&self.roots[by], path));
        assert_eq!(
            answers[0], answers[1],
            "both ways to open agree on {path:?}"
        );
        for (tally, answer) in self.opens.iter_mut().zip(answers) {
            match answer {
                Ok(identity) => tally.admit(identity, &self.inside),
                Err(kind) => tally.refuse(kind),
            }
        }
        self.try_resolve(path, answers[0]);
        self.try_resolve_new(path);
    }

    fn try_resolve(&mut self, path: &Path, opened: Result<Identity, ErrorKind>) {
        match (self.yard.root.resolve(path), opened) {
            (Ok(real), opened) => {
                self.resolve.admit(named(&real), &self.inside);
                // Only a way that leaves the root and comes back is resolved but not opened.
                let agreed = opened == Ok(named(&real)) || opened == Err(ErrorKind::Escapes);
                assert!(agreed, "{path:?} is {real:?} but opens as {opened:?}");
            }
            (Err(error), opened) => {
                // To resolve, the root's own path is walked too: it adds bytes, and links.
                let adds = matches!(error.kind(), ErrorKind::TooLong | ErrorKind::Loop);
                let agreed = opened.is_err() || adds;
                assert!(agreed, "{path:?} opens but: {error}");
                self.resolve.refuse(error.kind());
            }
        }
    }

    fn try_resolve_new(&mut self, path: &Path) {
        match self.yard.root.resolve_new(path) {
            // What is new has no identity yet: the directory that it will be in has one.
            Ok(real) => {
                let is_new = fs::symlink_metadata(&real).is_err();
                let judged = if is_new {
                    real.parent().unwrap()
                } else {
                    &real
                };
                self.resolve_new.admit(named(judged), &self.inside);
            }
            Err(error) => self.resolve_new.refuse(error.kind()),
        }
    }
}

#[test]
fn nothing_escapes() {
    let yard = yard();
    let mut trial = Trial {
        yard: &yard,
        inside: yard.inside(),
        roots: [By::Kernel, By::Walk].map(|by| yard.root_by(by)),
        opens: Default::default(),
        resolve: Tally::default(),
        resolve_new: Tally::default(),
    };
    let mut chance = Chance(SEED);
    for _ in 0..TRIES {
        let path = hostile(&mut chance, &yard.base);
        trial.try_all(Path::new(OsStr::from_bytes(&path)));
    }
    trial.opens[0].report("open (kernel)");
    trial.opens[1].report("open (walk)");
    trial.resolve.report("resolve");
    trial.resolve_new.report("resolve_new");
}
