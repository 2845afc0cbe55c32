//! What a proof costs beside the bare system call, and arming an item beside the calls that it needs.

use autoexec_benches::bench_main;

#[cfg(target_os = "linux")]
mod on_linux {
    use autoexec_benches::Harness;
    use autoexec_watch::{Interest, Mark, Options, Subject, Watched, Watcher};
    use rustix::fs::inotify;
    use rustix::io::Errno;
    use std::fs::{self, File};
    use std::hint::black_box;
    use std::mem::MaybeUninit;
    use std::os::{
        fd::{AsFd, OwnedFd},
        unix::fs::MetadataExt,
    };
    use std::path::{Path, PathBuf};
    use std::sync::Arc;

    #[derive(Clone)]
    struct Item(Arc<Mark>);

    impl Watched for Item {
        fn mark(&self) -> &Mark {
            &self.0
        }
    }

    fn arm(watcher: &Watcher<Item>, path: &Path, file: &File, device: u64, item: &Item) -> bool {
        let parent = path.parent().expect("it has a parent");
        let begun = watcher.begin(parent).expect("a local file system");
        let subject = Subject {
            path,
            file: file.as_fd(),
            device,
        };
        let ticket = watcher.arm(&begun, &subject, item).expect("nobody writes");
        watcher.confirm(ticket, item)
    }

    /// A file that is watched.
    struct Armed {
        _folder: tempfile::TempDir,
        path: PathBuf,
        file: File,
        device: u64,
        item: Item,
        watcher: Watcher<Item>,
    }

    impl Armed {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a temporary directory");
            let base = fs::canonicalize(folder.path()).expect("it exists");
            let path = base.join("file");
            fs::write(&path, "x").expect("the directory is ours");
            let file = File::open(&path).expect("it is there");
            let device = file.metadata().expect("it is open").dev();
            let item = Item(Arc::new(Mark::new()));
            let watcher = Watcher::new(Interest::Contents, Options::default()).expect("Linux");
            assert!(arm(&watcher, &path, &file, device, &item));
            assert!(watcher.refresh().covers(item.mark()));
            Self {
                _folder: folder,
                path,
                file,
                device,
                item,
                watcher,
            }
        }
    }

    /// A queue that holds nothing, which the floors ask.
    fn queue() -> OwnedFd {
        inotify::init(inotify::CreateFlags::NONBLOCK).expect("an instance")
    }

    pub(super) fn refresh(harness: &mut Harness<'_>) {
        harness.group("watch/refresh", |group| {
            let (armed, queue) = (Armed::new(), queue());
            group.bench_function("floor", |b| {
                let mut buffer = [MaybeUninit::uninit(); 4096];
                b.iter(|| {
                    let waiting = inotify::Reader::new(&queue, &mut buffer).next().map(|_| ());
                    assert_eq!(waiting, Err(Errno::AGAIN));
                });
            });
            group.bench_function("refresh", |b| {
                b.iter(|| armed.watcher.refresh().covers(black_box(armed.item.mark())))
            });
        });
    }

    pub(super) fn arming(harness: &mut Harness<'_>) {
        harness.group("watch/arm", |group| {
            let (armed, queue) = (Armed::new(), queue());
            let add = inotify::WatchFlags::MODIFY;
            group.bench_function("floor", |b| {
                b.iter(|| {
                    let watch = inotify::add_watch(&queue, black_box(&armed.path), add)
                        .expect("it is there");
                    inotify::remove_watch(&queue, watch).expect("it was added");
                });
            });
            let Armed {
                path,
                file,
                device,
                item,
                watcher,
                ..
            } = &armed;
            group.bench_function("arm-and-release", |b| {
                b.iter(|| {
                    assert!(arm(watcher, path, file, *device, item));
                    watcher.release(item);
                });
            });
        });
    }
}

/// Elsewhere there is nothing to measure.
#[cfg(not(target_os = "linux"))]
mod on_linux {
    use autoexec_benches::Harness;

    pub(super) fn refresh(_: &mut Harness<'_>) {}
    pub(super) fn arming(_: &mut Harness<'_>) {}
}

bench_main!(on_linux::refresh, on_linux::arming);
