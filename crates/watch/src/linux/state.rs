//! Who is watched under which number, and what is known of directories.

use crate::{Interest, Watched};
use rustix::fs::inotify::{ReadFlags, WatchFlags};
use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::queue::Event;

/// What is watched under one number: the kernel gives one number to an inode, however many paths lead to it.
#[derive(Debug)]
pub(super) struct Target<T> {
    pub(super) items: Vec<T>,
    /// For a directory or a link on the way to items.
    pub(super) way: Option<Way>,
}

/// A directory or a symbolic link on the way to items.
#[derive(Debug, Default)]
pub(super) struct Way {
    /// Whether it was found to be on the way since paths changed last.
    is_in_use: bool,
    /// The directories below it on the way to items. A directory that somebody holds open is removed without a
    /// notification of its own; its parent tells.
    pub(super) children: HashSet<OsString>,
}

/// Behind the lock.
#[derive(Debug)]
pub(super) struct State<T> {
    pub(super) targets: HashMap<i32, Target<T>>,
    /// Watches that were given back, until the kernel confirms it: late notifications of them mean nothing.
    retired: HashSet<i32>,
    /// Real paths of directories on the way, with their watches, known in this epoch.
    pub(super) directories: HashMap<PathBuf, i32>,
    /// Paths of links on the way, and where they lead, known in this epoch.
    pub(super) links: HashMap<PathBuf, PathBuf>,
    /// Directories as they were asked for, the ways to which are known in this epoch.
    pub(super) ways: HashSet<PathBuf>,
    /// Paths that were followed to their ends, and their ends, known in this epoch.
    pub(super) ends: HashMap<PathBuf, Arc<Path>>,
    /// Whether the file system of a device tells of every change.
    pub(super) devices: HashMap<u64, bool>,
    pub(super) watches: usize,
}

/// What an event means beyond its own items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing else.
    Own,
    /// A path may lead elsewhere.
    Paths,
    /// Notifications are lost: everything is doubtful.
    Lost,
}

impl<T: Watched> State<T> {
    pub(super) fn new() -> Self {
        Self {
            targets: HashMap::new(),
            retired: HashSet::new(),
            directories: HashMap::new(),
            links: HashMap::new(),
            ways: HashSet::new(),
            ends: HashMap::new(),
            devices: HashMap::new(),
            watches: 0,
        }
    }

    /// Applies one event to the items of its watch.
    pub(super) fn apply(&mut self, event: &Event) -> Effect {
        if event.what.contains(ReadFlags::QUEUE_OVERFLOW) {
            // Confirmations may be lost too.
            self.retired.clear();
            return Effect::Lost;
        }
        if self.retired.contains(&event.watch) {
            if event.what.contains(ReadFlags::IGNORED) {
                self.retired.remove(&event.watch);
            }
            return Effect::Own;
        }
        let Some(target) = self.targets.get(&event.watch) else {
            return Effect::Lost;
        };
        if let Some(name) = &event.name {
            return target.child(event.what, name);
        }
        target.items.iter().for_each(|item| item.mark().doubt());
        let on_the_way = target.way.is_some();
        if event.what.contains(ReadFlags::IGNORED) {
            self.targets.remove(&event.watch);
            self.watches -= 1;
        }
        if on_the_way {
            Effect::Paths
        } else {
            Effect::Own
        }
    }

    /// The target of a watch that was just added, and whether it had been watched before.
    pub(super) fn target(&mut self, watch: i32) -> (&mut Target<T>, bool) {
        let mut known = true;
        let target = self.targets.entry(watch).or_insert_with(|| {
            known = false;
            Target {
                items: Vec::new(),
                way: None,
            }
        });
        self.watches += usize::from(!known);
        (target, known)
    }

    /// Forgets what is known of paths. The numbers of watches that are left without a purpose: a watch on the way is
    /// kept until paths change the next time, as most are needed again, and to begin one anew the kernel goes through all
    /// names of the directory that it has in memory.
    pub(super) fn forget_paths(&mut self) -> Vec<i32> {
        self.directories.clear();
        self.links.clear();
        self.ways.clear();
        self.ends.clear();
        // The number of a device that was unmounted is given to another.
        self.devices.clear();
        let mut idle = Vec::new();
        for (&watch, target) in &mut self.targets {
            let is_in_use = target
                .way
                .as_mut()
                .is_some_and(|way| std::mem::take(&mut way.is_in_use));
            if !is_in_use && target.way.take().is_some() && target.items.is_empty() {
                idle.push(watch);
            }
        }
        idle.iter().for_each(|&watch| self.retire(watch));
        idle
    }

    /// Forgets one item; the number of its watch if it is left without a purpose.
    pub(super) fn forget_item(&mut self, item: &T) -> Option<i32> {
        let watch = item.mark().watch();
        let target = self.targets.get_mut(&watch)?;
        target.items.retain(|other| !other.is_same(item));
        let idle = target.items.is_empty() && target.way.is_none();
        idle.then(|| {
            self.retire(watch);
            watch
        })
    }

    fn retire(&mut self, watch: i32) {
        self.targets.remove(&watch);
        self.retired.insert(watch);
        self.watches -= 1;
    }

    pub(super) fn doubt_everything(&self) {
        let items = self.targets.values().flat_map(|target| &target.items);
        items.for_each(|item| item.mark().doubt());
    }

    /// Puts a directory or a link on the way.
    pub(super) fn put_on_the_way(&mut self, watch: i32) {
        self.target(watch).0.way.get_or_insert_default().is_in_use = true;
    }

    /// Notes that `name` in the directory `parent` is on the way.
    pub(super) fn note_child(&mut self, parent: &Path, name: &OsStr) {
        let Some(watch) = self.directories.get(parent) else {
            return;
        };
        if let Some(Target { way: Some(way), .. }) = self.targets.get_mut(watch) {
            way.children.insert(name.to_owned());
        }
    }
}

impl<T> Target<T> {
    /// An event of a child: only the removal of a directory on the way matters.
    fn child(&self, what: ReadFlags, name: &OsStr) -> Effect {
        let removed = what.contains(ReadFlags::DELETE | ReadFlags::ISDIR);
        let on_the_way = self
            .way
            .as_ref()
            .is_some_and(|way| way.children.contains(name));
        if removed && on_the_way {
            Effect::Paths
        } else {
            Effect::Own
        }
    }
}

/// What is asked of the kernel for an item. The flags are added to what the inode is watched for already.
pub(super) fn wanted(interest: Interest) -> WatchFlags {
    let place = WatchFlags::ATTRIB
        | WatchFlags::MOVE_SELF
        | WatchFlags::DELETE_SELF
        | WatchFlags::MASK_ADD
        | WatchFlags::DONT_FOLLOW;
    match interest {
        Interest::Place => place,
        // Who opens a file may map it and write to it without a further notification.
        Interest::Contents => place | WatchFlags::MODIFY | WatchFlags::OPEN,
    }
}

/// What is asked of the kernel for a directory or a link on the way.
pub(super) fn wanted_on_the_way() -> WatchFlags {
    wanted(Interest::Place) | WatchFlags::DELETE
}
