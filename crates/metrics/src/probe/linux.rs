//! What `/proc` tells (proc(5)), on descriptors that are kept open. They tell of the process that
//! opened them, also after it forked.

use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt};

/// The open `/proc/self/statm`.
#[derive(Debug)]
pub(super) struct Statm {
    file: File,
    page_bytes: u64,
}

impl Statm {
    pub(super) fn open() -> Option<Self> {
        let page_bytes = rustix::param::page_size() as u64;
        let file = File::open("/proc/self/statm").ok()?;
        Some(Self { file, page_bytes })
    }

    /// The second of seven decimal numbers, in pages.
    pub(super) fn resident_bytes(&self) -> Option<u64> {
        let mut text = [0; 192];
        let text = read(&self.file, &mut text)?;
        let pages: u64 = text.split_ascii_whitespace().nth(1)?.parse().ok()?;
        pages.checked_mul(self.page_bytes)
    }
}

/// The high-water mark, which the kernel tells in units of 1,024 bytes.
pub(super) fn peak_bytes() -> Option<u64> {
    parse_peak(&fs::read_to_string("/proc/self/status").ok()?)
}

fn parse_peak(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

pub(super) fn reset_peak() -> bool {
    fs::write("/proc/self/clear_refs", "5").is_ok()
}

/// The open `/proc/self/io`, which a kernel may have been built without, or refuse.
#[derive(Debug)]
pub(super) struct Io(File);

impl Io {
    pub(super) fn open() -> Option<Self> {
        File::open("/proc/self/io").ok().map(Self)
    }

    /// Calls with each name and number.
    pub(super) fn each(&self, mut tell: impl FnMut(&str, u64)) {
        let mut text = [0; 512];
        let Some(text) = read(&self.0, &mut text) else {
            return;
        };
        for (name, number) in text.lines().filter_map(|line| line.split_once(": ")) {
            if let Ok(number) = number.parse() {
                tell(name, number);
            }
        }
    }
}

/// The open `/proc/self/fd` and `/proc/self/task`, whose attributes tell what is in them.
#[derive(Debug)]
pub(super) struct Tables {
    descriptors: Option<File>,
    threads: Option<File>,
}

impl Tables {
    pub(super) fn open() -> Self {
        Self {
            descriptors: File::open("/proc/self/fd").ok(),
            threads: File::open("/proc/self/task").ok(),
        }
    }

    /// The size of the directory since Linux 6.2, which is 0 before: then its entries are counted, but for
    /// the one that counting opens.
    pub(super) fn descriptors(&self) -> Option<u64> {
        let size = self.descriptors.as_ref()?.metadata().ok()?.size();
        let count = || Some((fs::read_dir("/proc/self/fd").ok()?.count() as u64).saturating_sub(1));
        if size > 0 { Some(size) } else { count() }
    }

    /// A directory has two links, and here one for each thread.
    pub(super) fn threads(&self) -> Option<u64> {
        self.threads
            .as_ref()?
            .metadata()
            .ok()?
            .nlink()
            .checked_sub(2)
    }
}

fn read<'a>(file: &File, text: &'a mut [u8]) -> Option<&'a str> {
    let length = file.read_at(text, 0).ok()?;
    std::str::from_utf8(&text[..length]).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_without_a_mark_has_no_peak() {
        assert_eq!(parse_peak("Name:\tx\nVmHWM:\t  12 kB\n"), Some(12 * 1024));
        assert_eq!(parse_peak("Name:\tx\nVmRSS:\t  12 kB\n"), None);
        assert_eq!(parse_peak("VmHWM:\t  many kB\n"), None);
    }
}
