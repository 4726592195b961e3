#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| sluicebox_fuzz::extract_as("ics", bytes));
