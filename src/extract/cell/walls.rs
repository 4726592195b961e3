//! The walls of a cell: what a child takes from itself, for good, before it reads the first byte of a document.
//!
//! Each wall stands for itself: on a kernel that lacks one the others still hold, and [`Layers`] says which do. The order
//! matters: the filter of system calls comes last, since it forbids the calls that raise the others.

use super::sys;
use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, LandlockStatus, PathBeneath, PathFd, Ruleset,
    RulesetAttr, RulesetCreatedAttr, RulesetStatus, Scope,
};
use rustix::process::{
    DumpableBehavior, Pid, Resource, Rlimit, Signal, getrlimit, prlimit, set_dumpable_behavior,
    set_parent_process_death_signal, setrlimit,
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen as Width, SeccompCmpOp as Is, SeccompCondition as Where, SeccompFilter,
    SeccompRule,
};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

/// One wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layer {
    /// Bounds on memory, descriptors, written bytes, processor time; no core files.
    Limits,
    /// It ends with its parent, and no other process may look into it.
    Bound,
    /// It can gain no rights by executing anything (`no_new_privs`).
    Privileges,
    /// No path can be opened, made or changed (landlock).
    Files,
    /// No port can be bound or connected (landlock from ABI 4; the filter of system calls forbids sockets besides).
    Network,
    /// No other process can be signalled or called by an abstract socket (landlock from ABI 6).
    Scope,
    /// Only the few system calls that reading takes (seccomp).
    Syscalls,
}

impl Layer {
    /// All, in the order in which they are raised.
    pub const ALL: [Layer; 7] =
        [Layer::Limits, Layer::Bound, Layer::Privileges, Layer::Files, Layer::Network, Layer::Scope, Layer::Syscalls];

    /// Its name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Layer::Limits => "limits",
            Layer::Bound => "bound to its parent",
            Layer::Privileges => "no new privileges",
            Layer::Files => "no files (landlock)",
            Layer::Network => "no network (landlock)",
            Layer::Scope => "no signals (landlock)",
            Layer::Syscalls => "few system calls (seccomp)",
        }
    }

    /// True for the walls without which `--require-sandbox` refuses to read. The other two of landlock came with later
    /// kernels, and the filter of system calls forbids the same.
    #[must_use]
    pub fn is_required(self) -> bool {
        !matches!(self, Layer::Network | Layer::Scope)
    }

    fn bit(self) -> u64 {
        1 << Layer::ALL.iter().position(|layer| *layer == self).unwrap_or(0)
    }
}

/// The walls that stand.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Layers(u64);

impl Layers {
    pub(super) fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    pub(super) fn bits(self) -> u64 {
        self.0
    }

    /// True when this wall stands.
    #[must_use]
    pub fn has(self, layer: Layer) -> bool {
        self.0 & layer.bit() != 0
    }

    /// The walls that stand.
    pub fn live(self) -> impl Iterator<Item = Layer> {
        Layer::ALL.into_iter().filter(move |layer| self.has(*layer))
    }

    /// The walls that this kernel could not raise.
    pub fn missing(self) -> impl Iterator<Item = Layer> {
        Layer::ALL.into_iter().filter(move |layer| !self.has(*layer))
    }

    fn raised(&mut self, layer: Layer, stands: bool) {
        if stands {
            self.0 |= layer.bit();
        }
    }
}

impl fmt::Debug for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.live()).finish()
    }
}

impl fmt::Display for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.live().map(Layer::name).collect();
        f.write_str(&if names.is_empty() { "none".to_owned() } else { names.join(", ") })
    }
}

/// Address space beside the memory proper: the program's own pages, stacks, what threads reserve.
const ADDRESSES_BESIDE: u64 = 1 << 30;
/// Descriptors: three standard ones, a document, and what raising the walls takes for a moment.
const DESCRIPTORS_MAX: u64 = 16;
/// Stack of the thread that reads, as in the parent's.
const STACK_BYTES: u64 = 16 << 20;

/// Bytes of addresses that a cell may take.
pub(super) fn addresses(memory_bytes: u64) -> u64 {
    memory_bytes.saturating_add(ADDRESSES_BESIDE)
}

