//! What the process used so far, from one system call, getrusage(2).

use std::time::Duration;

/// Sums over all threads, those that have ended included.
#[derive(Clone, Copy, Debug)]
pub(super) struct Usage {
    pub(super) user: Duration,
    pub(super) system: Duration,
    pub(super) voluntary_switches: u64,
    pub(super) involuntary_switches: u64,
    pub(super) minor_faults: u64,
    pub(super) major_faults: u64,
}

#[cfg(unix)]
pub(super) fn usage() -> Option<Usage> {
    let raw = raw_usage()?;
    let count = |n: libc::c_long| u64::try_from(n).unwrap_or(0);
    Some(Usage {
        user: duration(raw.ru_utime)?,
        system: duration(raw.ru_stime)?,
        voluntary_switches: count(raw.ru_nvcsw),
        involuntary_switches: count(raw.ru_nivcsw),
        minor_faults: count(raw.ru_minflt),
        major_faults: count(raw.ru_majflt),
    })
}

#[cfg(unix)]
fn duration(time: libc::timeval) -> Option<Duration> {
    let micros = u32::try_from(time.tv_usec).ok()?;
    Some(Duration::new(
        u64::try_from(time.tv_sec).ok()?,
        micros.checked_mul(1_000)?,
    ))
}

#[cfg(unix)]
#[allow(
    unsafe_code,
    reason = "neither std nor rustix asks for the usage of a process"
)]
fn raw_usage() -> Option<libc::rusage> {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is to a whole `rusage`, which the call writes to and does not keep.
    let answer = unsafe { libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr()) };
    // SAFETY: it is made of whole numbers only, for which all bits zero are a value, so it was valid
    // even before the call wrote to it.
    (answer == 0).then(|| unsafe { usage.assume_init() })
}

#[cfg(not(unix))]
pub(super) fn usage() -> Option<Usage> {
    None
}
