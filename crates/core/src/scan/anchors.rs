//! Finds many short literals at once: a filter over three bytes at each place, then a look at the few that pass.

/// Bits of the filter: 8 KiB, so that it stays in the first-level cache.
const BITS: u32 = 16;
/// Buckets of the table of what to compare, a power of two.
const BUCKETS: u32 = 12;
/// Bytes of a literal that the filter sees.
pub(super) const GRAM: usize = 3;

/// A literal, and the part of it that is looked for.
#[derive(Debug)]
struct Anchor {
    /// In small letters.
    text: Box<[u8]>,
    /// Where in it the part stands.
    at: usize,
    gram: u32,
    /// What its finder knows it by.
    id: u32,
}

/// Literals to find, in either case of ASCII letters.
#[derive(Debug)]
pub(super) struct Anchors {
    filter: Box<[u64; 1 << (BITS - 6)]>,
    /// By hash of the part: where in `anchors` those with it begin.
    buckets: Vec<u32>,
    anchors: Vec<Anchor>,
}

/// Three bytes, alike for both cases of a letter (and for some other pairs: the comparison tells).
const fn folded(four: [u8; 4]) -> u32 {
    (u32::from_le_bytes(four) | 0x2020_2020) & 0x00ff_ffff
}

const fn hash(gram: u32) -> u32 {
    gram.wrapping_mul(0x9e37_79b1)
}

/// How common a byte is in prose and code, in thousandths, roughly: the rarest part of a literal is looked for.
fn common(byte: u8) -> u32 {
    match byte {
        b' ' => 150,
        b'e' => 90,
        b't' => 65,
        b'a' | b'i' | b'n' | b'o' | b's' | b'r' => 55,
        b'l' | b'c' | b'd' => 33,
        b'u' | b'm' | b'p' | b'h' => 25,
        b'f' | b'_' | b'g' => 18,
        b'.' | b'-' | b'/' | b':' | b'"' | b'(' | b'b' | b'y' | b'w' | b'v' | b'\'' | b'=' | b',' => 11,
        b'k' | b'x' | b'0'..=b'9' => 6,
        _ => 2,
    }
}

/// Parts of words that are more common than their letters tell.
const IN_WORDS: &[&[u8; GRAM]] = &[
    b"for", b"fro", b"com", b"key", b"---", b"not", b"end", b"abl", b"lin", b"his", b"inf", b"las", b"new", b"cat",
    b"ign", b"mod", b"unc", b"act", b"try", b"bin", b"rop", b"ial", b"pos", b"riv", b"ail", b"rep", b"the", b"ing",
    b"ion", b"tok", b"sec", b"ser", b"get", b"ore", b"ave", b"thi", b"are", b"you", b"tem", b"hat", b"out", b"log",
    b"wit", b"ith",
];

fn commonness(gram: &[u8]) -> u32 {
    let letters: u32 = gram.iter().map(|&byte| common(byte)).product();
    if IN_WORDS.iter().any(|part| part.as_slice() == gram) { letters.saturating_mul(16) } else { letters }
}

impl Anchors {
    /// Of literals of three bytes or more, each with what it is known by. Shorter ones aren't found.
    pub(super) fn new<'a>(literals: impl Iterator<Item = (&'a [u8], u32)>) -> Self {
        let mut anchors: Vec<Anchor> = literals
            .filter_map(|(text, id)| {
                let text = text.to_ascii_lowercase().into_boxed_slice();
                let at = (0..(text.len() + 1).checked_sub(GRAM)?).min_by_key(|&at| commonness(&text[at..at + GRAM]))?;
                let gram = folded([text[at], text[at + 1], text[at + 2], 0]);
                Some(Anchor { text, at, gram, id })
            })
            .collect();
        anchors.sort_by_key(|anchor| (hash(anchor.gram) >> (32 - BUCKETS), anchor.id));
        let mut filter = Box::new([0; 1 << (BITS - 6)]);
        let mut buckets = vec![0; (1 << BUCKETS) + 1];
        for anchor in &anchors {
            let bit = hash(anchor.gram) >> (32 - BITS);
            filter[(bit >> 6) as usize] |= 1 << (bit & 63);
            buckets[(hash(anchor.gram) >> (32 - BUCKETS)) as usize + 1] += 1;
        }
        for bucket in 1..buckets.len() {
            buckets[bucket] += buckets[bucket - 1];
        }
        Self { filter, buckets, anchors }
    }

    /// Gives the range of each literal in `bytes` whose rarest part begins in `from..to`, and what it is known by.
    pub(super) fn each(&self, bytes: &[u8], from: usize, to: usize, mut give: impl FnMut(usize, usize, u32)) {
        let part = bytes.get(from..bytes.len().min(to.saturating_add(GRAM))).unwrap_or_default();
        for (place, four) in part.windows(4).enumerate() {
            let gram = folded([four[0], four[1], four[2], four[3]]);
            if self.may_be(gram) {
                self.compare(bytes, from + place, gram, &mut give);
            }
        }
        // The last has nothing behind it.
        if let Some(place) = bytes.len().checked_sub(GRAM).filter(|place| (from..to).contains(place)) {
            let gram = folded([bytes[place], bytes[place + 1], bytes[place + 2], 0]);
            if self.may_be(gram) {
                self.compare(bytes, place, gram, &mut give);
            }
        }
    }

    fn may_be(&self, gram: u32) -> bool {
        let bit = hash(gram) >> (32 - BITS);
        self.filter[(bit >> 6) as usize] & 1 << (bit & 63) != 0
    }

    #[inline(never)]
    fn compare(&self, bytes: &[u8], place: usize, gram: u32, give: &mut impl FnMut(usize, usize, u32)) {
        let bucket = (hash(gram) >> (32 - BUCKETS)) as usize;
        for anchor in &self.anchors[self.buckets[bucket] as usize..self.buckets[bucket + 1] as usize] {
            if anchor.gram != gram {
                continue;
            }
            let Some(start) = place.checked_sub(anchor.at) else { continue };
            let end = start + anchor.text.len();
            if bytes.get(start..end).is_some_and(|part| part.eq_ignore_ascii_case(&anchor.text)) {
                give(start, end, anchor.id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_found_in_both_cases_at_every_place() {
        let literals = ["abc", "sk-", "token", "[x]", "ABCD"];
        let anchors = Anchors::new(literals.iter().zip(0..).map(|(literal, id)| (literal.as_bytes(), id)));
        for before in 0..9 {
            for after in ["", "t", "to", "tok"] {
                let text = format!("{}AbCd sK-toKEN[X]{after}", ".".repeat(before));
                for cut in 0..=text.len() {
                    let mut found = Vec::new();
                    let mut give = |start, end, id| found.push((start - before, end - before, id));
                    anchors.each(text.as_bytes(), 0, cut, &mut give);
                    anchors.each(text.as_bytes(), cut, text.len(), &mut give);
                    found.sort_unstable();
                    assert_eq!(found, [(0, 3, 0), (0, 4, 4), (5, 8, 1), (8, 13, 2), (13, 16, 3)], "cut at {cut}");
                }
            }
        }
        anchors.each(b"", 0, 0, |_, _, _| unreachable!());
        anchors.each(b"ab", 0, 2, |_, _, _| unreachable!());
    }
}
