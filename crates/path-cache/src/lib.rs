//! Paths as text, paths as files, and paths from strangers.
//!
//! # What it is
//!
//! Text, which asks no file system and works for both syntaxes on every host:
//!
//! - [`normalize`] and [`normalize_bytes`] clean a path as Go's `path.Clean` and, for [`Syntax::Windows`], its
//!   `filepath.Clean` do. A path that is clean already comes back borrowed, without an allocation.
//! - [`PrefixMap`] translates paths between two systems that see the same files: a Windows host and a container, or
//!   WSL.
//!
//! Files:
//!
//! - [`Root`] confines paths from strangers to one directory: [`Root::open`] opens them without a race,
//!   [`Root::resolve`] and [`Root::resolve_new`] answer with real paths.
//! - [`PathCache`] remembers where absolute paths really lead once symbolic links are followed. It is bounded,
//!   and every answer is checked against the file system before it is given.
//!
//! Names:
//!
//! - [`NameCache`] remembers what short names stand for, in a small bound and with a hit rate of its own.
//!
//! # When to choose it
//!
//! When the same paths are resolved again and again (a workflow engine, a watcher, a build tool), when paths come from
//! input that is not trusted, or when they are written for another system than this.
//!
//! # When to choose something else
//!
//! When each path is resolved once, `std::fs::canonicalize` is simpler. When below a root you must also write, rename and
//! list against a neighbour who changes the tree meanwhile, take the `cap-std` crate: [`Root::open`] only reads.
//!
//! # Example
//!
//! ```
//! use autoexec_path_cache::{ErrorKind, Options, PathCache, Root, Syntax, normalize_bytes};
//! use std::path::Path;
//!
//! assert_eq!(*normalize_bytes(b"src//./a/../lib.rs", Syntax::Posix), *b"src/lib.rs");
//! assert_eq!(*normalize_bytes(br"C:/src\..\lib.rs", Syntax::Windows), *br"C:\lib.rs");
//!
//! let dir = tempfile::tempdir()?;
//! std::fs::write(dir.path().join("notes.txt"), "hello")?;
//!
//! let cache = PathCache::new(Options::default());
//! let first = cache.resolve(&dir.path().join("notes.txt"))?;
//! let again = cache.resolve(&dir.path().join("notes.txt"))?;
//! assert_eq!(first, again);
//! assert_eq!(cache.stats().hits, 1);
//!
//! let root = Root::new(dir.path())?;
//! assert_eq!(std::io::read_to_string(root.open(Path::new("notes.txt"))?)?, "hello");
//! assert_eq!(root.resolve(Path::new("notes.txt"))?, *first);
//! let refused = root.open(Path::new("../../etc/passwd")).unwrap_err();
//! assert_eq!(refused.kind(), ErrorKind::Escapes);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Memory and complexity
//!
//! | call | time | memory |
//! |---|---|---|
//! | [`normalize_bytes`], `n` bytes | one scan; one pass more when something changes | nothing, or one buffer of `n` + 3 bytes |
//! | [`PrefixMap::to_inner`] | a cleaning for each syntax, a comparison for each pair | one buffer |
//! | [`Root::open`] | one system call on Linux; otherwise, and by absolute links, one or two for each name | a descriptor for each level while it walks |
//! | [`PathCache::resolve`], a hit | a hash of the path, a lookup, one system call (validated: four) | |
//! | [`NameCache::resolve`], a hit | a hash of the name, a lookup, a clone of the value | |
//!
//! A cache holds at most `capacity` entries: the bytes of its keys and values (for [`PathCache`] two paths), and a slot
//! in one `quick_cache` shard, which also remembers the hashes of half as many evicted keys. A [`PathCache`] that watches
//! holds an inotify instance, two descriptors more for each thread that asks at a time, and a watch for each answer and
//! each directory and link on the way to it. A [`Root`] holds one
//! descriptor, shared by its clones.
//!
//! # Limitations
//!
//! - On systems that are not Unix the code compiles, but files have no identity there that this version reads:
//!   [`PathCache`] resolves anew each time, and [`Root::open`] resolves before it opens.
//! - [`normalize`] takes the host's syntax; only [`normalize_bytes`] can be asked for the other.
//! - [`Root::resolve`] answers for the moment of the check; [`Root::open`] does not have that limit. See there.

mod bounded;
mod cache;
mod error;
mod name_cache;
mod normalize;
mod prefix;
mod real;
mod resolved;
mod root;
mod simulation;
mod sys;

pub use cache::{Freshness, Options, PathCache, Stats};
pub use error::{Error, ErrorKind};
pub use name_cache::{NameCache, NameStats};
pub use normalize::{Syntax, normalize, normalize_bytes};
pub use prefix::{Prefix, PrefixError, PrefixMap, Side};
pub use root::Root;
pub use simulation::Simulation;
