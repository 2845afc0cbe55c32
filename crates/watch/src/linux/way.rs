//! Arming the way to a path: every directory and every link that its resolution goes through.

use crate::{Refusal, Watched};
use rustix::fs::FileType;
use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::queue::Queue;
use super::state::{State, wanted_on_the_way};

/// As the kernel's own limit (`path_resolution(7)`).
const MOST_LINKS: usize = 40;

/// File systems of this machine that tell of every change made through them, by the numbers of `statfs(2)`. Network
/// file systems, FUSE and overlays are left out: others may change what is behind them.
const TELLING: [u32; 7] = [
    0x0000_ef53, // ext2, ext3, ext4
    0x5846_5342, // xfs
    0x9123_683e, // btrfs
    0x0102_1994, // tmpfs
    0x8584_58f6, // ramfs
    0xf2f5_2010, // f2fs
    0xca45_1a4e, // bcachefs
];

struct Walk<'a, T> {
    state: &'a mut State<T>,
    queue: &'a Queue,
    limit: usize,
    /// A real path: where the walk has come to.
    at: PathBuf,
    left: VecDeque<OsString>,
    links: usize,
    /// Whether the last name may be something else than a directory.
    to_the_end: bool,
}

/// Arms the way to the directory `path`.
pub(super) fn arm<T: Watched>(
    state: &mut State<T>,
    queue: &Queue,
    limit: usize,
    path: &Path,
) -> Result<(), Refusal> {
    if state.ways.contains(path) {
        return Ok(());
    }
    Walk::to(state, queue, limit, path, false)?;
    if state.ways.len() >= limit {
        state.ways.clear();
    }
    state.ways.insert(path.to_owned());
    Ok(())
}

/// Arms the way to whatever is at `path`, through links of that name; says where it is.
pub(super) fn follow<T: Watched>(
    state: &mut State<T>,
    queue: &Queue,
    limit: usize,
    path: &Path,
) -> Result<Arc<Path>, Refusal> {
    if let Some(end) = state.ends.get(path) {
        return Ok(end.clone());
    }
    let end: Arc<Path> = Walk::to(state, queue, limit, path, true)?.into();
    if state.ends.len() >= limit {
        state.ends.clear();
    }
    state.ends.insert(path.to_owned(), end.clone());
    Ok(end)
}

impl<'a, T: Watched> Walk<'a, T> {
    /// Walks to `path`; says where that is.
    fn to(
        state: &'a mut State<T>,
        queue: &'a Queue,
        limit: usize,
        path: &Path,
        to_the_end: bool,
    ) -> Result<PathBuf, Refusal> {
        if !path.is_absolute() {
            return Err(Refusal::Relative);
        }
        let (at, left) = (PathBuf::from("/"), VecDeque::new());
        let mut walk = Self {
            state,
            queue,
            limit,
            at,
            left,
            links: 0,
            to_the_end,
        };
        walk.directory()?;
        walk.push(path);
        while let Some(name) = walk.left.pop_front() {
            walk.step(&name)?;
        }
        Ok(walk.at)
    }

    /// Puts the names of `path` before what is left to walk.
    fn push(&mut self, path: &Path) {
        for part in path.components().rev() {
            match part {
                Component::Normal(name) => self.left.push_front(name.to_owned()),
                Component::ParentDir => self.left.push_front("..".into()),
                Component::RootDir => self.at = PathBuf::from("/"),
                Component::CurDir | Component::Prefix(_) => {}
            }
        }
    }

    fn step(&mut self, name: &OsStr) -> Result<(), Refusal> {
        if name == ".." {
            self.at.pop();
            return Ok(());
        }
        let parent = self.at.clone();
        self.at.push(name);
        if let Some(target) = self.state.links.get(&self.at).cloned() {
            return self.follow(&parent, &target);
        }
        if self.state.directories.contains_key(&self.at) {
            return Ok(());
        }
        self.arrive(&parent, name)
    }

    /// Watches what is here and sees what it is, in this order: whatever replaces it later is told of.
    fn arrive(&mut self, parent: &Path, name: &OsStr) -> Result<(), Refusal> {
        let last = self.left.is_empty() && self.to_the_end;
        let stat = rustix::fs::lstat(&self.at).map_err(|_| Refusal::Unreachable)?;
        if last
            && !matches!(
                FileType::from_raw_mode(stat.st_mode),
                FileType::Directory | FileType::Symlink
            )
        {
            return Ok(()); // The item itself, which is armed on its own.
        }
        let watch = self.watch()?;
        let stat = rustix::fs::lstat(&self.at).map_err(|_| Refusal::Changed)?;
        self.check_device(stat.st_dev)?;
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => {
                self.state.directories.insert(self.at.clone(), watch);
                self.state.note_child(parent, name);
                Ok(())
            }
            FileType::Symlink => {
                let target =
                    rustix::fs::readlink(&self.at, Vec::new()).map_err(|_| Refusal::Changed)?;
                let target = PathBuf::from(OsString::from_vec(target.into_bytes()));
                self.state.links.insert(self.at.clone(), target.clone());
                self.follow(parent, &target)
            }
            _ => Err(Refusal::Unreachable),
        }
    }

    fn follow(&mut self, parent: &Path, target: &Path) -> Result<(), Refusal> {
        self.links += 1;
        if self.links > MOST_LINKS {
            return Err(Refusal::Unreachable);
        }
        self.at = parent.to_owned();
        self.push(target);
        Ok(())
    }

    /// The directory that the walk begins in.
    fn directory(&mut self) -> Result<(), Refusal> {
        if self.state.directories.contains_key(&self.at) {
            return Ok(());
        }
        let watch = self.watch()?;
        let stat = rustix::fs::lstat(&self.at).map_err(|_| Refusal::Unreachable)?;
        self.check_device(stat.st_dev)?;
        self.state.directories.insert(self.at.clone(), watch);
        Ok(())
    }

    fn watch(&mut self) -> Result<i32, Refusal> {
        if self.state.watches >= self.limit {
            return Err(Refusal::Limit);
        }
        let watch = self
            .queue
            .add(&self.at, wanted_on_the_way())
            .map_err(super::refusal)?;
        self.state.put_on_the_way(watch);
        Ok(watch)
    }

    fn check_device(&mut self, device: u64) -> Result<(), Refusal> {
        let at = &self.at;
        let tells = *self.state.devices.entry(device).or_insert_with(|| {
            rustix::fs::statfs(at).is_ok_and(|about| TELLING.contains(&(about.f_type as u32)))
        });
        if tells {
            Ok(())
        } else {
            Err(Refusal::FileSystem)
        }
    }
}

/// Whether the file system of an open file tells of every change.
pub(super) fn tells<T: Watched>(state: &mut State<T>, device: u64, file: BorrowedFd<'_>) -> bool {
    *state.devices.entry(device).or_insert_with(|| {
        rustix::fs::fstatfs(file).is_ok_and(|about| TELLING.contains(&(about.f_type as u32)))
    })
}
