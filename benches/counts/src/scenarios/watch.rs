//! Proving that nothing changed, and arming what is to be proven.

use crate::run::Scenario;

#[cfg(not(target_os = "linux"))]
pub(super) const SCENARIOS: &[Scenario] = &[];

#[cfg(target_os = "linux")]
pub(super) const SCENARIOS: &[Scenario] = &[
    Scenario {
        id: "watch/refresh",
        times: 1_000,
        does: "proves that a watched file has not changed",
        run: on_linux::refresh,
    },
    Scenario {
        id: "watch/arm",
        times: 100,
        does: "arms a file in a known folder, and lets it go",
        run: on_linux::arm_and_release,
    },
    Scenario {
        id: "watch/changed",
        times: 100,
        does: "writes to a watched file, sees it, and arms it anew",
        run: on_linux::changed,
    },
];

#[cfg(target_os = "linux")]
mod on_linux {
    use std::fs::{self, File};
    use std::os::{fd::AsFd, unix::fs::MetadataExt};
    use std::path::{Path, PathBuf};
    use std::sync::Arc;

    use autoexec_watch::{Interest, Mark, Options, Subject, Watched, Watcher};
    use tempfile::TempDir;

    use crate::run::Run;
    use crate::text;

    #[derive(Clone)]
    struct Item(Arc<Mark>);

    impl Watched for Item {
        fn mark(&self) -> &Mark {
            &self.0
        }
    }

    struct Fixture {
        _folder: TempDir,
        path: PathBuf,
        watcher: Watcher<Item>,
        item: Item,
    }

    impl Fixture {
        fn new() -> Self {
            let (folder, root) = text::folder();
            let path = root.join("a/b/c/file.rs");
            text::file(&path, 4_096);
            let watcher = Watcher::new(Interest::Contents, Options::default())
                .expect("because Linux tells of changes");
            let it = Self {
                _folder: folder,
                path,
                watcher,
                item: Item(Arc::new(Mark::new())),
            };
            assert!(it.arm());
            it
        }

        fn arm(&self) -> bool {
            arm(&self.watcher, &self.path, &self.item)
        }

        fn counted(&self, run: &mut Run) {
            let stats = self.watcher.stats();
            run.count("refreshes", stats.refreshes);
            run.count("notifications", stats.notifications);
            run.count("watches", stats.watches);
        }
    }

    fn arm(watcher: &Watcher<Item>, path: &Path, item: &Item) -> bool {
        let file = File::open(path).expect("because it is there");
        let device = file.metadata().expect("because it is open").dev();
        let parent = path.parent().expect("because it lies in a folder");
        let begun = watcher
            .begin(parent)
            .expect("because it is a local file system");
        let subject = Subject {
            path,
            file: file.as_fd(),
            device,
        };
        let ticket = watcher
            .arm(&begun, &subject, item)
            .expect("because nobody writes");
        watcher.confirm(ticket, item)
    }

    pub(super) fn refresh(run: &mut Run) {
        let it = Fixture::new();
        run.repeat(|_| assert!(it.watcher.refresh().covers(it.item.mark())));
        it.counted(run);
    }

    pub(super) fn arm_and_release(run: &mut Run) {
        let it = Fixture::new();
        run.repeat(|_| {
            it.watcher.release(&it.item);
            assert!(it.arm());
        });
        it.counted(run);
    }

    pub(super) fn changed(run: &mut Run) {
        let it = Fixture::new();
        run.repeat(|time| {
            fs::write(&it.path, [time as u8]).expect("because the folder is ours");
            assert!(!it.watcher.refresh().covers(it.item.mark()));
            assert!(it.arm());
        });
        it.counted(run);
    }
}