/// Raises all walls that this kernel has; `memory_bytes` bounds what the cell may hold.
pub(super) fn raise(memory_bytes: u64) -> Layers {
    let mut layers = Layers::default();
    layers.raised(Layer::Bound, bind());
    layers.raised(Layer::Limits, limit(memory_bytes));
    let (privileges, abi) = shut_out();
    layers.raised(Layer::Files, abi >= ABI::V1);
    layers.raised(Layer::Network, abi >= ABI::V4);
    layers.raised(Layer::Scope, abi >= ABI::V6);
    let filtered = filter().is_some_and(|programs| programs.iter().all(|one| seccompiler::apply_filter(one).is_ok()));
    layers.raised(Layer::Syscalls, filtered);
    // Installing a filter takes the same promise.
    layers.raised(Layer::Privileges, privileges || filtered);
    layers
}

fn bind() -> bool {
    let ends = set_parent_process_death_signal(Some(Signal::KILL)).is_ok();
    sys::set_name();
    let hidden = set_dumpable_behavior(DumpableBehavior::NotDumpable).is_ok();
    ends && hidden
}

fn limit(memory_bytes: u64) -> bool {
    // As much stack as the threads of the parent have, where the system lets us.
    let stack = getrlimit(Resource::Stack);
    let wanted = stack.maximum.map_or(STACK_BYTES, |most| most.min(STACK_BYTES));
    let _ = setrlimit(Resource::Stack, Rlimit { current: Some(wanted), maximum: stack.maximum });
    bound(memory_bytes, DESCRIPTORS_MAX)
}

fn bound(memory_bytes: u64, descriptors: u64) -> bool {
    let rows =
        [(Resource::Data, memory_bytes), (Resource::Core, 0), (Resource::Fsize, 0), (Resource::Nofile, descriptors)];
    let all = rows
        .into_iter()
        .all(|(resource, most)| setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) }).is_ok());
    // The parent widens this one for a document that is large; a cell cannot.
    all && lower(None, Resource::As, addresses(memory_bytes))
}

/// Sets the limit in force of a process (`None`: this one), as far as the system's own bound for us lets it.
pub(super) fn lower(process: Option<Pid>, resource: Resource, wanted: u64) -> bool {
    let maximum = getrlimit(resource).maximum;
    let current = Some(maximum.map_or(wanted, |most| most.min(wanted)));
    prlimit(process, resource, Rlimit { current, maximum }).is_ok()
}

/// What a program of somebody else's gets.
pub(super) struct Fence<'a> {
    /// Bytes of memory.
    pub(super) memory_bytes: u64,
    /// Seconds of processor time.
    pub(super) processor_secs: u64,
    /// Files and folders that it may read.
    pub(super) readable: &'a [PathBuf],
    /// The one file that may be executed.
    pub(super) program: &'a Path,
    /// Where its path stands in memory when it is.
    pub(super) program_at: u64,
}

/// Loaders of programs, which are executed with them.
const LOADERS: &[&str] = &[
    "/lib64/ld-linux-x86-64.so.2",
    "/lib/ld-linux-aarch64.so.1",
    "/lib/ld-linux-riscv64-lp64d.so.1",
    "/lib/ld-musl-x86_64.so.1",
    "/lib/ld-musl-aarch64.so.1",
];
/// Descriptors of a program: libraries and data are opened one after the other.
const PROGRAM_DESCRIPTORS_MAX: u64 = 64;

/// Raises the walls around this process for the program that it is about to become.
pub(super) fn raise_around_program(fence: &Fence<'_>) -> Layers {
    let mut layers = Layers::default();
    layers.raised(Layer::Bound, set_parent_process_death_signal(Some(Signal::KILL)).is_ok());
    let processor = Rlimit { current: Some(fence.processor_secs), maximum: Some(fence.processor_secs + 1) };
    let bounded = setrlimit(Resource::Cpu, processor).is_ok();
    layers.raised(Layer::Limits, bound(fence.memory_bytes, PROGRAM_DESCRIPTORS_MAX) && bounded);
    let (privileges, abi) = shut_in(fence);
    layers.raised(Layer::Files, abi >= ABI::V1);
    layers.raised(Layer::Network, abi >= ABI::V4);
    layers.raised(Layer::Scope, abi >= ABI::V6);
    let filtered = program_filter(fence.program_at)
        .is_some_and(|programs| programs.iter().all(|one| seccompiler::apply_filter(one).is_ok()));
    layers.raised(Layer::Syscalls, filtered);
    layers.raised(Layer::Privileges, privileges || filtered);
    layers
}

