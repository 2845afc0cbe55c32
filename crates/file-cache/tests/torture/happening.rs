//! Everything that writers do.

use crate::rng::Rng;
use crate::site::{Contents, Dir, FILES, Site};
use rustix::fs::{CWD, RenameFlags};
use std::fs::{self, File, FileTimes, OpenOptions, Permissions};
use std::os::unix::fs::{FileExt, PermissionsExt, symlink};
use std::path::Path;
use std::sync::atomic::Ordering::SeqCst;

type Act = fn(&mut Site<'_>, &mut Rng);

/// A sort of happening, how often it is chosen, and what it does.
pub(crate) struct Happening {
    pub(crate) name: &'static str,
    weight: usize,
    act: Act,
}

const fn happening(name: &'static str, weight: usize, act: Act) -> Happening {
    Happening { name, weight, act }
}

pub(crate) const HAPPENINGS: [Happening; 19] = [
    happening("rewritten in place", 24, |site, rng| {
        rewrite(site, Dir::D, rng.below(FILES));
    }),
    happening("rewritten, time restored", 10, rewrite_and_restore),
    happening("rewritten again and again", 4, rewrite_often),
    happening("rewritten by who keeps it open", 4, keep_open),
    happening("written through a hard link", 10, |site, rng| {
        rewrite(site, Dir::L, rng.below(FILES));
    }),
    happening("renamed over", 10, rename_over),
    happening("truncated and refilled", 8, truncate_and_refill),
    happening("unlinked and recreated", 8, unlink_and_recreate),
    happening("linked anew elsewhere", 6, relink),
    happening("a link for a while", 4, be_a_link),
    happening("link swapped", 6, swap_link),
    happening("link on the way swapped", 3, swap_way),
    happening("directory exchanged", 3, exchange),
    happening("directory replaced", 2, replace_directory),
    happening("directory exchanged and back", 3, exchange_often),
    happening("link on the way swapped and back", 2, swap_way_often),
    happening("mode taken away", 4, close_file),
    happening("mode of directory taken away", 2, close_directory),
    happening("opened and left alone", 3, |site, rng| {
        drop(open(&site.path(Dir::D, rng.below(FILES))));
    }),
];

/// Happenings of one sort are frequent for so many in a row.
const FASHION: usize = 200;

/// Has something happen to the site; says what, as an index of `HAPPENINGS`.
pub(crate) fn happen(site: &mut Site<'_>, rng: &mut Rng, fashion: &mut Fashion) -> usize {
    let chosen = fashion.choose(rng);
    let note = |subject: &crate::ledger::Subject| subject.last.store(chosen, SeqCst);
    site.subjects().iter().for_each(note);
    (HAPPENINGS[chosen].act)(site, rng);
    chosen
}

/// What is frequent just now: storms of one sort find what an even mixture does not.
#[derive(Debug, Default)]
pub(crate) struct Fashion {
    favourite: usize,
    left: usize,
}

impl Fashion {
    fn choose(&mut self, rng: &mut Rng) -> usize {
        if self.left == 0 {
            *self = Self {
                favourite: rng.below(HAPPENINGS.len()),
                left: FASHION,
            };
        }
        self.left -= 1;
        if rng.once_in(2) {
            self.favourite
        } else {
            by_weight(rng)
        }
    }
}

fn by_weight(rng: &mut Rng) -> usize {
    let all: usize = HAPPENINGS.iter().map(|it| it.weight).sum();
    let mut left = rng.below(all);
    let chosen = HAPPENINGS.iter().position(|it| {
        let here = left < it.weight;
        left = left.saturating_sub(it.weight);
        here
    });
    chosen.unwrap()
}

fn open(path: &Path) -> File {
    OpenOptions::new().write(true).open(path).unwrap()
}

fn write_at_once(file: &File, bytes: &[u8]) {
    assert_eq!(file.write_at(bytes, 0).unwrap(), bytes.len());
}

/// The next version in the same inode, at the same length, by one write.
fn rewrite(site: &mut Site<'_>, dir: Dir, i: usize) {
    let file = open(&site.path(dir, i));
    rewrite_open(site, dir, i, &file);
}

fn rewrite_open(site: &mut Site<'_>, dir: Dir, i: usize, file: &File) {
    let len = site.held(dir, i).len;
    let next = Contents {
        version: site.begin(i),
        len,
    };
    write_at_once(file, &site.bytes(i, next));
    site.refill(dir, i, next);
}

fn rewrite_and_restore(site: &mut Site<'_>, rng: &mut Rng) {
    let i = rng.below(FILES);
    let file = open(&site.path(Dir::D, i));
    let modified = file.metadata().unwrap().modified().unwrap();
    rewrite_open(site, Dir::D, i, &file);
    file.set_times(FileTimes::new().set_modified(modified))
        .unwrap();
}

fn rewrite_often(site: &mut Site<'_>, rng: &mut Rng) {
    let i = rng.below(FILES);
    (0..rng.below(16)).for_each(|_| rewrite(site, Dir::D, i));
}

fn keep_open(site: &mut Site<'_>, rng: &mut Rng) {
    let i = rng.below(FILES);
    let dir = *rng.pick(&[Dir::D, Dir::L, Dir::X, Dir::U]);
    let file = open(&site.path(dir, i));
    (0..rng.below(8)).for_each(|_| rewrite_open(site, dir, i, &file));
}

/// A length that differs from the usual one now and then.
fn some_len(site: &Site<'_>, i: usize, rng: &mut Rng) -> usize {
    let usual = site.usual_len(i);
    *rng.pick(&[usual, usual, 2 * usual, 64])
}

/// The next version in a file of its own, beside those of `dir`.
fn prepare(site: &mut Site<'_>, dir: Dir, i: usize, len: usize) -> Contents {
    let version = site.begin(i);
    site.write_new(&site.spare(dir), i, version, len);
    Contents { version, len }
}

fn rename_over(site: &mut Site<'_>, rng: &mut Rng) {
    let i = rng.below(FILES);
    let dir = *rng.pick(&[Dir::D, Dir::D, Dir::D, Dir::L, Dir::X, Dir::U]);
    let len = some_len(site, i, rng);
    let next = prepare(site, dir, i, len);
    fs::rename(site.spare(dir), site.path(dir, i)).unwrap();
    site.place(dir, i, next);
    site.publish_file(i);
}

fn truncate_and_refill(site: &mut Site<'_>, rng: &mut Rng) {
    let i = rng.below(FILES);
    let next = Contents {
        version: site.begin(i),
        len: some_len(site, i, rng),
    };
    let bytes = site.bytes(i, next);
    site.subject(i).partial.begin();
    let file = OpenOptions::new()
        .write(true)
        .truncate(true)
        .open(site.path(Dir::D, i))
        .unwrap();
    let half = bytes.len() / 2 / 64 * 64;
    file.write_all_at(&bytes[..half], 0).unwrap();
    file.write_all_at(&bytes[half..], half as u64).unwrap();
    site.refill(Dir::D, i, next);
    site.subject(i).partial.end();
}

/// Most often the file system uses the inode again at once.
fn unlink_and_recreate(site: &mut Site<'_>, rng: &mut Rng) {
    let i = rng.below(FILES);
    let next = Contents {
        version: site.begin(i),
        len: site.usual_len(i),
    };
    let other = site.path(Dir::L, i);
    let both = rng.once_in(2) && site.share_an_inode(Dir::D, Dir::L, i);
    let subject = site.subject(i);
    subject.away.begin();
    if both {
        fs::remove_file(&other).unwrap(); // Then the last name goes, and the inode with it.
    }
    recreate(site, Dir::D, i, next);
    if both {
        fs::hard_link(site.path(Dir::D, i), &other).unwrap();
        site.join(Dir::L, Dir::D, i);
    }
    site.publish_file(i);
    subject.away.end();
}

/// Unlinks `dir/i` and makes it anew. Also where nobody is led to now: who was led there before may still be on the way.
fn recreate(site: &mut Site<'_>, dir: Dir, i: usize, next: Contents) {
    let (path, subject) = (site.path(dir, i), site.subject(i));
    subject.away.begin();
    subject.partial.begin();
    fs::remove_file(&path).unwrap();
    site.write_new(&path, i, next.version, next.len);
    site.place(dir, i, next);
    subject.partial.end();
    subject.away.end();
}

/// A new file at `d`, and a link to it at `l`.
fn relink(site: &mut Site<'_>, rng: &mut Rng) {
    let i = rng.below(FILES);
    let len = site.usual_len(i);
    let next = prepare(site, Dir::D, i, len);
    fs::rename(site.spare(Dir::D), site.path(Dir::D, i)).unwrap();
    site.place(Dir::D, i, next);
    site.publish_file(i);
    fs::hard_link(site.path(Dir::D, i), site.spare(Dir::L)).unwrap();
    fs::rename(site.spare(Dir::L), site.path(Dir::L, i)).unwrap();
    site.join(Dir::L, Dir::D, i);
    site.publish_file(i);
}

/// `d/i` becomes a link to a file elsewhere, which is rewritten there, and then a file again.
fn be_a_link(site: &mut Site<'_>, rng: &mut Rng) {
    let i = rng.below(FILES);
    let (path, spare) = (site.path(Dir::D, i), site.spare(Dir::D));
    let name = format!("target-{i}");
    let target = site.name(&name);
    let len = site.usual_len(i);
    let version = site.begin(i);
    site.write_new(&target, i, version, len);
    symlink(format!("../{name}"), &spare).unwrap();
    fs::rename(&spare, &path).unwrap();
    site.place(Dir::D, i, Contents { version, len });
    site.publish_file(i);
    (0..rng.below(3)).for_each(|_| rewrite(site, Dir::D, i));
    let next = prepare(site, Dir::D, i, len);
    fs::rename(&spare, &path).unwrap();
    site.place(Dir::D, i, next);
    site.publish_file(i);
    // Who has followed the link so far finds nothing.
    site.subject(i).away.begin();
    fs::remove_file(target).unwrap();
    site.subject(i).away.end();
}

/// `s/i` changes between `d/i` and `x/i`, which is newer each time.
fn swap_link(site: &mut Site<'_>, rng: &mut Rng) {
    let i = rng.below(FILES);
    let (to, target) = if site.link_is_x(i) {
        (Dir::D, format!("../d/{i}"))
    } else {
        (Dir::X, format!("../x/{i}"))
    };
    rewrite(site, to, i);
    let next = site.name("next");
    symlink(target, &next).unwrap();
    fs::rename(next, site.link(i)).unwrap();
    site.swap_link(i);
    site.publish_file(i);
}

fn rewrite_all(site: &mut Site<'_>, dir: Dir) {
    (0..FILES).for_each(|i| rewrite(site, dir, i));
}

fn turn_way(site: &mut Site<'_>) {
    let target = if site.way_is_u() { "d" } else { "u" };
    let next = site.name("next");
    symlink(target, &next).unwrap();
    fs::rename(next, site.name("w")).unwrap();
    site.swap_way();
}

fn swap_way(site: &mut Site<'_>, _: &mut Rng) {
    let to = if site.way_is_u() { Dir::D } else { Dir::U };
    rewrite_all(site, to);
    turn_way(site);
    site.publish();
}

fn exchange_directories(site: &mut Site<'_>) {
    let (d, t) = (site.dir(Dir::D), site.dir(Dir::T));
    rustix::fs::renameat_with(CWD, d, CWD, t, RenameFlags::EXCHANGE).unwrap();
    site.swap(Dir::D, Dir::T);
}

fn exchange(site: &mut Site<'_>, _: &mut Rng) {
    rewrite_all(site, Dir::T);
    exchange_directories(site);
    site.publish();
}

/// `d` is renamed away, and `t` takes its place.
fn replace_directory(site: &mut Site<'_>, _: &mut Rng) {
    rewrite_all(site, Dir::T);
    let (d, t, away) = (site.dir(Dir::D), site.dir(Dir::T), site.name("away"));
    site.subjects().iter().for_each(|it| it.away.begin());
    fs::rename(&d, &away).unwrap();
    fs::rename(&t, &d).unwrap();
    site.swap(Dir::D, Dir::T);
    site.publish();
    site.subjects().iter().for_each(|it| it.away.end());
    fs::rename(&away, &t).unwrap();
}

/// Gives the files of `to`, which nobody is led to, the very contents of those of `d`, which are rewritten first.
fn copy_all(site: &mut Site<'_>, to: Dir) {
    for i in 0..FILES {
        rewrite(site, Dir::D, i);
        let (path, same) = (site.path(to, i), site.held(Dir::D, i));
        if site.held(to, i).len == same.len {
            write_at_once(&open(&path), &site.bytes(i, same));
            site.refill(to, i, same);
        } else {
            recreate(site, to, i, same);
        }
    }
}

/// No version changes while directories of equal contents change places: whoever takes a file of the one for that of the
/// other is not wrong before the one is rewritten.
fn exchange_often(site: &mut Site<'_>, rng: &mut Rng) {
    copy_all(site, Dir::T);
    (0..1 + rng.below(64)).for_each(|_| exchange_directories(site));
    site.publish();
}

/// The same with a link on the way.
fn swap_way_often(site: &mut Site<'_>, rng: &mut Rng) {
    if site.way_is_u() {
        swap_way(site, rng);
    }
    copy_all(site, Dir::U);
    (0..1 + rng.below(32)).for_each(|_| turn_way(site));
    site.publish();
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Whoever may read everything is not kept from it, but the file has a new change time.
fn close_file(site: &mut Site<'_>, rng: &mut Rng) {
    let i = rng.below(FILES);
    let path = site.path(Dir::D, i);
    site.subject(i).closed.begin();
    set_mode(&path, 0o000);
    set_mode(&path, 0o644);
    site.subject(i).closed.end();
}

fn close_directory(site: &mut Site<'_>, _: &mut Rng) {
    let path = site.dir(Dir::D);
    site.subjects().iter().for_each(|it| it.closed.begin());
    set_mode(&path, 0o000);
    set_mode(&path, 0o755);
    site.subjects().iter().for_each(|it| it.closed.end());
}
