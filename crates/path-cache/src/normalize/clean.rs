//! The pass that both syntaxes share.

use super::scan::{looks_clean, next_stop};

/// What tells one syntax from the other once the volume is cut off.
pub(super) trait Rules {
    /// Stands between names in the answer.
    const SEPARATOR: u8;
    /// Separates too, but is not written.
    const FOREIGN: Option<u8>;

    fn is_foreign(byte: u8) -> bool {
        Self::FOREIGN == Some(byte)
    }

    fn separates(byte: u8) -> bool {
        (byte == Self::SEPARATOR) | Self::is_foreign(byte)
    }
}

pub(super) struct Posix;

impl Rules for Posix {
    const SEPARATOR: u8 = b'/';
    const FOREIGN: Option<u8> = None;
}

pub(super) struct Windows;

impl Rules for Windows {
    const SEPARATOR: u8 = b'\\';
    const FOREIGN: Option<u8> = Some(b'/');
}

/// The cleaned path where it differs. The first `volume` bytes stay, but for their separators.
pub(super) fn clean<R: Rules>(path: &[u8], volume: usize) -> Option<Vec<u8>> {
    let frame = Frame::of::<R>(path, volume);
    let plain = frame.is_plain::<R>(path);
    if plain && looks_clean::<R>(&path[frame.root..]) {
        return None;
    }
    let start = match first_change::<R>(path, &frame) {
        None if plain => return None,
        None => frame.start(),
        Some(start) => start,
    };
    Some(rebuild::<R>(path, &frame, &start))
}

/// What stands before the first name.
struct Frame {
    volume: usize,
    rooted: bool,
    /// Where the first name begins.
    root: usize,
}

/// Where rebuilding begins: `path[..at]` is clean and ends where a name may begin, and `path[..floor]` is what
/// `..` cannot remove (the root, or the leading `..`s of a relative path).
struct Start {
    at: usize,
    floor: usize,
}

impl Frame {
    fn of<R: Rules>(path: &[u8], volume: usize) -> Self {
        let rooted = path.get(volume).is_some_and(|&byte| R::separates(byte));
        Self {
            volume,
            rooted,
            root: volume + usize::from(rooted),
        }
    }

    /// Whether volume and root are written as they shall be.
    fn is_plain<R: Rules>(&self, path: &[u8]) -> bool {
        R::FOREIGN.is_none_or(|foreign| !path[..self.root].contains(&foreign))
    }

    fn start(&self) -> Start {
        Start {
            at: self.root,
            floor: self.root,
        }
    }
}

enum Part {
    Empty,
    Dot,
    DotDot,
    Name,
}

/// What begins at `at`, which lies inside the path.
fn part<R: Rules>(path: &[u8], at: usize) -> Part {
    let ends = |at: usize| path.get(at).is_none_or(|&byte| R::separates(byte));
    match path[at] {
        byte if R::separates(byte) => Part::Empty,
        b'.' if ends(at + 1) => Part::Dot,
        b'.' if path[at + 1] == b'.' && ends(at + 2) => Part::DotDot,
        _ => Part::Name,
    }
}

/// The first place that cleaning would change, if there is one.
fn first_change<R: Rules>(path: &[u8], frame: &Frame) -> Option<Start> {
    let mut start = frame.start();
    if start.at == path.len() {
        return (!frame.rooted && !volume_stands_alone::<R>(path, frame)).then_some(start);
    }
    while !frame.rooted && start.at < path.len() {
        match (part::<R>(path, start.at), path.get(start.at + 2)) {
            (Part::DotDot, None) => return None,
            (Part::DotDot, Some(&byte)) if byte == R::SEPARATOR => start.at += 3,
            (Part::Dot, None) if start.at + 1 == path.len() && start.at == frame.root => {
                return None;
            }
            _ => break,
        }
        start.floor = start.at;
    }
    first_bad_name::<R>(path, start)
}

/// Whether nothing changes from the name at `at` to the end.
pub(super) fn is_clean_from<R: Rules>(path: &[u8], at: usize) -> bool {
    first_bad_name::<R>(path, Start { at, floor: at }).is_none()
}

/// Goes from stop to stop; between them all is clean.
fn first_bad_name<R: Rules>(path: &[u8], mut start: Start) -> Option<Start> {
    while start.at < path.len() && matches!(part::<R>(path, start.at), Part::Name) {
        let stop = next_stop::<R>(path, start.at);
        if stop == path.len() {
            let ends_in_separator = path.last() == Some(&R::SEPARATOR);
            return ends_in_separator.then_some(start);
        }
        if R::is_foreign(path[stop]) {
            return Some(start);
        }
        start.at = stop + 1;
    }
    Some(start)
}

/// A share or a device is a directory of its own; a drive alone is the current directory there.
fn volume_stands_alone<R: Rules>(path: &[u8], frame: &Frame) -> bool {
    frame.volume > 0 && R::separates(path[0])
}

/// Builds the clean path in one pass. Between two names the buffer always ends where the next may begin.
fn rebuild<R: Rules>(path: &[u8], frame: &Frame, start: &Start) -> Vec<u8> {
    let mut out = begin::<R>(path, frame, start);
    let Start { mut at, mut floor } = *start;
    while at < path.len() {
        match part::<R>(path, at) {
            Part::Empty => at += 1,
            Part::Dot => at += 2,
            Part::Name => at = copy_names::<R>(path, at, &mut out),
            Part::DotDot => {
                at += 3;
                if out.len() > floor {
                    pop_name(&mut out, floor, R::SEPARATOR);
                } else if !frame.rooted {
                    out.extend_from_slice(&[b'.', b'.', R::SEPARATOR]);
                    floor = out.len();
                }
            }
        }
    }
    if out.len() > frame.root && out.last() == Some(&R::SEPARATOR) {
        out.pop();
    }
    if out.len() == frame.volume && !volume_stands_alone::<R>(path, frame) {
        out.push(b'.');
    }
    out
}

fn begin<R: Rules>(path: &[u8], frame: &Frame, start: &Start) -> Vec<u8> {
    // A `..` at the end gets a separator for a moment, and a guard may be put in front.
    let mut out = Vec::with_capacity(path.len() + 3);
    out.extend_from_slice(&path[..start.at]);
    if R::FOREIGN.is_some() {
        for byte in out[..frame.root]
            .iter_mut()
            .filter(|byte| R::is_foreign(**byte))
        {
            *byte = R::SEPARATOR;
        }
    }
    out
}

/// Copies from the name at `at` through the next stop, and says where to go on.
fn copy_names<R: Rules>(path: &[u8], at: usize, out: &mut Vec<u8>) -> usize {
    let stop = next_stop::<R>(path, at);
    out.extend_from_slice(&path[at..stop]);
    if stop < path.len() {
        out.push(R::SEPARATOR);
    }
    stop + 1
}

fn pop_name(out: &mut Vec<u8>, floor: usize, separator: u8) {
    let names = &out[floor..out.len() - 1];
    let keep = names.iter().rposition(|&byte| byte == separator);
    out.truncate(keep.map_or(floor, |at| floor + at + 1));
}