/// Forbids all but what the fence lets through.
fn shut_in(fence: &Fence<'_>) -> (bool, ABI) {
    // A path that is not there needs no leave.
    let rule = |path: &Path, access: BitFlags<AccessFs>| {
        let whole = std::fs::metadata(path).is_ok_and(|meta| meta.is_dir());
        let access = if whole { access } else { access & !BitFlags::from(AccessFs::ReadDir) };
        PathFd::new(path).ok().map(|path| PathBeneath::new(path, access))
    };
    let read = AccessFs::ReadFile | AccessFs::ReadDir;
    let run = AccessFs::ReadFile | AccessFs::Execute;
    let loaders = LOADERS.iter().map(Path::new);
    let rules: Vec<_> = (fence.readable.iter().filter_map(|path| rule(path, read)))
        .chain(loaders.chain([fence.program]).filter_map(|path| rule(path, run)))
        .chain(rule(Path::new("/dev/null"), AccessFs::ReadFile | AccessFs::WriteFile))
        .collect();
    let ruled = all_handled().and_then(Ruleset::create);
    restricted(ruled.and_then(|ruled| ruled.add_rules(rules.into_iter().map(Ok::<_, landlock::RulesetError>))))
}

/// Everything that landlock can forbid is forbidden, but for what rules then allow.
fn all_handled() -> Result<Ruleset, landlock::RulesetError> {
    let latest = ABI::V7;
    Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(latest))
        .and_then(|rules| rules.handle_access(AccessNet::from_all(latest)))
        .and_then(|rules| rules.scope(Scope::from_all(latest)))
}

/// Forbids all paths and ports that landlock can forbid; tells whether rights can be gained no more, and how much it knew.
fn shut_out() -> (bool, ABI) {
    restricted(all_handled().and_then(Ruleset::create))
}

fn restricted(ruled: Result<landlock::RulesetCreated, landlock::RulesetError>) -> (bool, ABI) {
    match ruled.and_then(landlock::RulesetCreated::restrict_self) {
        Ok(status) if status.ruleset != RulesetStatus::NotEnforced => match status.landlock {
            LandlockStatus::Available { effective_abi, .. } => (status.no_new_privs, effective_abi),
            _ => (status.no_new_privs, ABI::Unsupported),
        },
        Ok(status) => (status.no_new_privs, ABI::Unsupported),
        Err(_) => (false, ABI::Unsupported),
    }
}

/// Calls that are answered whatever their arguments are: reading and writing what is open, memory, locks between threads, time.
/// None of them takes a path, makes a descriptor of something new, or reaches another process.
#[rustfmt::skip]
const FREE: &[libc::c_long] = &[
    libc::SYS_read, libc::SYS_write, libc::SYS_pread64, libc::SYS_readv, libc::SYS_writev, libc::SYS_lseek,
    libc::SYS_close, libc::SYS_fstat, libc::SYS_recvmsg, libc::SYS_recvfrom,
    libc::SYS_munmap, libc::SYS_mremap, libc::SYS_madvise, libc::SYS_brk,
    libc::SYS_futex, libc::SYS_sched_yield, libc::SYS_nanosleep, libc::SYS_clock_nanosleep,
    libc::SYS_clock_gettime, libc::SYS_gettimeofday, libc::SYS_getrandom, libc::SYS_getpid, libc::SYS_gettid,
    libc::SYS_sched_getaffinity, libc::SYS_set_robust_list, libc::SYS_rseq, libc::SYS_membarrier,
    libc::SYS_rt_sigaction, libc::SYS_rt_sigprocmask, libc::SYS_rt_sigreturn, libc::SYS_sigaltstack,
    libc::SYS_restart_syscall, libc::SYS_exit, libc::SYS_exit_group,
    // Answered as unknown by a filter of its own.
    libc::SYS_clone3,
];

/// What programs need besides: to find, open and map what they are made of, and to ask after themselves.
#[rustfmt::skip]
const PROGRAMS: &[libc::c_long] = &[
    libc::SYS_mmap, libc::SYS_mprotect,
    libc::SYS_openat, libc::SYS_newfstatat, libc::SYS_statx, libc::SYS_faccessat, libc::SYS_faccessat2, libc::SYS_readlinkat,
    libc::SYS_getdents64, libc::SYS_getcwd, libc::SYS_fadvise64, libc::SYS_dup, libc::SYS_pread64, libc::SYS_ppoll,
    libc::SYS_set_tid_address, libc::SYS_uname, libc::SYS_sysinfo, libc::SYS_getrusage, libc::SYS_clock_getres,
    libc::SYS_getppid, libc::SYS_getuid, libc::SYS_geteuid, libc::SYS_getgid, libc::SYS_getegid, libc::SYS_get_robust_list,
];
/// The same by the names that one family of processors has kept.
#[cfg(target_arch = "x86_64")]
#[rustfmt::skip]
const PROGRAMS_HERE: &[libc::c_long] = &[
    libc::SYS_open, libc::SYS_stat, libc::SYS_lstat, libc::SYS_access, libc::SYS_readlink, libc::SYS_arch_prctl,
    libc::SYS_poll, libc::SYS_time,
];
#[cfg(not(target_arch = "x86_64"))]
const PROGRAMS_HERE: &[libc::c_long] = &[];

