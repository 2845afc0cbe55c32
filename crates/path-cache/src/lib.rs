//! Lexical path normalisation, cached symlink resolution, and confinement to a root.
//!
//! # What it is
//!
//! - [`normalize`] cleans a path by its bytes alone, as Go's `path.Clean` does. A path that is clean already
//!   comes back borrowed, without an allocation.
//! - [`PathCache`] remembers where absolute paths really lead once symbolic links are followed. It is bounded,
//!   and every answer is checked against the file system before it is given.
//! - [`Root`] turns paths from strangers into real paths that lie inside one directory, or refuses them.
//!
//! # When to choose it
//!
//! When the same paths are resolved again and again (a workflow engine, a watcher, a build tool), or when paths
//! come from input that is not trusted.
//!
//! # When to choose something else
//!
//! When each path is resolved once, `std::fs::canonicalize` is as good. When an attacker may change the tree
//! *while* you use it, a check followed by a use is not enough: open files relative to a directory descriptor
//! (`openat2` with `RESOLVE_BENEATH`, or the `cap-std` crate). To clean Windows paths, this version is too small:
//! it knows `/` only.
//!
//! # Example
//!
//! ```
//! use autoexec_path_cache::{ErrorKind, Options, PathCache, Root, normalize};
//! use std::path::Path;
//!
//! assert_eq!(normalize(Path::new("src//./a/../lib.rs")), Path::new("src/lib.rs"));
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
//! assert_eq!(root.resolve(Path::new("notes.txt"))?, *first);
//! let refused = root.resolve(Path::new("../../etc/passwd")).unwrap_err();
//! assert_eq!(refused.kind(), ErrorKind::Escapes);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Memory and complexity
//!
//! [`normalize`] is one scan over `n` bytes, and one buffer of at most `n` bytes when something changes.
//! [`PathCache`] holds at most `capacity` entries: the bytes of two paths each, and a slot in one `quick_cache`
//! shard, which also remembers the hashes of half as many evicted keys. A hit costs a hash of the path's bytes, a
//! lookup, and two `stat` calls (one where the path is its own real path).
//!
//! # Limitations
//!
//! - On systems that are not Unix the code compiles, but files have no identity there that this version reads:
//!   [`PathCache`] resolves anew each time. [`normalize`] treats `/` as the only separator everywhere.
//! - [`Root`] answers for the moment of the check. See there.

mod cache;
mod error;
mod normalize;
mod root;
mod sys;

pub use cache::{Options, PathCache, Stats};
pub use error::{Error, ErrorKind};
pub use normalize::normalize;
pub use root::Root;
