//! The few things that the safe libraries do not offer, each behind a safe face.
#![allow(unsafe_code, reason = "calls of the operating system that no library in use wraps")]

use rustix::net::{AddressFamily, SocketType};
use std::ffi::CString;
use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// Standard input, where it is the socket by which a cell talks to its parent. To be called once.
pub(super) fn own_socket() -> Option<UnixStream> {
    let stdin = std::io::stdin();
    let is_ours = rustix::net::sockopt::socket_type(stdin.as_fd()) == Ok(SocketType::STREAM)
        && rustix::net::sockopt::socket_domain(stdin.as_fd()) == Ok(AddressFamily::UNIX);
    // SAFETY: descriptor 0 is open, as the calls above have shown; nothing else in a cell reads standard input or closes it.
    is_ours.then(|| UnixStream::from(unsafe { OwnedFd::from_raw_fd(0) }))
}

/// Closes every descriptor but the three standard ones.
pub(super) fn close_all_others() {
    // SAFETY: called first thing in a cell, where no other descriptor is in use yet. Before Linux 5.9 the call is not known;
    // the descriptors of the parent are closed by their own flag then.
    let _ = unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0) };
}

/// Processor time that a process of ours has taken so far.
pub(super) fn processor_time(pid: u32) -> Option<Duration> {
    let pid = libc::pid_t::try_from(pid).ok()?;
    let mut clock: libc::clockid_t = 0;
    // SAFETY: `clock` is a valid place for the answer.
    if unsafe { libc::clock_getcpuclockid(pid, &raw mut clock) } != 0 {
        return None;
    }
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is a valid place for the answer.
    if unsafe { libc::clock_gettime(clock, &raw mut time) } != 0 {
        return None;
    }
    Some(Duration::new(u64::try_from(time.tv_sec).ok()?, u32::try_from(time.tv_nsec).ok()?))
}

/// A program to become: its words and its environment, made before the walls stand.
pub(super) struct Exec {
    words: Vec<CString>,
    environment: Vec<CString>,
}

impl Exec {
    /// The first word is the program's path.
    pub(super) fn new(words: Vec<CString>, environment: Vec<CString>) -> Self {
        Self { words, environment }
    }

    /// Where the path stands in memory: the one place that the filter lets a program be executed from.
    pub(super) fn address(&self) -> u64 {
        self.words.first().map_or(0, |path| path.as_ptr().addr() as u64)
    }

    /// Becomes it; comes back only when that failed.
    pub(super) fn become_it(&self) {
        let Some(path) = self.words.first() else { return };
        let list = |words: &[CString]| -> Vec<*const libc::c_char> {
            words.iter().map(|word| word.as_ptr()).chain(std::iter::once(std::ptr::null())).collect()
        };
        let (words, environment) = (list(&self.words), list(&self.environment));
        // SAFETY: path and lists are ended by NUL and null, and outlive the call.
        let _ = unsafe { libc::execve(path.as_ptr(), words.as_ptr(), environment.as_ptr()) };
    }
}

/// Takes the name by which lists of processes tell a cell from the program.
pub(super) fn set_name() {
    // SAFETY: the name ends with a NUL and is only read.
    let _ = unsafe { libc::prctl(libc::PR_SET_NAME, c"sluicebox-cell".as_ptr()) };
}

/// Bytes of a page of memory.
pub(super) fn page_bytes() -> Option<u64> {
    // SAFETY: takes a number only.
    u64::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).ok()
}

/// Tries to make a process; the child, if there is one, ends at once.
pub(super) fn fork() -> std::io::Result<()> {
    // SAFETY: the child does nothing but end.
    match unsafe { libc::fork() } {
        -1 => Err(std::io::Error::last_os_error()),
        // SAFETY: ends the child without running anything of the parent's.
        0 => unsafe { libc::_exit(0) },
        _ => Ok(()),
    }
}

fn outcome(answer: libc::c_long) -> std::io::Result<()> {
    if answer == -1 { Err(std::io::Error::last_os_error()) } else { Ok(()) }
}

/// Tries to signal the parent, by the signal that does nothing.
pub(super) fn signal_parent() -> std::io::Result<()> {
    // SAFETY: takes numbers only.
    outcome(unsafe { libc::kill(libc::getppid(), 0) }.into())
}

/// Tries to take hold of the parent as a debugger does.
pub(super) fn trace_parent() -> std::io::Result<()> {
    // SAFETY: takes numbers only.
    outcome(unsafe { libc::ptrace(libc::PTRACE_SEIZE, libc::getppid(), 0, 0) })
}

/// Tries to get memory that can be written and executed.
pub(super) fn make_code() -> std::io::Result<()> {
    let rights = libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC;
    // SAFETY: a fresh mapping that nobody uses.
    let got = unsafe { libc::mmap(std::ptr::null_mut(), 4096, rights, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS, -1, 0) };
    if got == libc::MAP_FAILED { Err(std::io::Error::last_os_error()) } else { Ok(()) }
}

/// Tries to set a limit anew.
pub(super) fn widen_limit() -> std::io::Result<()> {
    use rustix::process::{Resource, Rlimit, setrlimit};
    Ok(setrlimit(Resource::Data, Rlimit { current: None, maximum: None })?)
}
