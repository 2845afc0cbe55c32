//! What a proof costs beside the bare system call, and arming an item beside the calls that it needs.
#![allow(
    missing_docs,
    reason = "criterion's macros generate undocumented items"
)]

use criterion::{Criterion, criterion_group, criterion_main};

#[cfg(target_os = "linux")]
mod on_linux {
    use autoexec_watch::{Interest, Mark, Options, Subject, Watched, Watcher};
    use criterion::Criterion;
    use rustix::fs::inotify;
    use rustix::io::Errno;
    use std::fs::{self, File};
    use std::hint::black_box;
    use std::mem::MaybeUninit;
    use std::os::{fd::AsFd, unix::fs::MetadataExt};
    use std::path::Path;
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

    /// The floor reads a queue that holds nothing.
    pub(super) fn refresh(c: &mut Criterion) {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let path = fs::canonicalize(dir.path())
            .expect("it exists")
            .join("file");
        fs::write(&path, "x").expect("the directory is ours");
        let file = File::open(&path).expect("it is there");
        let device = file.metadata().expect("it is open").dev();
        let item = Item(Arc::new(Mark::new()));
        let watcher = Watcher::new(Interest::Contents, Options::default()).expect("Linux");
        assert!(arm(&watcher, &path, &file, device, &item));
        assert!(watcher.refresh().covers(item.mark()));
        let queue = inotify::init(inotify::CreateFlags::NONBLOCK).expect("an instance");
        let mut group = c.benchmark_group("watch/refresh");
        group.bench_function("floor", |b| {
            let mut buffer = [MaybeUninit::uninit(); 4096];
            b.iter(|| {
                let waiting = inotify::Reader::new(&queue, &mut buffer).next().map(|_| ());
                assert_eq!(waiting, Err(Errno::AGAIN));
            });
        });
        group.bench_function("refresh", |b| {
            b.iter(|| watcher.refresh().covers(black_box(item.mark())))
        });
        group.finish();
        let mut group = c.benchmark_group("watch/arm");
        let add = inotify::WatchFlags::MODIFY;
        group.bench_function("floor", |b| {
            b.iter(|| {
                let watch = inotify::add_watch(&queue, black_box(&path), add).expect("it is there");
                inotify::remove_watch(&queue, watch).expect("it was added");
            });
        });
        group.bench_function("arm-and-release", |b| {
            b.iter(|| {
                assert!(arm(&watcher, &path, &file, device, &item));
                watcher.release(&item);
            });
        });
        group.finish();
    }
}

fn refresh(c: &mut Criterion) {
    #[cfg(target_os = "linux")]
    on_linux::refresh(c);
    let _ = c; // Elsewhere there is nothing to measure.
}

criterion_group! {
    name = benches;
    config = autoexec_benches::pass();
    targets = refresh
}
criterion_main!(benches);
