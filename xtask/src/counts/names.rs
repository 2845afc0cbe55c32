//! Names of system calls. Those that programs like ours make suffice; another has its number for a name.
#![cfg_attr(
    not(all(target_os = "linux", target_env = "gnu")),
    allow(dead_code, reason = "nothing is traced elsewhere")
)]

use std::collections::BTreeMap;

use super::snapshot::Counts;

/// Counts by number under their names.
pub(super) fn by_name(calls: BTreeMap<u64, i64>) -> Counts {
    let mut named = Counts::new();
    for (number, count) in calls {
        *named.entry(name(number)).or_default() += count;
    }
    named
}

fn name(number: u64) -> String {
    let known = TABLE
        .iter()
        .chain(OLD)
        .find(|(it, _)| u64::try_from(*it) == Ok(number));
    match known {
        Some((_, name)) => name.trim_start_matches("SYS_").to_owned(),
        None => format!("call-{number}"),
    }
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
macro_rules! table {
    ($($name:ident)*) => {
        &[$((nix::libc::$name, stringify!($name))),*]
    };
}

#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
const TABLE: &[(i64, &str)] = &[];

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[rustfmt::skip]
const TABLE: &[(nix::libc::c_long, &str)] = table! {
    // Files.
    SYS_read SYS_write SYS_pread64 SYS_pwrite64 SYS_readv SYS_writev SYS_lseek SYS_close
    SYS_openat SYS_openat2 SYS_fstat SYS_newfstatat SYS_statx SYS_statfs SYS_fstatfs SYS_readlinkat
    SYS_faccessat SYS_faccessat2 SYS_getdents64 SYS_getcwd SYS_chdir SYS_fchmod SYS_fchmodat
    SYS_mkdirat SYS_unlinkat SYS_renameat2 SYS_linkat SYS_symlinkat SYS_ftruncate SYS_fsync
    SYS_fdatasync SYS_flock SYS_fcntl SYS_ioctl SYS_dup SYS_dup3 SYS_pipe2 SYS_copy_file_range
    SYS_fadvise64 SYS_utimensat
    // Notifications and waiting.
    SYS_inotify_init1 SYS_inotify_add_watch SYS_inotify_rm_watch SYS_epoll_create1 SYS_epoll_ctl
    SYS_epoll_pwait SYS_eventfd2 SYS_timerfd_create SYS_timerfd_settime SYS_ppoll SYS_futex
    SYS_sched_yield SYS_nanosleep SYS_clock_nanosleep SYS_restart_syscall
    // Memory.
    SYS_brk SYS_mmap SYS_munmap SYS_mremap SYS_mprotect SYS_madvise
    // Processes, threads, signals.
    SYS_clone SYS_clone3 SYS_execve SYS_exit SYS_exit_group SYS_wait4 SYS_waitid SYS_kill SYS_tgkill
    SYS_getpid SYS_gettid SYS_set_tid_address SYS_set_robust_list SYS_rseq SYS_prctl SYS_prlimit64
    SYS_sched_getaffinity SYS_rt_sigaction SYS_rt_sigprocmask SYS_rt_sigreturn SYS_sigaltstack
    SYS_setpgid SYS_pidfd_open
    // The rest.
    SYS_getrandom SYS_getrusage SYS_clock_gettime SYS_getuid SYS_geteuid SYS_uname SYS_sysinfo
    SYS_socketpair SYS_socket SYS_sendto SYS_recvfrom
};

/// Calls that newer architectures do not have.
#[cfg(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
#[rustfmt::skip]
const OLD: &[(nix::libc::c_long, &str)] = table! {
    SYS_open SYS_stat SYS_lstat SYS_access SYS_readlink SYS_mkdir SYS_rmdir SYS_unlink SYS_rename SYS_chmod
    SYS_pipe SYS_dup2 SYS_fork SYS_vfork SYS_poll SYS_select SYS_epoll_wait SYS_inotify_init SYS_arch_prctl
};

#[cfg(not(all(target_os = "linux", target_env = "gnu", target_arch = "x86_64")))]
const OLD: &[(i64, &str)] = &[];

#[cfg(all(test, target_os = "linux", target_env = "gnu"))]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_kernel_and_numbers_stand_for_the_rest() {
        let read = u64::try_from(nix::libc::SYS_read).unwrap();
        let calls = by_name(BTreeMap::from([(read, 7), (99_999, 1)]));
        let expect = [("call-99999".to_owned(), 1), ("read".to_owned(), 7)];
        assert_eq!(calls, Counts::from(expect));
    }
}
