//! A site: names in a few directories that one writer does everything to, and the model of what they lead to.
//!
//! | names | are |
//! |---|---|
//! | `d/N` | files that readers ask for |
//! | `t/N` | their twins, in a directory that `d` is exchanged with |
//! | `u/N` | those in a directory that the link `w` leads to by turns |
//! | `l/N` | hard links, to the files of `d` most often |
//! | `x/N` | files that the links `s/N` lead to by turns |
//! | `w/N` | what is in `d` or `u`, by a link on the way |
//! | `s/N` | what `d/N` or `x/N` is, by a link of the last name |
//!
//! Readers ask for `d`, `l`, `w` and `s`.

use crate::ledger::{Subject, Tracked};
use crate::record::{RECORD, contents};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::SeqCst;

/// Files of a site.
pub(crate) const FILES: usize = 20;
/// Paths of a site that readers ask for.
pub(crate) const PATHS: usize = 4 * FILES;

/// The directories whose names readers ask for, in the order of their paths.
const ASKED: [&str; 4] = ["d", "l", "w", "s"];

/// Lengths of the first files of a site of small files, and of one of all sizes; the others are of one record.
const SMALL: [usize; 4] = [64, 4096, 64, 4096];
const MIXED: [usize; 10] = [64, 4096, 65_536, 64, 4096, 307_200, 64, 4096, 65_536, 4096];

/// A directory that holds files of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dir {
    D,
    T,
    U,
    L,
    X,
}

/// What is in an inode.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Contents {
    pub(crate) version: u64,
    pub(crate) len: usize,
}

/// A site and what its names lead to.
pub(crate) struct Site<'w> {
    root: PathBuf,
    /// The index of its first file.
    first: usize,
    subjects: &'w [Subject],
    paths: &'w [Tracked],
    version: u64,
    lens: &'static [usize],
    /// What is in each inode there ever was.
    inodes: Vec<Contents>,
    /// The inodes of each directory, in the order of `Dir`.
    slots: [[usize; FILES]; 5],
    /// Whether `w` leads to `u`.
    way_is_u: bool,
    /// Whether `s/N` leads to `x/N`.
    link_is_x: [bool; FILES],
}

/// The paths of the site at `root` whose files are numbered from `first` on, in the order in which they are tracked.
pub(crate) fn tracked(root: &Path, first: usize) -> Vec<Tracked> {
    let of_dir = |dir: &&str| {
        let dir = root.join(dir);
        (0..FILES).map(move |i| Tracked::new(dir.join(i.to_string()), first + i))
    };
    ASKED.iter().flat_map(of_dir).collect()
}

impl<'w> Site<'w> {
    /// Makes the site. `subjects` and `paths` are those of all sites.
    pub(crate) fn new(
        root: PathBuf,
        number: usize,
        subjects: &'w [Subject],
        paths: &'w [Tracked],
    ) -> Self {
        let first = number * FILES;
        for dir in ["d", "t", "u", "l", "x", "s"] {
            fs::create_dir_all(root.join(dir)).unwrap();
        }
        std::os::unix::fs::symlink("d", root.join("w")).unwrap();
        let mut site = Self {
            root,
            first,
            subjects: &subjects[first..first + FILES],
            paths: &paths[number * PATHS..(number + 1) * PATHS],
            version: 0,
            lens: if number.is_multiple_of(2) {
                &SMALL
            } else {
                &MIXED
            },
            inodes: Vec::new(),
            slots: [[0; FILES]; 5],
            way_is_u: false,
            link_is_x: [false; FILES],
        };
        (0..FILES).for_each(|i| site.populate(i));
        site.publish();
        site
    }

    fn populate(&mut self, i: usize) {
        let len = self.usual_len(i);
        for dir in [Dir::T, Dir::U, Dir::X, Dir::D] {
            let version = self.begin(i);
            self.write_new(&self.path(dir, i), i, version, len);
            self.place(dir, i, Contents { version, len });
        }
        fs::hard_link(self.path(Dir::D, i), self.path(Dir::L, i)).unwrap();
        self.slots[Dir::L as usize][i] = self.slots[Dir::D as usize][i];
        std::os::unix::fs::symlink(format!("../d/{i}"), self.link(i)).unwrap();
    }

