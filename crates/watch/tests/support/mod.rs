//! A watched file as a cache would hold it.
#![allow(dead_code, reason = "not every test binary uses every helper")]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use autoexec_watch::{Begun, Interest, Mark, Options, Refusal, Subject, Watched, Watcher};
use std::fs::{self, File, Metadata};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

#[derive(Clone, Debug)]
pub(crate) struct Item(Arc<(PathBuf, Mark)>);

impl Watched for Item {
    fn mark(&self) -> &Mark {
        &self.0.1
    }
}

pub(crate) struct Bench {
    dir: tempfile::TempDir,
    root: PathBuf,
    pub(crate) watcher: Watcher<Item>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(Options::default())
    }

    pub(crate) fn with(options: Options) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        let watcher = Watcher::new(Interest::Contents, options).unwrap();
        Self { dir, root, watcher }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    pub(crate) fn item(path: &Path) -> Item {
        Item(Arc::new((path.to_owned(), Mark::new())))
    }

    /// Arms and confirms `item`, following links where the last name is one.
    pub(crate) fn arm(&self, item: &Item) -> Result<bool, Refusal> {
        let path = &item.0.0;
        let begun = if path.is_symlink() {
            self.watcher.follow(path)?
        } else {
            self.watcher.begin(path.parent().unwrap())?
        };
        self.arm_begun(&begun, item)
    }

    pub(crate) fn arm_begun(&self, begun: &Begun, item: &Item) -> Result<bool, Refusal> {
        let path = &item.0.0;
        let file = File::open(path).unwrap();
        let opened = file.metadata().unwrap();
        let subject = Subject {
            path,
            file: file.as_fd(),
            device: opened.dev(),
        };
        let ticket = self.watcher.arm(begun, &subject, item)?;
        let place = fs::symlink_metadata(begun.place(path)).map_err(|_| Refusal::Changed)?;
        Ok(state(&place) == state(&opened) && self.watcher.confirm(ticket, item))
    }

    pub(crate) fn armed(&self, path: &Path) -> Item {
        let item = Self::item(path);
        assert_eq!(self.arm(&item), Ok(true), "{}", path.display());
        assert!(self.holds(&item));
        item
    }

    pub(crate) fn holds(&self, item: &Item) -> bool {
        self.watcher.refresh().covers(item.mark())
    }
}

fn state(of: &Metadata) -> (u64, u64, i64, i64) {
    (of.dev(), of.ino(), of.ctime(), of.ctime_nsec())
}
