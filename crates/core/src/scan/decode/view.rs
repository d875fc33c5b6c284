//! A decoded part of a text that knows where it came from.

/// How places of a decoded text are places of the original.
#[derive(Debug)]
enum Places {
    /// From each mark on, byte for byte: (place here, place there).
    Marks(Vec<(usize, usize)>),
    /// Three bytes here are four there, beginning at a place there and ending at most at another.
    Quads { from: usize, skip: usize, to: usize },
}

/// A decoded part of a text.
#[derive(Debug)]
pub(in crate::scan) struct View {
    pub(in crate::scan) text: String,
    places: Places,
}

impl View {
    /// A text that is its original from each mark on.
    pub(super) const fn marked(text: String, marks: Vec<(usize, usize)>) -> Self {
        Self { text, places: Places::Marks(marks) }
    }

    /// What the base64 at `from..to` decodes to, without its first `skip` bytes.
    pub(super) const fn of_quads(text: String, from: usize, skip: usize, to: usize) -> Self {
        Self { text, places: Places::Quads { from, skip, to } }
    }

    /// Which bytes of the original stand for these.
    pub(in crate::scan) fn range(&self, start: usize, end: usize) -> (usize, usize) {
        match &self.places {
            Places::Marks(marks) => {
                let place = |at: usize| {
                    let after = marks.partition_point(|&(here, _)| here <= at);
                    let (here, there) =
                        after.checked_sub(1).and_then(|mark| marks.get(mark)).copied().unwrap_or((0, 0));
                    there + (at - here)
                };
                (place(start), place(end))
            }
            Places::Quads { from, skip, to } => {
                let quad = |at: usize| (at + skip) / 3 * 4;
                (from + quad(start), (from + quad(end + 2)).min(*to))
            }
        }
    }
}
