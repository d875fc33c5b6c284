//! Heads of the kernel side's records.
#![no_main]
#![allow(dead_code, reason = "a module of sidetone-ebpf-capture, of which one function is used")]

#[path = "../../crates/ebpf-capture/src/kernel/record.rs"]
mod record;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((head, _)) = bytes.split_first_chunk() else { return };
    let Some((raw, payload)) = record::decode(head) else { return };
    assert!(u32::try_from(payload).is_ok());
    if let record::Raw::Record(header, _) = raw {
        assert!(header.comm.as_str().len() <= 16);
    }
});