    pub(crate) fn name(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub(crate) fn dir(&self, dir: Dir) -> PathBuf {
        self.root.join(["d", "t", "u", "l", "x"][dir as usize])
    }

    pub(crate) fn path(&self, dir: Dir, i: usize) -> PathBuf {
        self.dir(dir).join(i.to_string())
    }

    /// The link `s/i`.
    pub(crate) fn link(&self, i: usize) -> PathBuf {
        self.root.join("s").join(i.to_string())
    }

    /// A name in `dir` that nobody asks for.
    pub(crate) fn spare(&self, dir: Dir) -> PathBuf {
        self.dir(dir).join("spare")
    }

    pub(crate) fn subject(&self, i: usize) -> &'w Subject {
        &self.subjects[i]
    }

    pub(crate) fn subjects(&self) -> &'w [Subject] {
        self.subjects
    }

    /// The index of file `i` among those of all sites.
    pub(crate) fn number(&self, i: usize) -> usize {
        self.first + i
    }

    /// The usual length of file `i`.
    pub(crate) fn usual_len(&self, i: usize) -> usize {
        self.lens.get(i).copied().unwrap_or(RECORD)
    }

    pub(crate) fn way_is_u(&self) -> bool {
        self.way_is_u
    }

    pub(crate) fn link_is_x(&self, i: usize) -> bool {
        self.link_is_x[i]
    }

    pub(crate) fn held(&self, dir: Dir, i: usize) -> Contents {
        self.inodes[self.slots[dir as usize][i]]
    }

    pub(crate) fn share_an_inode(&self, a: Dir, b: Dir, i: usize) -> bool {
        self.slots[a as usize][i] == self.slots[b as usize][i]
    }

    /// A new version of file `i`, whose writing begins now.
    pub(crate) fn begin(&mut self, i: usize) -> u64 {
        self.version += 1;
        self.subjects[i].begun.store(self.version, SeqCst);
        self.version
    }

    pub(crate) fn bytes(&self, i: usize, contents_of: Contents) -> Vec<u8> {
        contents(self.number(i), contents_of.version, contents_of.len)
    }

    pub(crate) fn write_new(&self, path: &Path, i: usize, version: u64, len: usize) {
        fs::write(path, self.bytes(i, Contents { version, len })).unwrap();
    }

    /// Notes that the inode at `dir/i` holds other contents.
    pub(crate) fn refill(&mut self, dir: Dir, i: usize, contents: Contents) {
        self.inodes[self.slots[dir as usize][i]] = contents;
        self.publish_file(i);
    }

    /// Notes that another inode is at `dir/i`.
    pub(crate) fn place(&mut self, dir: Dir, i: usize, contents: Contents) {
        self.slots[dir as usize][i] = self.inodes.len();
        self.inodes.push(contents);
    }

    /// Notes that `dir/i` is now the inode of `of/i`.
    pub(crate) fn join(&mut self, dir: Dir, of: Dir, i: usize) {
        self.slots[dir as usize][i] = self.slots[of as usize][i];
    }

    /// Notes that two directories have changed places.
    pub(crate) fn swap(&mut self, a: Dir, b: Dir) {
        self.slots.swap(a as usize, b as usize);
    }

    pub(crate) fn swap_way(&mut self) {
        self.way_is_u = !self.way_is_u;
    }

    pub(crate) fn swap_link(&mut self, i: usize) {
        self.link_is_x[i] = !self.link_is_x[i];
    }

    /// Notes for all paths that what they lead to is finished.
    pub(crate) fn publish(&self) {
        (0..FILES).for_each(|i| self.publish_file(i));
    }

    pub(crate) fn publish_file(&self, i: usize) {
        let way = if self.way_is_u { Dir::U } else { Dir::D };
        let link = if self.link_is_x[i] { Dir::X } else { Dir::D };
        for (at, dir) in [Dir::D, Dir::L, way, link].into_iter().enumerate() {
            self.paths[at * FILES + i].finish(self.held(dir, i).version);
        }
    }
}
