//! However the bytes of a response come, the call is the same.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use sidetone_cli::replay::{Cut, Memory, golden, observe};
use sidetone_core::dialect::V2;
use sidetone_core::event::Timing;
use sidetone_core::exchange::{Settings, Understood};
use sidetone_core::policy::Content;
use sidetone_testkit::case::Case;

use super::cases;

/// What doesn't depend on when pieces came.
fn timeless(mut understood: Understood) -> Understood {
    let timing = &mut understood.call.timing;
    let time = |time: Option<Duration>| time.map(|_| Duration::ZERO);
    *timing = Timing {
        start: SystemTime::UNIX_EPOCH,
        head: time(timing.head),
        first_chunk: time(timing.first_chunk),
        first_output: time(timing.first_output),
        last_chunk: time(timing.last_chunk),
        output_chunks: timing.output_chunks,
        total: Duration::ZERO,
    };
    understood
}

#[test]
fn every_response_cut_in_two_at_every_offset_and_byte_by_byte_gives_the_same_call() {
    for content in [Content::Off, Content::Full] {
        let settings = Arc::new(Settings { content, ..Settings::default() });
        let further = Case::load_all(cases::further().join("cases")).unwrap();
        for case in Case::load_all(cases::folder()).unwrap().into_iter().chain(further) {
            let name = &case.name;
            let seen = |cut| timeless(observe(&case, &settings, cut, None).unwrap());
            let whole = seen(Cut::AsRecorded);
            assert_eq!(whole.skips.iter().count(), 0, "{name}: {:?}", whole.skips);
            assert_eq!(seen(Cut::EveryByte), whole, "{name}, byte by byte");
            for offset in 0..=case.response.len() {
                assert_eq!(seen(Cut::At(offset)), whole, "{name}, cut at {offset}");
            }
        }
    }
}

#[test]
fn byte_by_byte_gives_the_telemetry_that_the_command_prints() {
    for (mode, _) in cases::MODES {
        let content = if mode == "full" { Content::Full } else { Content::Off };
        let settings = Arc::new(Settings { content, ..Settings::default() });
        for name in cases::names() {
            let case = Case::load(cases::folder().join(&name)).unwrap();
            for cut in [Cut::EveryByte, Cut::At(case.response.len() / 2)] {
                let memory = Memory::new(&V2);
                let understood = observe(&case, &settings, cut, Some(memory.parent())).unwrap();
                let document = golden::document(&name, &memory.record(understood.call).unwrap(), false);
                assert_eq!(super::fields::compare(&cases::replay_case(mode, &name), &document), [], "{name}, {cut:?}");
            }
        }
    }
}
