//! The target that `FUZZ_TARGET` names.
#![no_main]

use sluicebox_fuzz::Target;
use std::sync::OnceLock;

static TARGET: OnceLock<Target> = OnceLock::new();

libfuzzer_sys::fuzz_target!(
    init: {
        let _ = TARGET.set(Target::from_environment());
    },
    |bytes: &[u8]| if let Some(target) = TARGET.get() {
        target.run(bytes);
    }
);
