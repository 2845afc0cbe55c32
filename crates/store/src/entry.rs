//! What is put into a store, and what it hands out.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use triomphe::ThinArc;
use xxhash_rust::xxh3::xxh3_128;

/// What an entry is charged, in bytes, beside its key and its value: headers of allocations, its slot in the table with the
/// spare slots of a growing table, and its places in the indexes.
pub const ENTRY_OVERHEAD: u64 = 512;

/// What each tag and each file of an entry is charged, in bytes, beside its name.
pub const LINK_OVERHEAD: u64 = 512;

/// The state of a file, as whoever watches files describes it. A store only compares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub u128);

impl Fingerprint {
    /// The fingerprint of a description of any length: its XXH3-128.
    #[must_use]
    pub fn of(description: &[u8]) -> Self {
        Self(xxh3_128(description))
    }
}

/// Tells the state that files are in now.
pub trait Dependencies {
    /// The fingerprint of `file` now; `None` when there is no such file.
    fn current(&self, file: &[u8]) -> Option<Fingerprint>;
}

impl<F: Fn(&[u8]) -> Option<Fingerprint>> Dependencies for F {
    fn current(&self, file: &[u8]) -> Option<Fingerprint> {
        self(file)
    }
}

/// How long an entry lives.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Ttl {
    /// As long as its namespace says.
    #[default]
    Inherited,
    /// Until it is evicted or removed.
    Endless,
    For(Duration),
}

/// A value with its time to live, its tags, and the files that it was computed from.
///
/// ```
/// use autoexec_store::{Entry, Fingerprint};
/// use std::time::Duration;
/// let outline = Entry::new("fn main")
///     .with_ttl(Duration::from_secs(60))
///     .with_tag("outline")
///     .with_file("src/main.rs", Fingerprint::of(b"size 812, changed at 17:02"));
/// # _ = outline;
/// ```
#[derive(Debug, Clone)]
pub struct Entry<'a> {
    pub(crate) bytes: Cow<'a, [u8]>,
    pub(crate) ttl: Ttl,
    pub(crate) tags: Vec<Arc<str>>,
    pub(crate) files: Vec<(Arc<[u8]>, Fingerprint)>,
}

impl<'a> Entry<'a> {
    /// An entry that lives as long as its namespace says, without tags or files.
    pub fn new(value: impl Into<Self>) -> Self {
        value.into()
    }

    /// Lives so long, in place of what its namespace says. An entry of no time is expired at once.
    #[must_use]
    pub fn with_ttl(mut self, ttl: Duration) -> Self {
        self.ttl = Ttl::For(ttl);
        self
    }

    /// Lives until it is evicted or removed, in place of what its namespace says.
    #[must_use]
    pub fn without_ttl(mut self) -> Self {
        self.ttl = Ttl::Endless;
        self
    }

    /// Can be removed together with all that have this tag.
    #[must_use]
    pub fn with_tag(mut self, tag: &str) -> Self {
        if !self.tags.iter().any(|it| **it == *tag) {
            self.tags.push(tag.into());
        }
        self
    }

    /// Was computed from `file` in the state `fingerprint`. Of two for the same file the last holds.
    #[must_use]
    pub fn with_file(mut self, file: impl AsRef<[u8]>, fingerprint: Fingerprint) -> Self {
        let file = file.as_ref();
        self.files.retain(|(it, _)| **it != *file);
        self.files.push((file.into(), fingerprint));
        self
    }
}

macro_rules! entry_from {
    ($($from:ty => $bytes:expr;)*) => {$(
        impl<'a> From<$from> for Entry<'a> {
            fn from(value: $from) -> Self {
                let bytes: fn($from) -> Cow<'a, [u8]> = $bytes;
                Self { bytes: bytes(value), ttl: Ttl::Inherited, tags: Vec::new(), files: Vec::new() }
            }
        }
    )*};
}

entry_from! {
    &'a [u8] => Cow::Borrowed;
    &'a str => |text| Cow::Borrowed(text.as_bytes());
    Vec<u8> => Cow::Owned;
    String => |text| Cow::Owned(text.into_bytes());
}

impl<'a, const N: usize> From<&'a [u8; N]> for Entry<'a> {
    fn from(value: &'a [u8; N]) -> Self {
        value.as_slice().into()
    }
}

