//! What one run may cost: processor time, since wall clock lies on a busy machine, and memory, counted as it is asked for.

use rustix::time::{ClockId, clock_gettime};
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

/// Processor time of one run. A quarter of a megabyte is no excuse for more.
const TIME_MAX: Duration = Duration::from_secs(5);
/// Memory of one run, beside what the driver holds: the allowance of a file, and half of it again for what is not counted.
const BYTES_MAX: usize = 144 << 20;

/// Counts what is held.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);
/// No bound stands while nothing runs.
static MAX: AtomicUsize = AtomicUsize::new(usize::MAX);

impl Counting {
    fn grow(bytes: usize) -> bool {
        let held = HELD.fetch_add(bytes, Relaxed).saturating_add(bytes);
        let fits = held <= MAX.load(Relaxed);
        if !fits {
            HELD.fetch_sub(bytes, Relaxed);
        }
        fits
    }
}

// SAFETY: every call goes to the system's allocator as it came; a refusal is a null pointer, as the trait wants it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are passed on.
        if Self::grow(layout.size()) { unsafe { System.alloc(layout) } } else { std::ptr::null_mut() }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promises are passed on.
        if Self::grow(layout.size()) { unsafe { System.alloc_zeroed(layout) } } else { std::ptr::null_mut() }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Relaxed);
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if size > layout.size() && !Self::grow(size - layout.size()) {
            return std::ptr::null_mut();
        }
        if size < layout.size() {
            HELD.fetch_sub(layout.size() - size, Relaxed);
        }
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(block, layout, size) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Watches over one run: what asks for more memory than there may be is refused it, which ends the program.
pub struct Meter {
    began: Duration,
}

impl Meter {
    pub fn start() -> Self {
        MAX.store(HELD.load(Relaxed).saturating_add(BYTES_MAX), Relaxed);
        Self { began: processor_time() }
    }

    pub fn hold_to_bounds(self) {
        MAX.store(usize::MAX, Relaxed);
        let taken = processor_time().saturating_sub(self.began);
        assert!(taken <= TIME_MAX, "took {} ms of processor time", taken.as_millis());
    }
}

fn processor_time() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}
