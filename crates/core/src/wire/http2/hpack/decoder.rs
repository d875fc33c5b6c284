//! Header blocks to fields (RFC 7541, sections 3 and 6).

use bytes::Bytes;

use super::fixed::STATIC;
use super::huffman;
use super::table::Table;

/// A header block that no encoder writes, or that isn't whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

/// Reads the header blocks of one direction of a connection, in their order.
///
/// ```
/// use sidetone_core::wire::http2::hpack::Decoder;
///
/// // We join late: `:method: GET` is in the static table, the second field refers to an entry that we have not seen.
/// let mut decoder = Decoder::from_middle();
/// let mut fields = Vec::new();
/// decoder.decode(&[0x82, 0xbe], |name, value| fields.push((name.map(str::to_owned), value)))?;
/// assert_eq!(fields, [(Some(":method".to_owned()), Some("GET".into())), (None, None)]);
/// # Ok::<(), sidetone_core::wire::http2::hpack::Malformed>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Decoder {
    table: Table,
}

impl std::fmt::Debug for Decoder {
    /// Without its table, which holds what was sent.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder").finish_non_exhaustive()
    }
}

impl Decoder {
    /// For a direction that is seen from its beginning.
    #[must_use]
    pub fn from_start() -> Self {
        Self { table: Table::initial() }
    }

    /// For a direction of which header blocks may have gone by already.
    #[must_use]
    pub fn from_middle() -> Self {
        Self { table: Table::unknown() }
    }

    /// Header blocks, or parts of one, were not seen here.
    pub fn handle_gap(&mut self) {
        self.table.forget();
    }

    /// Bytes that are kept of earlier fields.
    #[must_use]
    pub fn held_bytes(&self) -> usize {
        self.table.held_bytes()
    }

    /// Reads a whole header block and gives its fields: names in lower case, and `None` for what is unknown. Fields
    /// before a malformed part are given too; what follows it is lost, also as the past of later blocks.
    ///
    /// # Errors
    /// [`Malformed`] if the block can't be read to its end.
    pub fn decode(
        &mut self,
        block: &[u8],
        mut field: impl FnMut(Option<&str>, Option<Bytes>),
    ) -> Result<(), Malformed> {
        let mut rest = block;
        while !rest.is_empty() {
            if let Err(malformed) = self.representation(&mut rest, &mut field) {
                self.table.forget();
                return Err(malformed);
            }
        }
        Ok(())
    }

    fn representation(
        &mut self,
        rest: &mut &[u8],
        field: &mut impl FnMut(Option<&str>, Option<Bytes>),
    ) -> Result<(), Malformed> {
        match rest.first().copied().unwrap_or_default() {
            0x80.. => {
                let index = integer(rest, 7)?;
                if let Some((name, value)) = fixed(index)? {
                    field(Some(name), Some(Bytes::from_static(value.as_bytes())));
                } else {
                    let entry = self.table.get(index - STATIC.len() - 1);
                    field(entry.and_then(|entry| entry.name.as_deref()), entry.and_then(|entry| entry.value.clone()));
                }
            }
            0x40.. => {
                let Literal { name, value, value_bytes } = self.literal(rest, 6)?;
                field(name.as_deref(), value.clone());
                self.table.add(name, value, value_bytes);
            }
            0x20.. => {
                let max = integer(rest, 5)?;
                self.table.resize(max);
            }
            _ => {
                let Literal { name, value, .. } = self.literal(rest, 4)?;
                field(name.as_deref(), value);
            }
        }
        Ok(())
    }

    fn literal(&self, rest: &mut &[u8], prefix: u32) -> Result<Literal, Malformed> {
        let name = match integer(rest, prefix)? {
            0 => match string(rest)? {
                Text::Plain(name) => text(name.to_vec()),
                Text::Packed(name) => huffman::decode(name).and_then(text),
            },
            index => match fixed(index)? {
                Some((name, _)) => Some(name.into()),
                None => self.table.get(index - STATIC.len() - 1).and_then(|entry| entry.name.clone()),
            },
        };
        let (value, value_bytes) = match string(rest)? {
            Text::Plain(value) => (Some(Bytes::copy_from_slice(value)), value.len()),
            // What can't be decoded is at most this long: the shortest code has five bits.
            Text::Packed(value) => match huffman::decode(value) {
                Some(value) => {
                    let len = value.len();
                    (Some(Bytes::from(value)), len)
                }
                None => (None, value.len() * 8 / 5),
            },
        };
        Ok(Literal { name, value, value_bytes })
    }
}

/// A field that isn't in the table.
struct Literal {
    name: Option<Box<str>>,
    value: Option<Bytes>,
    value_bytes: usize,
}

/// A name as text in lower case. HTTP/2 has no upper case in names, but one that has it must not go unnoticed.
fn text(name: Vec<u8>) -> Option<Box<str>> {
    let mut name = String::from_utf8(name).ok()?;
    name.make_ascii_lowercase();
    Some(name.into())
}

/// The entry of the static table with that index, `None` if it is one of the dynamic table.
fn fixed(index: usize) -> Result<Option<(&'static str, &'static str)>, Malformed> {
    let index = index.checked_sub(1).ok_or(Malformed)?;
    Ok(STATIC.get(index).copied())
}

/// An integer that begins in the lowest `prefix` bits of the next byte (RFC 7541, section 5.1).
fn integer(rest: &mut &[u8], prefix: u32) -> Result<usize, Malformed> {
    let mask = (1_u8 << prefix) - 1;
    let (first, mut after) = rest.split_first().ok_or(Malformed)?;
    let mut value = u64::from(first & mask);
    if first & mask == mask {
        let mut shift = 0;
        loop {
            let (byte, further) = after.split_first().ok_or(Malformed)?;
            after = further;
            value += u64::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
            if shift > LARGEST_SHIFT {
                return Err(Malformed);
            }
        }
    }
    *rest = after;
    usize::try_from(value).map_err(|_| Malformed)
}

/// Integers have at most this many bits before their last byte: nothing in HPACK is longer than 32 bits.
const LARGEST_SHIFT: u32 = 28;

/// A string as it was written.
enum Text<'a> {
    Plain(&'a [u8]),
    Packed(&'a [u8]),
}

/// A string (RFC 7541, section 5.2).
fn string<'a>(rest: &mut &'a [u8]) -> Result<Text<'a>, Malformed> {
    let is_packed = rest.first().is_some_and(|first| first & 0x80 != 0);
    let len = integer(rest, 7)?;
    let (string, after) = rest.split_at_checked(len).ok_or(Malformed)?;
    *rest = after;
    Ok(if is_packed { Text::Packed(string) } else { Text::Plain(string) })
}
