//! Hyperscan, linked from the system (`libhyperscan-dev`, or `libvectorscan-dev`, which has the same face): block mode, one
//! scratch, a callback that counts ends.
//!
//! Starts are not asked for (`HS_FLAG_SOM_LEFTMOST`): that is its fastest form, and with starts it refuses rules. It counts
//! every end of every match, so that its number is larger than that of separate searches and only its rate compares.
//! Names, values and the order of arguments are those of `hs_common.h`, `hs_compile.h` and `hs_runtime.h` of 5.4.0.
#![allow(unsafe_code, reason = "a C library can be called in no other way; nothing outside this file is unsafe")]

use super::matchers::Counter;
use std::error::Error;
use std::ffi::{CStr, CString, c_char, c_int, c_uint, c_ulonglong, c_void};
use std::marker::{PhantomData, PhantomPinned};
use std::ptr::{null, null_mut};

/// A type of the library that is only ever seen behind a pointer.
#[repr(C)]
struct Opaque {
    _bytes: [u8; 0],
    _no_auto_traits: PhantomData<(*mut u8, PhantomPinned)>,
}

#[repr(C)]
struct CompileError {
    message: *mut c_char,
    expression: c_int,
}

/// `hs_platform_info_t`.
#[repr(C)]
#[derive(Default)]
struct PlatformInfo {
    tune: c_uint,
    cpu_features: c_ulonglong,
    reserved: [c_ulonglong; 2],
}

type OnMatch = extern "C" fn(c_uint, c_ulonglong, c_ulonglong, c_uint, *mut c_void) -> c_int;

const SUCCESS: c_int = 0;
const MODE_BLOCK: c_uint = 1;
/// Widest first.
const CPU_FEATURES: [(c_ulonglong, &str); 3] = [(1 << 4, "AVX-512 VBMI"), (1 << 3, "AVX-512"), (1 << 2, "AVX2")];

#[link(name = "hs")]
unsafe extern "C" {
    safe fn hs_version() -> *const c_char;
    safe fn hs_populate_platform(platform: &mut PlatformInfo) -> c_int;
    fn hs_compile_multi(
        expressions: *const *const c_char,
        flags: *const c_uint,
        ids: *const c_uint,
        elements: c_uint,
        mode: c_uint,
        platform: *const PlatformInfo,
        database: *mut *mut Opaque,
        error: *mut *mut CompileError,
    ) -> c_int;
    fn hs_free_compile_error(error: *mut CompileError) -> c_int;
    fn hs_free_database(database: *mut Opaque) -> c_int;
    fn hs_alloc_scratch(database: *const Opaque, scratch: *mut *mut Opaque) -> c_int;
    fn hs_free_scratch(scratch: *mut Opaque) -> c_int;
    fn hs_scan(
        database: *const Opaque,
        data: *const c_char,
        length: c_uint,
        flags: c_uint,
        scratch: *mut Opaque,
        on_match: OnMatch,
        context: *mut c_void,
    ) -> c_int;
}

/// The library's version and the widest instructions that it found on this machine.
pub(crate) fn version() -> String {
    // SAFETY: the library gives a constant string that ends in a zero byte and is never freed.
    let version = unsafe { CStr::from_ptr(hs_version()) }.to_string_lossy();
    let mut platform = PlatformInfo::default();
    let known = hs_populate_platform(&mut platform) == SUCCESS;
    let widest = CPU_FEATURES.iter().find(|(bit, _)| known && platform.cpu_features & bit != 0);
    format!("Hyperscan {version}, {}", widest.map_or("SSE", |(_, name)| *name))
}

/// A compiled set of rules with its scratch.
pub(crate) struct Hyperscan {
    database: *mut Opaque,
    scratch: *mut Opaque,
}

impl Hyperscan {
    /// Compiles the patterns for block mode, without flags.
    pub(crate) fn new(patterns: &[String]) -> Result<Self, Box<dyn Error>> {
        let texts: Vec<CString> =
            patterns.iter().map(|pattern| CString::new(pattern.as_str())).collect::<Result<_, _>>()?;
        let pointers: Vec<*const c_char> = texts.iter().map(|text| text.as_ptr()).collect();
        let count = c_uint::try_from(patterns.len())?;
        let (ids, flags): (Vec<c_uint>, Vec<c_uint>) = ((0..count).collect(), vec![0; patterns.len()]);
        // From here on `Drop` frees what was made, whichever step fails.
        let mut made = Self { database: null_mut(), scratch: null_mut() };
        let mut error = null_mut();
        // SAFETY: the three arrays have `count` items each and outlive the call, each expression ends in a zero byte, a
        // null platform means this machine, and both results are written through pointers to live variables.
        let code = unsafe {
            hs_compile_multi(
                pointers.as_ptr(),
                flags.as_ptr(),
                ids.as_ptr(),
                count,
                MODE_BLOCK,
                null(),
                &raw mut made.database,
                &raw mut error,
            )
        };
        if code != SUCCESS {
            return Err(compile_error(error).into());
        }
        // SAFETY: the database was just made; a null scratch means that a new one is to be made.
        let code = unsafe { hs_alloc_scratch(made.database, &raw mut made.scratch) };
        if code == SUCCESS { Ok(made) } else { Err(format!("Hyperscan: no scratch ({code})").into()) }
    }
}

/// What the compiler said, freed.
fn compile_error(error: *mut CompileError) -> String {
    if error.is_null() {
        return "Hyperscan: the rules do not compile".to_owned();
    }
    // SAFETY: the compiler failed and gave this record, whose message ends in a zero byte; it is freed once, here.
    unsafe {
        let said =
            format!("Hyperscan, rule {}: {}", (*error).expression, CStr::from_ptr((*error).message).to_string_lossy());
        hs_free_compile_error(error);
        said
    }
}

impl Drop for Hyperscan {
    fn drop(&mut self) {
        // SAFETY: each is null, which both calls pass over, or was made in `new` and is freed only here.
        unsafe {
            hs_free_scratch(self.scratch);
            hs_free_database(self.database);
        }
    }
}

extern "C" fn count_one(_: c_uint, _: c_ulonglong, _: c_ulonglong, _: c_uint, context: *mut c_void) -> c_int {
    // SAFETY: `count` hands in its own live `usize`, and no other reference to it exists during the scan.
    unsafe { *context.cast::<usize>() += 1 };
    0
}

impl Counter for Hyperscan {
    fn reports(&self) -> &'static str {
        "every end of all rules"
    }

    fn count(&self, text: &[u8]) -> usize {
        let mut ends = 0_usize;
        let length = c_uint::try_from(text.len()).expect("a bench's text is below 4 GiB");
        // SAFETY: the database and scratch belong together and, having raw pointers in it, `self` is used by one thread
        // only; the text is `length` bytes long; the callback gets a pointer to `ends`, which outlives the call.
        let code = unsafe {
            hs_scan(self.database, text.as_ptr().cast(), length, 0, self.scratch, count_one, (&raw mut ends).cast())
        };
        assert_eq!(code, SUCCESS, "Hyperscan stopped");
        ends
    }
}

/// The same rules with the bounds of an e-mail address taken off, which suits Hyperscan better: it unrolls `{1,64}`.
pub(crate) fn friendlier(patterns: &[String]) -> Vec<String> {
    patterns.iter().map(|pattern| pattern.replace("{1,64}", "+")).collect()
}
