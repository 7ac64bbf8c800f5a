#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| contacts_fuzz::run("cursor", data));
