//! Loading any bytes as a snapshot: it ends, and what is loaded can be saved and loaded again.
#![no_main]

use autoexec_store::{Options, Snapshot, SnapshotOptions, Store};
use libfuzzer_sys::fuzz_target;
use std::time::{Duration, SystemTime};

fuzz_target!(|bytes: &[u8]| {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("snapshot");
    std::fs::write(&path, bytes).expect("the file is written");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let private = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(&path, private).expect("the file is ours");
    }
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(2_000_000_000);
    let load = || {
        let store = Store::new(Options::default()).expect("the defaults are sound");
        let entries = store.namespace("any");
        let opened = Snapshot::open(&entries, &path, now, SnapshotOptions::default(), None);
        opened.map(|(snapshot, _)| {
            snapshot.save(now).expect("there is room");
            entries.stats().entries
        })
    };
    if let Ok(entries) = load() {
        assert_eq!(load().expect("what was saved is sound"), entries);
    }
});
