//! HPACK: the examples of the specification, another implementation's encoder, and what is known when joining late.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use bytes::Bytes;
use httlib_hpack::Encoder;
use proptest::prelude::*;
use sidetone_core::wire::http2::hpack::{Decoder, Malformed, TABLE_LIMIT};

type Field = (Option<String>, Option<Bytes>);

fn decode(decoder: &mut Decoder, block: &[u8]) -> Result<Vec<Field>, Malformed> {
    let mut fields = Vec::new();
    decoder.decode(block, |name, value| fields.push((name.map(str::to_owned), value)))?;
    Ok(fields)
}

fn known(fields: &[(&str, &str)]) -> Vec<Field> {
    fields
        .iter()
        .map(|(name, value)| (Some((*name).to_owned()), Some(Bytes::copy_from_slice(value.as_bytes()))))
        .collect()
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.chars().filter_map(|digit| digit.to_digit(16)).map(|digit| digit as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

const REQUESTS: [&[(&str, &str)]; 3] = [
    &[(":method", "GET"), (":scheme", "http"), (":path", "/"), (":authority", "www.example.com")],
    &[
        (":method", "GET"),
        (":scheme", "http"),
        (":path", "/"),
        (":authority", "www.example.com"),
        ("cache-control", "no-cache"),
    ],
    &[
        (":method", "GET"),
        (":scheme", "https"),
        (":path", "/index.html"),
        (":authority", "www.example.com"),
        ("custom-key", "custom-value"),
    ],
];

const RESPONSES: [&[(&str, &str)]; 3] = [
    &[
        (":status", "302"),
        ("cache-control", "private"),
        ("date", "Mon, 21 Oct 2013 20:13:21 GMT"),
        ("location", "https://www.example.com"),
    ],
    &[
        (":status", "307"),
        ("cache-control", "private"),
        ("date", "Mon, 21 Oct 2013 20:13:21 GMT"),
        ("location", "https://www.example.com"),
    ],
    &[
        (":status", "200"),
        ("cache-control", "private"),
        ("date", "Mon, 21 Oct 2013 20:13:22 GMT"),
        ("location", "https://www.example.com"),
        ("content-encoding", "gzip"),
        ("set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"),
    ],
];

#[test]
fn examples_of_rfc_7541_c_2() {
    for (block, fields) in [
        ("400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572", ("custom-key", "custom-header")),
        ("040c 2f73 616d 706c 652f 7061 7468", (":path", "/sample/path")),
        ("1008 7061 7373 776f 7264 0673 6563 7265 74", ("password", "secret")),
        ("82", (":method", "GET")),
    ] {
        assert_eq!(decode(&mut Decoder::from_start(), &hex(block)), Ok(known(&[fields])));
    }
}

#[test]
fn examples_of_rfc_7541_c_3_and_c_4() {
    let plain = [
        "8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "8286 84be 5808 6e6f 2d63 6163 6865",
        "8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65",
    ];
    let huffman = [
        "8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff",
        "8286 84be 5886 a8eb 1064 9cbf",
        "8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf",
    ];
    for blocks in [plain, huffman] {
        let mut decoder = Decoder::from_start();
        for (block, fields) in blocks.into_iter().zip(REQUESTS) {
            assert_eq!(decode(&mut decoder, &hex(block)), Ok(known(fields)));
        }
        assert_eq!(decoder.held_bytes(), 164, "the size that the specification gives for the table at the end");
    }
}

#[test]
fn examples_of_rfc_7541_c_5_and_c_6() {
    let plain = [
        "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e
         1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
        "4803 3330 37c1 c0bf",
        "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d
         4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572
         7369 6f6e 3d31",
    ];
    let huffman = [
        "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b
         97c8 e9ae 82ae 43d3",
        "4883 640e ffc1 c0bf",
        "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf
         cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
    ];
    for blocks in [plain, huffman] {
        let mut decoder = Decoder::from_start();
        // The examples are for a table of 256 bytes.
        assert_eq!(decode(&mut decoder, &hex("3fe101")), Ok(Vec::new()));
        for (block, fields) in blocks.into_iter().zip(RESPONSES) {
            assert_eq!(decode(&mut decoder, &hex(block)), Ok(known(fields)));
        }
        assert_eq!(decoder.held_bytes(), 215, "the size that the specification gives for the table at the end");
    }
}

#[test]
fn what_was_added_before_our_time_is_unknown_and_what_came_later_is_known() {
    let mut late = Decoder::from_middle();
    // The second block of C.3: `:authority` refers to the first one, `cache-control` is added.
    let mut expected = known(REQUESTS[1]);
    expected[3] = (None, None);
    assert_eq!(decode(&mut late, &hex("8286 84be 5808 6e6f 2d63 6163 6865")), Ok(expected));
    // The third one: `:authority` is now the second entry from the top; `custom-key` is added.
    let mut expected = known(REQUESTS[2]);
    expected[3] = (None, None);
    let third = hex("8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65");
    assert_eq!(decode(&mut late, &third), Ok(expected));
    let both = known(&[("custom-key", "custom-value"), ("cache-control", "no-cache")]);
    assert_eq!(decode(&mut late, &hex("bebf")), Ok(both));
    assert_eq!(decode(&mut late, &hex("c0")), Ok(vec![(None, None)]));
}

#[test]
fn an_unknown_name_has_its_value_and_its_place() {
    let mut late = Decoder::from_middle();
    // A new value for the unknown name of the newest entry, added; then that entry.
    assert_eq!(decode(&mut late, &hex("7e 03 616263 be")), Ok(vec![(None, Some("abc".into())); 2]));
}

#[test]
fn an_entry_that_may_have_emptied_the_table_hides_what_was_before() {
    let mut late = Decoder::from_middle();
    assert_eq!(decode(&mut late, &hex("40 01 61 01 62")).unwrap(), known(&[("a", "b")]));
    // 5,000 bytes: whether they fit depends on a size that was agreed on before.
    let mut block = hex("40 01 63 7f 89 26");
    block.extend_from_slice(&[b'x'; 5000]);
    assert_eq!(decode(&mut late, &block).unwrap().len(), 1);
    assert_eq!(decode(&mut late, &hex("be bf")), Ok(vec![(None, None); 2]));
}

#[test]
fn a_table_that_was_emptied_is_known_again() {
    let mut late = Decoder::from_middle();
    // Sizes of 0 and of 4096, as an encoder says them at the beginning of a block; then an entry.
    assert_eq!(decode(&mut late, &hex("20 3fe11f 40 01 61 01 62 be")).unwrap(), known(&[("a", "b"), ("a", "b")]));
}

#[test]
fn entries_beyond_the_limit_are_unknown_and_the_newer_ones_are_not() {
    for (extra, is_kept) in [(0, true), (1, false)] {
        let mut decoder = Decoder::from_start();
        // A table of 1 MiB.
        assert_eq!(decode(&mut decoder, &hex("3fe1ff3f")), Ok(Vec::new()));
        assert_eq!(decode(&mut decoder, &hex("40 01 61 01 62")), Ok(known(&[("a", "b")])));
        // Entries count 32 bytes more than name and value.
        let mut encoded = Encoder::with_dynamic_size(1 << 20);
        let mut block = Vec::new();
        let value = vec![b'x'; TABLE_LIMIT - 34 - 33 + extra];
        encoded.encode((b"c".to_vec(), value, Encoder::WITH_INDEXING), &mut block).unwrap();
        assert!(decode(&mut decoder, &block).is_ok());
        let old = if is_kept { known(&[("a", "b")]) } else { vec![(None, None)] };
        assert_eq!(decode(&mut decoder, &hex("bf")), Ok(old));
        assert_eq!(decode(&mut decoder, &hex("be")).unwrap()[0].0.as_deref(), Some("c"));
        assert!(decoder.held_bytes() <= TABLE_LIMIT);
    }
}

#[test]
fn what_no_encoder_writes_is_malformed_and_makes_the_past_unknown() {
    for bad in ["80", "ff ff ff ff ff ff 01", "40 05 61", "40", "7f", "00 01 61 ff"] {
        let mut decoder = Decoder::from_start();
        assert!(decode(&mut decoder, &hex("40 01 61 01 62")).is_ok());
        assert_eq!(decode(&mut decoder, &hex(bad)), Err(Malformed), "{bad}");
        assert_eq!(decode(&mut decoder, &hex("be")), Ok(vec![(None, None)]));
    }
}

#[test]
fn a_value_that_is_no_huffman_code_is_unknown() {
    let mut decoder = Decoder::from_start();
    assert_eq!(decode(&mut decoder, &hex("40 01 61 81 00 be")), Ok(vec![(Some("a".to_owned()), None); 2]));
}

/// A name, a value, and how it is encoded.
type Sent = (String, Vec<u8>, u8);

/// Header blocks, and before some of them a new size of the table.
fn blocks() -> impl Strategy<Value = Vec<(Option<u32>, Vec<Sent>)>> {
    let name =
        prop_oneof!["[a-z-]{1,12}", Just(":path".to_owned()), Just("content-type".to_owned()), Just("x-id".to_owned())];
    let value = prop_oneof![
        "[ -~]{0,40}".prop_map(String::into_bytes),
        Just(b"application/json".to_vec()),
        proptest::collection::vec(any::<u8>(), 0..300),
    ];
    // Huffman or not, added or not, by reference where possible or not.
    let flags = (0_u8..32).prop_filter("both added and never added", |flags| flags & 12 != 12);
    let fields = proptest::collection::vec((name, value, flags), 1..8);
    let size = proptest::option::weighted(0.2, prop_oneof![Just(0), Just(4096), 100_u32..4096]);
    proptest::collection::vec((size, fields), 1..12)
}

proptest! {
    #[test]
    fn another_encoder_is_understood_from_the_start_and_never_misunderstood_later(blocks in blocks(), joins in 0_usize..12) {
        let mut encoder = Encoder::default();
        let mut decoder = Decoder::from_start();
        let mut late = Decoder::from_middle();
        let mut shrunk = false;
        for (number, (size, fields)) in blocks.into_iter().enumerate() {
            let mut block = Vec::new();
            if let Some(size) = size {
                encoder.update_max_dynamic_size(size, &mut block).unwrap();
                // Someone who joins later takes the table not to be smaller than usual.
                shrunk = size < 4096 && number < joins;
            }
            for (name, value, flags) in &fields {
                let mut flags = *flags;
                if shrunk {
                    flags &= !Encoder::WITH_INDEXING;
                }
                encoder.encode((name.clone().into_bytes(), value.clone(), flags), &mut block).unwrap();
            }
            let expected: Vec<Field> =
                fields.into_iter().map(|(name, value, _)| (Some(name), Some(Bytes::from(value)))).collect();
            let read = decode(&mut decoder, &block);
            prop_assert_eq!(read.as_ref(), Ok(&expected));
            if number >= joins {
                let seen = decode(&mut late, &block).unwrap();
                prop_assert_eq!(seen.len(), expected.len());
                for (seen, real) in seen.iter().zip(&expected) {
                    prop_assert!(seen.0.is_none() || seen.0 == real.0, "{:?} for {:?}", seen, real);
                    prop_assert!(seen.1.is_none() || seen.1 == real.1, "{:?} for {:?}", seen, real);
                }
            }
        }
    }

    #[test]
    fn any_bytes_are_a_block_or_malformed(block in proptest::collection::vec(any::<u8>(), 0..200)) {
        for mut decoder in [Decoder::from_start(), Decoder::from_middle()] {
            let _ = decode(&mut decoder, &block);
            prop_assert!(decoder.held_bytes() <= TABLE_LIMIT);
        }
    }
}
