//! Whether a fingerprint can vouch for bytes that were just read.
//!
//! It cannot while a second change could leave it as it is. Linux takes time stamps from a clock that ticks every few
//! milliseconds; what changes twice within a tick has one time stamp. From 6.13 on, some file systems give a file
//! that was asked about (as a load does, before it reads) a finer stamp with its next change ("multigrain timestamps",
//! `Documentation/filesystems/multigrain-ts.rst`). Elsewhere a file is kept only once the clock has left the tick of
//! its last change: git calls such entries racily clean, and does the same.

use crate::options::Timestamps;
use crate::sys::{self, Fingerprint, Handle};
use dashmap::DashMap;
use quick_cache::DefaultHashBuilder;
use std::sync::OnceLock;
use std::time::Duration;

/// A tick of the slowest clock that Linux is built with (100 Hz), and one to spare.
const TICK: Duration = Duration::from_millis(20);

/// Where nothing is known: FAT counts in steps of two seconds, and a server's clock is not ours.
const UNKNOWN: Duration = Duration::from_secs(2);

/// What is known of a file system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Traits {
    multigrain: bool,
    /// How long after a change another may have the same time stamp.
    tick: Duration,
    /// Whether contents are made up when they are read, whatever `stat` says.
    made_up: bool,
}

/// What is known of the file systems that were met.
pub(crate) struct FileSystems {
    /// The one met first, which most often is the only one.
    first: OnceLock<(u64, Traits)>,
    by_device: DashMap<u64, Traits, DefaultHashBuilder>,
    multigrain: bool,
    timestamps: Timestamps,
}

impl FileSystems {
    pub(crate) fn new(timestamps: Timestamps) -> Self {
        Self {
            first: OnceLock::new(),
            by_device: DashMap::default(),
            multigrain: sys::has_multigrain_timestamps(),
            timestamps,
        }
    }

    /// Whether the contents of a file are made up when they are read: its fingerprint says nothing about them.
    pub(crate) fn is_made_up(&self, handle: &Handle, state: &Fingerprint) -> bool {
        self.traits(handle, state).made_up
    }

    /// Whether the file may change once more without a trace in `state`, which was found at `now` or later, a time of
    /// the clock of time stamps.
    pub(crate) fn is_racy(&self, handle: &Handle, state: &Fingerprint, now: (i64, i64)) -> bool {
        let tick = match self.timestamps {
            Timestamps::Coarse(tick) => tick,
            Timestamps::Detect => {
                let traits = self.traits(handle, state);
                // A whole second hints at a file system (or an inode of ext3's size) that counts in seconds.
                match (traits.multigrain, state.changed.1 == 0) {
                    (true, false) => return false,
                    (_, true) => traits.tick.max(UNKNOWN),
                    (false, false) => traits.tick,
                }
            }
        };
        nanoseconds(state.changed) + tick.as_nanos() as i128 >= nanoseconds(now)
    }

    fn traits(&self, handle: &Handle, state: &Fingerprint) -> Traits {
        if has_number_for_a_while(state.device) {
            return Traits::of(handle.file_system(), self.multigrain);
        }
        let look_up = || Traits::of(handle.file_system(), self.multigrain);
        let (device, traits) = self.first.get_or_init(|| (state.device, look_up()));
        if *device == state.device {
            return *traits;
        }
        *self.by_device.entry(state.device).or_insert_with(look_up)
    }
}

/// Whether the number of a device may be given to another file system after this one is unmounted: those that lie on no
/// block device have numbers with a major part of 0, the lowest that is free (on Linux; asking is right everywhere).
fn has_number_for_a_while(device: u64) -> bool {
    ((device >> 8) & 0xfff) | ((device >> 32) & !0xfff) == 0
}

impl Traits {
    /// By the numbers of `statfs(2)`.
    fn of(file_system: u32, multigrain: bool) -> Self {
        let (multigrain, tick, made_up) = match file_system {
            // ext2 to ext4, xfs, btrfs, tmpfs.
            0x0000_ef53 | 0x5846_5342 | 0x9123_683e | 0x0102_1994 => (multigrain, TICK, false),
            // ramfs, f2fs, bcachefs.
            0x8584_58f6 | 0xf2f5_2010 | 0xca45_1a4e => (false, TICK, false),
            // proc, sysfs, debugfs, tracefs, cgroup, cgroup2, securityfs, configfs, bpf, pstore.
            0x0000_9fa0 | 0x6265_6572 | 0x6462_6720 | 0x7472_6163 | 0x0027_e0eb | 0x6367_7270
            | 0x7363_6673 | 0x6265_6570 | 0xcafe_4a11 | 0x6165_676c => (false, UNKNOWN, true),
            _ => (false, UNKNOWN, false),
        };
        Self {
            multigrain,
            tick,
            made_up,
        }
    }
}

fn nanoseconds((seconds, rest): (i64, i64)) -> i128 {
    i128::from(seconds) * 1_000_000_000 + i128::from(rest)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::sys::Place;

    fn state_of(path: &std::path::Path) -> (Handle, Fingerprint) {
        let handle = Place::at(path, None).open().expect("it is there");
        let state = handle.stat().expect("it is open").1;
        (handle, state)
    }

    #[test]
    fn a_file_is_racy_until_the_tick_of_its_change_is_over() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        let (handle, mut state) = state_of(file.path());
        let systems = FileSystems::new(Timestamps::Coarse(Duration::from_millis(4)));
        state.changed = (100, 998_000_000);
        let racy = |now| systems.is_racy(&handle, &state, now);
        assert!(racy((100, 998_000_000)) && racy((101, 1_999_999)) && racy((101, 2_000_000)));
        assert!(!racy((101, 2_000_001)));
        assert!(racy((99, 0)), "a time stamp in the future says nothing");
    }

    #[test]
    fn where_the_kernel_tells_every_change_nothing_is_racy() {
        let file = tempfile::NamedTempFile::new().expect("a temporary file");
        let (handle, mut state) = state_of(file.path());
        for multigrain in [true, false] {
            let mut systems = FileSystems::new(Timestamps::Detect);
            systems.multigrain = multigrain;
            systems.first = OnceLock::from((state.device, Traits::of(0xef53, multigrain)));
            state.changed = (100, 1);
            assert_eq!(systems.is_racy(&handle, &state, (100, 2)), !multigrain);
            state.changed = (100, 0);
            assert!(
                systems.is_racy(&handle, &state, (101, 0)),
                "it may count in seconds"
            );
        }
    }

    #[test]
    fn unknown_file_systems_are_not_trusted() {
        assert_eq!(
            Traits::of(0x6969, true),
            Traits {
                multigrain: false,
                tick: UNKNOWN,
                made_up: false
            }
        );
        assert!(Traits::of(0x9fa0, true).made_up);
    }
}
