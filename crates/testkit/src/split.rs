//! Every way in which the network can cut a body in two, and byte by byte: a decoder must not care.
//!
//! ```
//! use sidetone_testkit::split::for_every_split;
//!
//! /// Counts lines; stands for a decoder that is fed piece by piece.
//! fn lines(parts: &[&[u8]]) -> usize {
//!     parts.iter().flat_map(|part| part.iter()).filter(|byte| **byte == b'\n').count()
//! }
//!
//! let recorded = b"data: one\n\ndata: two\n\n";
//! for_every_split(recorded, |parts| assert_eq!(lines(parts), lines(&[recorded])));
//! ```

/// Calls `check` with `bytes` whole, then cut in two at every offset (at both ends too, where a part is empty), then byte by
/// byte.
///
/// Its cost grows with the square of the length: for a body of some kilobytes.
pub fn for_every_split(bytes: &[u8], mut check: impl FnMut(&[&[u8]])) {
    for parts in every_split(bytes) {
        check(&parts);
    }
}

/// The same as [`for_every_split`], for checks that await.
pub fn every_split(bytes: &[u8]) -> impl Iterator<Item = Vec<&[u8]>> {
    let whole = std::iter::once(vec![bytes]);
    let in_two = (0..=bytes.len()).map(|at| {
        let (left, right) = bytes.split_at(at);
        vec![left, right]
    });
    let byte_by_byte = std::iter::once_with(|| bytes.chunks(1).collect());
    whole.chain(in_two).chain(byte_by_byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cut_is_made_once_and_loses_nothing() {
        let mut seen = Vec::new();
        for_every_split(b"abc", |parts| {
            assert_eq!(parts.concat(), b"abc");
            seen.push(parts.iter().map(|part| part.len()).collect::<Vec<_>>());
        });
        assert_eq!(seen, [vec![3], vec![0, 3], vec![1, 2], vec![2, 1], vec![3, 0], vec![1, 1, 1]]);
    }

    #[test]
    fn nothing_is_split_too() {
        assert_eq!(every_split(b"").collect::<Vec<_>>(), [vec![&b""[..]], vec![b"", b""], vec![]]);
    }
}