/// The bytes of an entry: shared, and never changed. A clone costs an atomic addition.
///
/// They stay in memory until the last clone is dropped, also after the store let go of them.
#[derive(Clone)]
pub struct Value(ThinArc<Head, u8>);

pub(crate) struct Head {
    /// Nanoseconds of the store's clock; [`NEVER`] without a time to live.
    pub(crate) expires: u64,
    pub(crate) charge: u64,
    /// While it is put into the table, which must not evict it to make room for it.
    pub(crate) is_entering: AtomicBool,
    links: Option<Box<Links>>,
}

/// A time that does not come.
pub(crate) const NEVER: u64 = u64::MAX;

struct Links {
    tags: Box<[Arc<str>]>,
    files: Box<[(Arc<[u8]>, Fingerprint)]>,
}

impl Value {
    /// `entry` under a key of `key_len` bytes; `ttl` is that of the namespace.
    pub(crate) fn new(
        entry: Entry<'_>,
        key_len: usize,
        ttl: Option<Duration>,
        now: impl FnOnce() -> Duration,
    ) -> Self {
        let ttl = match entry.ttl {
            Ttl::Inherited => ttl,
            Ttl::Endless => None,
            Ttl::For(ttl) => Some(ttl),
        };
        let charge = charge(key_len, &entry);
        let has_links = !entry.tags.is_empty() || !entry.files.is_empty();
        let head = Head {
            expires: ttl.map_or(NEVER, |ttl| nanoseconds(now().saturating_add(ttl))),
            charge,
            is_entering: AtomicBool::new(false),
            links: has_links.then(|| {
                Box::new(Links {
                    tags: entry.tags.into(),
                    files: entry.files.into(),
                })
            }),
        };
        Self(ThinArc::from_header_and_slice(head, &entry.bytes))
    }

    /// Nothing, charged `weight`.
    pub(crate) fn ballast(weight: u64) -> Self {
        let head = Head {
            expires: NEVER,
            charge: weight,
            is_entering: AtomicBool::new(false),
            links: None,
        };
        Self(ThinArc::from_header_and_slice(head, &[]))
    }

    pub(crate) fn head(&self) -> &Head {
        &self.0.header.header
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        std::ptr::eq(self.head(), other.head())
    }

    pub(crate) fn is_expired(&self, now: impl FnOnce() -> Duration) -> bool {
        let expires = self.head().expires;
        expires != NEVER && nanoseconds(now()) >= expires
    }

    /// Its tags.
    pub fn tags(&self) -> impl Iterator<Item = &str> {
        self.shared_tags().iter().map(|tag| &**tag)
    }

    pub(crate) fn shared_tags(&self) -> &[Arc<str>] {
        self.head().links.as_ref().map_or(&[], |links| &links.tags)
    }

    /// The files that it was computed from, with the states that they were in.
    pub fn files(&self) -> impl Iterator<Item = (&[u8], Fingerprint)> {
        self.shared_files().iter().map(|(file, it)| (&**file, *it))
    }

    pub(crate) fn shared_files(&self) -> &[(Arc<[u8]>, Fingerprint)] {
        self.head().links.as_ref().map_or(&[], |links| &links.files)
    }

    /// Whether each file is still in the state that this was computed from.
    #[must_use]
    pub fn is_current(&self, dependencies: &dyn Dependencies) -> bool {
        let mut files = self.files();
        files.all(|(file, fingerprint)| dependencies.current(file) == Some(fingerprint))
    }
}

/// Nanoseconds that fit; some 584 years stand for everything later.
pub(crate) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(NEVER)
}

fn charge(key_len: usize, entry: &Entry<'_>) -> u64 {
    let tags: u64 = entry.tags.iter().map(|tag| tag.len() as u64).sum();
    let files: u64 = entry.files.iter().map(|(file, _)| file.len() as u64).sum();
    let links = (entry.tags.len() + entry.files.len()) as u64;
    ENTRY_OVERHEAD + (key_len + entry.bytes.len()) as u64 + tags + files + links * LINK_OVERHEAD
}

impl Deref for Value {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        &self.0.slice
    }
}

impl AsRef<[u8]> for Value {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl<T: AsRef<[u8]> + ?Sized> PartialEq<T> for Value {
    fn eq(&self, other: &T) -> bool {
        **self == *other.as_ref()
    }
}

impl Eq for Value {}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value(\"{}\")", self.escape_ascii())
    }
}
