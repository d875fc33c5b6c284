//! Invented secrets: of every format that has a public beginning, personal data with right check digits, and such as no rule knows.

/// A stream of numbers that is the same in every run.
#[derive(Debug, Clone)]
pub struct Numbers(pub u64);

impl Numbers {
    /// The next of them, less than `below`.
    pub fn next(&mut self, below: usize) -> usize {
        // Knuth's MMIX constants.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % below
    }

    fn of(&mut self, alphabet: &str, count: usize) -> String {
        (0..count).map(|_| char::from(alphabet.as_bytes()[self.next(alphabet.len())])).collect()
    }
}

const UPPER32: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const ALNUM: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const HEX: &str = "0123456789abcdef";
const DIGITS: &str = "0123456789";

/// What was planted.
#[derive(Debug, Clone)]
pub struct Secret {
    /// As it is.
    pub text: String,
    /// Which bytes of it nobody may know: a format's public beginning and a database's host are none.
    pub private: std::ops::Range<usize>,
    /// Whether a scan knows its format.
    pub is_known: bool,
}

/// One format: makes a secret, and says how many bytes of it are the format's public beginning.
pub type Make = fn(&mut Numbers) -> (String, usize);

/// Keys that are told by their beginning, so that they are kept out of names also where nothing is scanned.
pub const KEYS: &[Make] = &[
    |n| (format!("AKIA{}", n.of(UPPER32, 16)), 4),
    |n| (format!("sk-{}T3BlbkFJ{}", n.of(ALNUM, 20), n.of(ALNUM, 20)), 3),
    |n| (format!("sk-proj-{}T3BlbkFJ{}", n.of(ALNUM, 74), n.of(ALNUM, 74)), 8),
    |n| (format!("sk-ant-api03-{}AA", n.of(ALNUM, 93)), 13),
    |n| (format!("AIza{}", n.of(ALNUM, 35)), 4),
    |n| (format!("glpat-{}", n.of(ALNUM, 20)), 6),
    |n| (format!("xoxb-{}-{}-{}", n.of(DIGITS, 12), n.of(DIGITS, 12), n.of(ALNUM, 24)), 5),
    |n| (format!("sk_live_{}", n.of(ALNUM, 24)), 8),
    |n| (format!("SG.{}.{}", n.of(ALNUM, 22), n.of(ALNUM, 43)), 3),
    |n| (format!("hf_{}", n.of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 34)), 3),
    |n| (format!("gsk_{}", n.of(ALNUM, 52)), 4),
    |n| (format!("r8_{}", n.of(ALNUM, 37)), 3),
    |n| (format!("pplx-{}", n.of(ALNUM, 48)), 5),
    |n| (format!("dop_v1_{}", n.of(HEX, 64)), 7),
    // Header and beginning of the claims are the same in every token.
    |n| (format!("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx{}.{}", n.of(ALNUM, 40), n.of(ALNUM, 43)), 33),
];

/// What only a scan finds.
pub const OTHERS: &[Make] = &[
    |n| (format!("{}.{}@{}.com", n.of(LOWER, 8), n.of(LOWER, 8), n.of(LOWER, 9)), 0),
    |n| (card(n), 0),
    |n| (iban(n), 0),
    |n| (format!("postgres://{}:{}@db.internal:5432/app", n.of(LOWER, 6), n.of(ALNUM, 24)), CONNECTION),
];

/// Where user and password of a connection string begin; they are 31 bytes.
const CONNECTION: usize = 11;

/// Sixteen digits with Luhn's check digit.
fn card(numbers: &mut Numbers) -> String {
    let digits = format!("4539{}", numbers.of(DIGITS, 11));
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(digit - b'0') * if place % 2 == 0 { 2 } else { 1 };
            if digit > 9 { digit - 9 } else { digit }
        })
        .sum();
    let digits = format!("{digits}{}", (10 - sum % 10) % 10);
    match numbers.next(2) {
        0 => digits,
        // In groups, as people write it.
        _ => [&digits[..4], &digits[4..8], &digits[8..12], &digits[12..]].join("-"),
    }
}

/// A German IBAN with its check digits (ISO 7064, MOD 97-10).
fn iban(numbers: &mut Numbers) -> String {
    let account = numbers.of(DIGITS, 18);
    let rest = format!("{account}131400").bytes().fold(0, |rest, digit| (rest * 10 + u32::from(digit - b'0')) % 97);
    format!("DE{:02}{account}", 98 - rest)
}

impl Secret {
    /// A key that is told by its beginning.
    #[must_use]
    pub fn key(numbers: &mut Numbers) -> Self {
        let make = KEYS[numbers.next(KEYS.len())];
        Self::made(make, numbers)
    }

    /// One of that format.
    #[must_use]
    pub fn made(make: Make, numbers: &mut Numbers) -> Self {
        let (text, public) = make(numbers);
        // The same eight characters stand in the middle of every OpenAI key.
        let marker = text.find("T3BlbkFJ").unwrap_or(text.len());
        let end = if public == CONNECTION { CONNECTION + 31 } else { marker };
        Self { text, private: public..end, is_known: true }
    }

    /// Anything: three of four of a format that a scan knows.
    #[must_use]
    pub fn any(numbers: &mut Numbers) -> Self {
        match numbers.next(4) {
            0 => Self { text: numbers.of(ALNUM, 32), private: 0..32, is_known: false },
            1 => Self::made(OTHERS[numbers.next(OTHERS.len())], numbers),
            _ => Self::key(numbers),
        }
    }

    /// An id of a person.
    #[must_use]
    pub fn person(numbers: &mut Numbers) -> Self {
        Self { text: format!("person{}", numbers.of(ALNUM, 18)), private: 6..24, is_known: true }
    }

    /// As base64 writes it.
    #[must_use]
    pub fn base64(&self) -> String {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut out = String::new();
        for group in self.text.as_bytes().chunks(3) {
            let bits = group.iter().fold(0_u32, |bits, byte| (bits << 8) | u32::from(*byte)) << (8 * (3 - group.len()));
            for place in 0..4 {
                let digit = DIGITS[(bits >> (18 - 6 * place)) as usize & 63];
                out.push(if place <= group.len() { char::from(digit) } else { '=' });
            }
        }
        out
    }

    /// As JSON may write it: every character by its number.
    #[must_use]
    pub fn escaped(&self) -> String {
        self.text.chars().map(|char| format!("\\u{:04x}", u32::from(char))).collect()
    }
}
