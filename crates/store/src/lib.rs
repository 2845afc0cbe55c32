//! A bounded store of bytes in memory: what was computed once is found again, as long as it holds.
//!
//! # What it is
//!
//! [`Store`] keeps values under keys within two hard bounds, a number of entries and a number of bytes. Entries stand in
//! [namespaces](Store::namespace), each with its time to live, its counts and, if wanted, its share of the bounds. However
//! many threads and tasks ask for a value that is not there, [one computes it](Namespace::get_or_compute). An entry goes
//! when its time is over, when room is needed, and when it is invalidated: by key, by prefix, by tag, or because
//! [a file that it was computed from](Namespace::file_changed) has changed. A [`Snapshot`] keeps a namespace in a file, at
//! the cost of what changed.
//!
//! # When to choose it
//!
//! For answers of models, embeddings, prompts, outlines: values that are bytes, cost much to compute, and stop holding at
//! some point.
//!
//! # When to choose something else
//!
//! For typed values without expiry or invalidation, `quick_cache` alone; it is what this is built on. For values that expire
//! and are computed by async code, and nothing else, `moka`. For data that must not be lost, a database. For the contents of
//! files, a cache that validates them.
//!
//! # Example
//!
//! ```
//! use autoexec_store::{Entry, Fingerprint, KeyParts, NamespaceOptions, Options, Snapshot, SnapshotOptions, Store};
//! use std::time::{Duration, SystemTime};
//!
//! let mut options = Options::default();
//! let two_hours = NamespaceOptions { ttl: Some(Duration::from_secs(7_200)), ..Default::default() };
//! options.namespaces.insert("answers".into(), two_hours);
//! let store = Store::new(options)?;
//!
//! let answers = store.namespace("answers");
//! let key = KeyParts::new().text("model-a").text("What does main do?");
//! let ask = || Ok::<_, std::io::Error>(Entry::new("It prints.").with_file("src/main.rs", Fingerprint(17)));
//! let value = answers.get_or_compute(&key, ask)?;
//! assert_eq!(value, "It prints.");
//! assert!(answers.get(&key).is_some());
//!
//! // The file is in another state than the answer was computed from.
//! assert_eq!(store.file_changed("src/main.rs", Some(Fingerprint(18))), 1);
//! assert!(answers.get(&key).is_none());
//!
//! // A namespace in a file.
//! let folder = tempfile::tempdir()?;
//! let (path, now) = (folder.path().join("embeddings"), SystemTime::now());
//! let embeddings = store.namespace("embeddings");
//! let (snapshot, found) = Snapshot::open(&embeddings, &path, now, SnapshotOptions::default(), None)?;
//! assert!(found.is_new);
//! embeddings.insert("a text", &[0; 4_096]);
//! assert_eq!(snapshot.save(now)?.entries, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What holds
//!
//! - A value is handed out only under its whole key, compared byte by byte; it is never changed afterwards.
//! - An entry is not handed out after its time, nor after a call that invalidates it has returned. Nor is what was being
//!   computed at that time: who asked before gets it, who asks later does not, and it is not kept.
//! - What fits alone is held once [`insert`](Namespace::insert) has returned. Replacing an entry evicts others only if what
//!   it grows by finds no room.
//! - An empty value is a value.
//!
//! # Memory and complexity
//!
//! An entry is charged the bytes of its key and value, [`ENTRY_OVERHEAD`], and for each tag and file its name and
//! [`LINK_OVERHEAD`]. The sum of the charges never exceeds `max_bytes`, nor the number of entries `max_entries`; of
//! `max_bytes`, 96 for each 4,096 (and at most 96 for each of `max_entries`) are left to what the table remembers of evicted
//! keys. What the allocator hands out stays within `max_bytes` too: tests count it. Two things come on top: 5 KiB of counters a
//! namespace, and the table, which does not shrink: some 150 bytes for each entry of the largest number ever held, which
//! counts only if that was of entries much smaller than those of today.
//!
//! An entry weighs the larger of its shares of the two bounds, and the sum of the weights is held to 1. The price: with large
//! and small values mixed, an entry may be evicted when neither bound is quite reached. What is evicted `quick_cache` decides,
//! by a variant of Clock-Pro (Jiang, Chen, Zhang: "CLOCK-Pro: An Effective Improvement of the CLOCK Replacement", 2005).
//!
//! A hit is O(1): a lookup under a shared lock and, where the entry has a time to live, a look at the clock. Everything that
//! changes entries is O(log entries) for each entry changed, and takes its shard's own lock. Computations run without any.
//!
//! # Features
//!
//! None. The async side, [`Namespace::get_or_compute_async`], is of no runtime and adds no dependency.
//!
//! # Limitations
//!
//! - An entry larger than 97 % of its shard's part of the bounds is not held. Large values want few
//!   [shards](Options::shards).
//! - The time to live is exact to the clock's tick, on Linux at most 10 ms.
//! - Where `compute` waits for another key that waits for it, both wait for ever.
//! - A snapshot holds a namespace as of its last save: entries invalidated later are in it again if the process ends before the
//!   next. Those computed from files are not loaded unless [the caller](Dependencies) says that these are unchanged.
//! - Snapshots are locked by `flock`, which holds between the processes of one machine. Elsewhere than on Unix, modes and links are
//!   not looked at, and a file replaced by another is not noticed.

mod clock;
mod entry;
mod error;
mod flight;
mod index;
mod key;
mod ledger;
mod namespace;
mod options;
mod partition;
mod snapshot;
mod stats;
mod store;
mod stripes;

pub use clock::{Clock, SystemClock};
pub use entry::{Dependencies, ENTRY_OVERHEAD, Entry, Fingerprint, LINK_OVERHEAD, Value};
pub use error::{Error, ErrorKind};
pub use key::KeyParts;
pub use namespace::Namespace;
pub use options::{NamespaceOptions, Options, Pressure};
pub use snapshot::{Autosave, Damage, LoadReport, SaveReport, Snapshot, SnapshotOptions};
pub use stats::Stats;
pub use store::Store;