/// What all threads share with their process: without these flags `clone` would make a process.
const THREAD_FLAGS: libc::c_int = libc::CLONE_VM | libc::CLONE_SIGHAND | libc::CLONE_THREAD;

/// The filter of cells.
fn filter() -> Option<[BpfProgram; 2]> {
    let executable = u64::from(libc::PROT_EXEC.unsigned_abs());
    let no_code = || arg(2, Width::Dword, Is::MaskedEq(executable), 0);
    // No memory becomes code.
    programs(FREE, vec![(libc::SYS_mmap, vec![no_code()]), (libc::SYS_mprotect, vec![no_code()])])
}

/// The filter of a program whose path stands at this address when it is executed.
fn program_filter(program_at: u64) -> Option<[BpfProgram; 2]> {
    let free = [FREE, PROGRAMS, PROGRAMS_HERE].concat();
    let equals = |number, value| arg(number, Width::Dword, Is::Eq, value);
    let number = |value: libc::c_int| u64::from(value.unsigned_abs());
    let descriptors = [libc::F_GETFD, libc::F_SETFD, libc::F_GETFL, libc::F_DUPFD, libc::F_DUPFD_CLOEXEC];
    let mut bounded = vec![
        // Once, from here: what it becomes has its words elsewhere. Landlock says besides which file that may be.
        (libc::SYS_execve, vec![arg(0, Width::Qword, Is::Eq, program_at)]),
        // Its limits are asked for, not set.
        (libc::SYS_prlimit64, vec![arg(2, Width::Qword, Is::Eq, 0)]),
        // Whether it talks to a terminal.
        (libc::SYS_ioctl, vec![arg(1, Width::Dword, Is::Eq, libc::TCGETS)]),
    ];
    bounded.extend(descriptors.map(|command| (libc::SYS_fcntl, vec![equals(1, number(command))])));
    programs(&free, bounded)
}

fn arg(number: u8, width: Width, is: Is, value: u64) -> Option<Where> {
    Where::new(number, width, is, value).ok()
}

/// Calls with the conditions under which they are answered; of several rows of one call each is enough.
type Bounded = Vec<(libc::c_long, Vec<Option<Where>>)>;

/// The programs of a filter, in the order in which they are installed.
fn programs(free: &[libc::c_long], mut bounded: Bounded) -> Option<[BpfProgram; 2]> {
    let threads = u64::from(THREAD_FLAGS.unsigned_abs());
    bounded.extend([
        // Threads, never processes.
        (libc::SYS_clone, vec![arg(0, Width::Dword, Is::MaskedEq(threads), threads)]),
        // Signals to itself only: that is how it aborts.
        (libc::SYS_tgkill, vec![arg(0, Width::Dword, Is::Eq, u64::from(std::process::id()))]),
        // To nobody but the one it is connected with.
        (libc::SYS_sendto, vec![arg(4, Width::Qword, Is::Eq, 0)]),
    ]);
    let mut rules: BTreeMap<libc::c_long, Vec<SeccompRule>> = free.iter().map(|call| (*call, Vec::new())).collect();
    for (call, conditions) in bounded {
        let conditions: Option<Vec<Where>> = conditions.into_iter().collect();
        rules.entry(call).or_default().push(SeccompRule::new(conditions?).ok()?);
    }
    let refused = |code: libc::c_int| SeccompAction::Errno(code.unsigned_abs());
    let target = std::env::consts::ARCH.try_into().ok()?;
    // Whoever asks for `clone3`, whose flags no filter can see, is sent to `clone`.
    let first = BTreeMap::from([(libc::SYS_clone3, Vec::new())]);
    let first = SeccompFilter::new(first, SeccompAction::Allow, refused(libc::ENOSYS), target).ok()?;
    let second = SeccompFilter::new(rules, refused(libc::EPERM), SeccompAction::Allow, target).ok()?;
    // The one that forbids all else is installed last: installing takes a call that it forbids.
    Some([first.try_into().ok()?, second.try_into().ok()?])
}
