//! Translating paths between two systems that see the same files.

mod directory;
mod error;

pub use directory::Prefix;
pub use error::{PrefixError, Side};

use crate::normalize::{Syntax, normalize_bytes};
use std::borrow::Cow;

/// Translates paths between an outer system and an inner one: a Windows host and a container, or WSL.
///
/// A path is cleaned first (see [`normalize_bytes`]), so `..` cannot leave a prefix and map as if it were under it.
/// Then the longest prefix that it lies under is exchanged, name by name: `/application` is not under `/app`.
/// Separators are translated. Windows prefixes are compared without regard to ASCII case; what follows the prefix
/// keeps its case.
///
/// ```
/// use autoexec_path_cache::{Prefix, PrefixMap};
///
/// let map = PrefixMap::new([
///     (Prefix::windows(r"E:\srv"), Prefix::posix("/srv")),
///     (Prefix::windows(r"E:\"), Prefix::posix("/mnt/e")),
/// ])?;
/// assert_eq!(map.to_inner_str(r"e:\srv\src\Main.rs").as_deref(), Some("/srv/src/Main.rs"));
/// assert_eq!(map.to_inner_str(r"E:\srv\..\other").as_deref(), Some("/mnt/e/other"));
/// assert_eq!(map.to_outer_str("/mnt/e/other").as_deref(), Some(r"E:\other"));
/// assert_eq!(map.to_outer_str("/etc/passwd"), None);
/// # Ok::<(), autoexec_path_cache::PrefixError>(())
/// ```
///
/// # Guarantee
///
/// Where no prefix lies under another, `to_outer(to_inner(p))` is `p` cleaned, but for the case of a Windows
/// prefix, which becomes the one given. Where one does, the shorter pair cannot be reached through the longer's
/// names, as with mounts.
///
/// # Cost
///
/// A path of `n` bytes costs one cleaning for each syntax of that side, a comparison with each of the pairs, and
/// one buffer. Pairs are few, so they are compared one after the other.
///
/// # Limitations
///
/// It is all text: no link is followed and no file system asked. Names that Windows reserves or shortens (`NUL`,
/// a dot at the end) are passed on as they are. A POSIX name with a `\` in it has no Windows spelling, so a path with
/// one maps to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrefixMap {
    pairs: Vec<Pair>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pair {
    outer: Prefix,
    inner: Prefix,
}

impl Pair {
    fn on(&self, side: Side) -> &Prefix {
        match side {
            Side::Outer => &self.outer,
            Side::Inner => &self.inner,
        }
    }
}

impl PrefixMap {
    /// A map of `pairs`, each an outer prefix and the inner one for the same directory.
    ///
    /// # Errors
    ///
    /// The first prefix that is empty, relative, or in two pairs.
    pub fn new(pairs: impl IntoIterator<Item = (Prefix, Prefix)>) -> Result<Self, PrefixError> {
        let pairs = pairs
            .into_iter()
            .map(|(outer, inner)| Pair { outer, inner });
        let map = Self {
            pairs: pairs.collect(),
        };
        for side in [Side::Outer, Side::Inner] {
            map.check(side)?;
        }
        Ok(map)
    }

    fn check(&self, side: Side) -> Result<(), PrefixError> {
        for (at, pair) in self.pairs.iter().enumerate() {
            let prefix = pair.on(side);
            let mut before = self.pairs[..at].iter().map(|pair| pair.on(side));
            if prefix.is_empty() {
                return Err(PrefixError::Empty { side });
            }
            if !prefix.is_usable() {
                let prefix = prefix.clone();
                return Err(PrefixError::Relative { side, prefix });
            }
            if before.any(|other| other.is_same_as(prefix)) {
                let prefix = prefix.clone();
                return Err(PrefixError::Duplicate { side, prefix });
            }
        }
        Ok(())
    }

    /// Where the inner system sees the outer `path`; `None` for a path under no prefix, or a relative one.
    pub fn to_inner(&self, path: impl AsRef<[u8]>) -> Option<Vec<u8>> {
        self.translate(path.as_ref(), Side::Outer, Side::Inner)
    }

    /// Where the outer system sees the inner `path`; `None` for a path under no prefix, or a relative one.
    pub fn to_outer(&self, path: impl AsRef<[u8]>) -> Option<Vec<u8>> {
        self.translate(path.as_ref(), Side::Inner, Side::Outer)
    }

    /// As [`to_inner`](Self::to_inner), for text; `None` also where a prefix is not Unicode.
    #[must_use]
    pub fn to_inner_str(&self, path: &str) -> Option<String> {
        String::from_utf8(self.to_inner(path)?).ok()
    }

    /// As [`to_outer`](Self::to_outer), for text; `None` also where a prefix is not Unicode.
    #[must_use]
    pub fn to_outer_str(&self, path: &str) -> Option<String> {
        String::from_utf8(self.to_outer(path)?).ok()
    }

    fn translate(&self, path: &[u8], from: Side, to: Side) -> Option<Vec<u8>> {
        let clean = |syntax| self.clean(path, from, syntax);
        let (posix, windows) = (clean(Syntax::Posix), clean(Syntax::Windows));
        let rests = self.pairs.iter().filter_map(|pair| {
            let prefix = pair.on(from);
            let clean = match prefix.syntax() {
                Syntax::Posix => &posix,
                Syntax::Windows => &windows,
            };
            Some((pair, prefix.strip(clean.as_deref()?)?))
        });
        let (pair, rest) = rests.max_by_key(|(pair, _)| pair.on(from).names().len())?;
        pair.on(to).join(rest, pair.on(from).syntax())
    }

