#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| countersign_laws::schemes::law(bytes));
