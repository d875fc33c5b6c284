//! A text that grows, delta by delta, while its stream lasts.

/// A text that is still growing. Where texts aren't kept it is a number.
#[derive(Default)]
pub struct GrowingText {
    bytes: u64,
    kept: Option<Box<Kept>>,
}

impl std::fmt::Debug for GrowingText {
    /// Its size: no policy has looked at it yet.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GrowingText").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

/// What is kept: in pieces, because one buffer that grows by doubling holds up to twice its text, and leaves holes
/// behind that other buffers are too long for. Many streams may be under way at once.
#[derive(Default)]
struct Kept {
    full: Vec<Box<str>>,
    growing: String,
}

/// How long the piece that grows may get.
const PIECE: usize = 2048;

impl GrowingText {
    /// Its size so far, also of what isn't kept.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Counts `bytes` more.
    #[inline]
    pub(crate) fn grow(&mut self, bytes: usize) {
        self.bytes += bytes as u64;
    }

    /// What `bytes` more are to be appended to.
    pub(super) fn keep(&mut self, bytes: usize) -> &mut String {
        let kept = self.kept.get_or_insert_default();
        let len = kept.growing.len() + bytes;
        if len > kept.growing.capacity() {
            if len > PIECE && !kept.growing.is_empty() {
                kept.full.push(std::mem::take(&mut kept.growing).into_boxed_str());
            }
            let len = kept.growing.len() + bytes;
            let room = match kept.growing.capacity() {
                // The first delta may be all there is; the first piece grows by doubling, the next are as long as it.
                0 if kept.full.is_empty() => len,
                0 => len.max(PIECE),
                capacity => len.max((2 * capacity).min(PIECE)),
            };
            kept.growing.reserve_exact(room - kept.growing.len());
        }
        &mut kept.growing
    }

    /// How many bytes are kept.
    #[must_use]
    pub fn kept_bytes(&self) -> usize {
        self.kept
            .as_ref()
            .map_or(0, |kept| kept.full.iter().map(|piece| piece.len()).sum::<usize>() + kept.growing.len())
    }

    /// What is kept, in one.
    pub(super) fn into_kept(self) -> String {
        let Some(kept) = self.kept else { return String::new() };
        let Kept { mut full, growing } = *kept;
        if full.is_empty() {
            return growing;
        }
        full.push(growing.into_boxed_str());
        full.concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_the_sum_of_its_deltas_and_holds_little_more() {
        for delta in [1, 3, 7, 500, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE] {
            let mut text = GrowingText::default();
            let mut expected = String::new();
            for at in 0..(5 * PIECE).div_ceil(delta) {
                let more: String = char::from(b'a' + (at % 26) as u8).to_string().repeat(delta);
                text.keep(more.len()).push_str(&more);
                text.grow(more.len());
                expected.push_str(&more);
                assert_eq!((text.bytes(), text.kept_bytes()), (expected.len() as u64, expected.len()));
                let kept = text.kept.as_ref().unwrap();
                assert!(kept.growing.capacity() <= PIECE.max(delta), "{delta}");
            }
            assert_eq!(text.into_kept(), expected);
        }
        assert_eq!(GrowingText::default().into_kept(), "");
    }
}