    /// The path cleaned in a syntax that some prefix of the side has, where it is absolute there.
    fn clean<'p>(&self, path: &'p [u8], side: Side, syntax: Syntax) -> Option<Cow<'p, [u8]>> {
        let mut prefixes = self.pairs.iter().map(|pair| pair.on(side));
        let clean = prefixes
            .any(|prefix| prefix.syntax() == syntax)
            .then(|| normalize_bytes(path, syntax))?;
        syntax.is_absolute(&clean).then_some(clean)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(pairs: &[(&str, &str)]) -> PrefixMap {
        let pairs = pairs
            .iter()
            .map(|(outer, inner)| (Prefix::windows(outer), Prefix::posix(inner)));
        PrefixMap::new(pairs).unwrap()
    }

    fn check(map: &PrefixMap, outer: &str, inner: Option<&str>) {
        assert_eq!(map.to_inner_str(outer).as_deref(), inner, "{outer}");
    }

    #[test]
    fn names_are_compared_whole() {
        let map = map(&[(r"C:\app", "/app")]);
        check(&map, r"C:\app", Some("/app"));
        check(&map, r"C:\app\", Some("/app"));
        check(&map, r"c:/APP/Main.rs", Some("/app/Main.rs"));
        check(&map, r"C:\application\x", None);
        check(&map, r"C:\app\..\application", None);
        check(&map, r"C:\other\..\app\x", Some("/app/x"));
        assert_eq!(map.to_outer("/application"), None);
        assert_eq!(map.to_outer("/app/../etc"), None);
        assert_eq!(map.to_outer("/app/./x//y"), Some(br"C:\app\x\y".to_vec()));
        assert_eq!(map.to_outer("/APP/x"), None);
    }

    #[test]
    fn relative_paths_map_to_nothing() {
        let map = map(&[(r"C:\", "/mnt/c"), (r"\\host\share", "/share")]);
        for path in [
            "", ".", "x", r"C:", r"C:x", r"\x", "/x", r"\\host", r"..\C:\x",
        ] {
            check(&map, path, None);
        }
        check(&map, r"C:\", Some("/mnt/c"));
        check(&map, r"C:\x", Some("/mnt/c/x"));
        check(&map, r"//HOST/share/x", Some("/share/x"));
        check(&map, r"\\host\shared\x", None);
        assert_eq!(map.to_outer("mnt/c"), None);
    }

    #[test]
    fn the_longest_prefix_wins_in_any_order() {
        let pairs = [(r"C:\", "/c"), (r"C:\a\b", "/ab"), (r"C:\a", "/a")];
        for turn in 0..3 {
            let mut pairs = pairs;
            pairs.rotate_left(turn);
            let map = map(&pairs);
            check(&map, r"C:\a\b\x", Some("/ab/x"));
            check(&map, r"C:\a\bb", Some("/a/bb"));
            check(&map, r"C:\ab", Some("/c/ab"));
        }
    }

    /// The public system cannot map `E:`, because of a slip in its table of letters.
    #[test]
    fn every_drive_has_its_place() {
        let letters = || ('a'..='z').chain('A'..='Z');
        let pairs: Vec<_> = ('A'..='Z')
            .map(|drive| {
                let inner = format!("/mnt/{}", drive.to_ascii_lowercase());
                (Prefix::windows(format!(r"{drive}:\")), Prefix::posix(inner))
            })
            .collect();
        let map = PrefixMap::new(pairs).unwrap();
        for drive in letters() {
            let (upper, lower) = (drive.to_ascii_uppercase(), drive.to_ascii_lowercase());
            let inner = format!("/mnt/{lower}/x/y");
            check(&map, &format!(r"{drive}:\x/y"), Some(&inner));
            assert_eq!(map.to_outer_str(&inner), Some(format!(r"{upper}:\x\y")));
        }
    }

    #[test]
    fn a_name_that_windows_would_cut_maps_to_nothing() {
        let map = map(&[(r"C:\app", "/app")]);
        assert_eq!(map.to_outer(r"/app/a\..\..\..\x"), None);
        assert_eq!(map.to_outer(b"/app/\xff"), Some(b"C:\\app\\\xff".to_vec()));
    }

    #[test]
    fn both_sides_may_share_a_syntax() {
        let pair = (Prefix::posix("/"), Prefix::posix("/host"));
        let map = PrefixMap::new([pair]).unwrap();
        assert_eq!(map.to_inner_str(r"/a\b/c").as_deref(), Some(r"/host/a\b/c"));
        assert_eq!(map.to_inner_str("/").as_deref(), Some("/host"));
        assert_eq!(map.to_outer_str("/host/..").as_deref(), None);
        assert_eq!(map.to_outer_str("/host").as_deref(), Some("/"));
    }

    #[test]
    fn errors_name_the_prefix() {
        let fails = |pairs: &[(&str, &str)]| {
            let pairs = pairs
                .iter()
                .map(|(outer, inner)| (Prefix::windows(outer), Prefix::posix(inner)));
            PrefixMap::new(pairs).unwrap_err().to_string()
        };
        assert_eq!(fails(&[("", "/a")]), "map an outer prefix: it is empty");
        assert_eq!(
            fails(&[(r"C:\a", "a")]),
            "map the inner prefix a: it is not absolute"
        );
        for relative in ["C:", "C:a", r"\a", r"\\"] {
            assert!(
                fails(&[(relative, "/a")]).ends_with("it is not absolute"),
                "{relative}"
            );
        }
        assert_eq!(
            fails(&[(r"C:\a", "/a"), (r"c:/A/", "/b")]),
            r"map the outer prefix c:\A: two pairs have it"
        );
        assert_eq!(
            fails(&[(r"C:\a", "/a"), (r"C:\b", "/a/")]),
            "map the inner prefix /a: two pairs have it"
        );
    }
}
