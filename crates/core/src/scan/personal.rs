//! Personal data: e-mail addresses, numbers of cards, accounts and telephones.

use memchr::memchr;

use super::checksum::{luhn, mod97};
use super::class::{ALNUM, ALNUM_HYPHEN, BEGINS, DIGIT, LETTER, MAIL_HOST, MAIL_LOCAL, Text, UPPER, WORD};
use super::found::{Found, Hit};

/// The rules here, in the order of their entries in the table of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Personal {
    Card,
    Iban,
    Phone,
    Email,
}

/// Which rule has which index.
#[derive(Debug, Clone, Copy)]
pub(super) struct Indices {
    pub(super) card: Option<u16>,
    pub(super) iban: Option<u16>,
    pub(super) phone: Option<u16>,
    pub(super) email: Option<u16>,
}

/// Longest local part (RFC 5321, 4.5.3.1.1).
const LOCAL: usize = 64;
/// Longest host (RFC 5321, 4.5.3.1.2).
const HOST: usize = 255;

/// Names that RFC 2606 and RFC 6761 keep for documentation and tests: nobody's address.
pub(super) const RESERVED: &[&str] =
    &["example.com", "example.org", "example.net", "example.edu", "localhost", "example", "test", "invalid", "local"];

/// Local parts that are nobody.
const NOBODY: &[&str] = &["git", "noreply", "no-reply", "donotreply", "postmaster", "nobody"];

/// Looks at each `@` in `from..to`.
pub(super) fn emails(text: &mut Text<'_>, from: usize, to: usize, rule: u16, found: &mut Found) {
    let mut at = from;
    while let Some(place) = text.bytes.get(at..to).and_then(|rest| memchr(b'@', rest)).map(|ahead| at + ahead) {
        at = place + 1;
        let start = text.run_start(place, MAIL_LOCAL, LOCAL + 1);
        let local = text.slice(start, place);
        if local.is_empty() || local.len() > LOCAL {
            continue;
        }
        let dots = local.iter().take_while(|&&byte| !ALNUM.has(byte)).count();
        let (start, local) = (start + dots, &local[dots..]);
        if local.is_empty() || !ALNUM.has(local[local.len() - 1]) {
            continue;
        }
        let run = text.run_end(place + 1, MAIL_HOST, HOST + 1);
        let host = text.slice(place + 1, run);
        let Some(length) = host_length(host) else { continue };
        let end = place + 1 + length;
        if text.is(end, WORD) || text.byte(end) == Some(b'@') {
            continue;
        }
        let host = host[..length].to_ascii_lowercase();
        let name = local.to_ascii_lowercase();
        let reserved = RESERVED.iter().any(|reserved| {
            host.strip_suffix(reserved.as_bytes()).is_some_and(|before| before.is_empty() || before.ends_with(b"."))
        });
        if !reserved && !in_authority(text, start) && !NOBODY.iter().any(|nobody| name == nobody.as_bytes()) {
            found.push(Hit { rule, start, end });
        }
    }
}

/// Whether what begins at `start` is the user information of a URL: `//user@`, `//user:password@`.
fn in_authority(text: &Text<'_>, start: usize) -> bool {
    let user = match start.checked_sub(1).and_then(|at| text.byte(at)) {
        Some(b':') => text.run_start(start - 1, MAIL_LOCAL, LOCAL),
        _ => start,
    };
    user >= 2 && text.starts(user - 2, "//")
}

/// Endings of files that are no top-level domain: `@2x.png`, `ca@valencia.po`, `left-pad@1.3.0.tgz`.
const FILES: &[&[u8]] = &[
    b"png", b"jpg", b"jpeg", b"gif", b"svg", b"webp", b"js", b"mjs", b"jsx", b"ts", b"tsx", b"css", b"html", b"json",
    b"xml", b"yml", b"yaml", b"toml", b"txt", b"po", b"tgz", b"gz", b"tar", b"jar", b"whl", b"deb", b"woff", b"ttf",
    b"service",
];
/// Endings of files that are a country's too: `user@1.2.rs` is a version.
const COUNTRIES: &[&[u8]] = &[b"rs", b"py", b"so"];

/// Length of the host at the start of `run`: labels, of which the last is two letters or more.
fn host_length(run: &[u8]) -> Option<usize> {
    let mut end = run.len().min(HOST);
    while end > 0 && matches!(run[end - 1], b'.' | b'-') {
        end -= 1;
    }
    let host = &run[..end];
    let mut labels = 0;
    let (mut before, mut last): (&[u8], &[u8]) = (&[], &[]);
    for label in host.split(|&byte| byte == b'.') {
        if label.is_empty() || label.len() > 63 || label[0] == b'-' || label[label.len() - 1] == b'-' {
            return None;
        }
        labels += 1;
        (before, last) = (last, label);
    }
    let top = (2..=24).contains(&last.len()) && last.iter().all(|&byte| LETTER.has(byte));
    let file = FILES.contains(&last) || (COUNTRIES.contains(&last) && before.first().is_some_and(u8::is_ascii_digit));
    (labels >= 2 && top && !file).then_some(end)
}

/// A stretch of text with fewer digits than this holds no number that is looked for.
const DENSE: u8 = 5;
/// Length of such a stretch.
const STRETCH: usize = 32;
/// How far before a dense stretch a number can begin.
const BEFORE: usize = 40;

/// Looks at each number in `from..to`, of which numbers were read up to `done` already; gives how far they were read.
pub(super) fn numbers(
    text: &Text<'_>,
    from: usize,
    to: usize,
    done: usize,
    rules: Indices,
    found: &mut Found,
) -> usize {
    let (mut from, mut done) = (from, done);
    for stretch in text.slice(from, to).chunks(STRETCH) {
        // Of a length that is known, so that it is counted many bytes at a time.
        let digits = stretch.first_chunk::<STRETCH>().map_or(DENSE, count_digits);
        let end = from + stretch.len();
        if digits >= DENSE {
            done = numbers_in(text, done.max(from.saturating_sub(BEFORE)), end, rules, found).max(done);
        }
        from = end;
    }
    done
}

fn count_digits(stretch: &[u8; STRETCH]) -> u8 {
    stretch.iter().fold(0, |count: u8, byte| count.wrapping_add(u8::from(byte.wrapping_sub(b'0') < 10)))
}

/// Looks at each number that begins in `from..to`; gives how far the text was read.
fn numbers_in(text: &Text<'_>, from: usize, to: usize, rules: Indices, found: &mut Found) -> usize {
    let mut at = from;
    // In the middle of a word: go on behind it.
    while at > 0 && at < to && text.is(at - 1, ALNUM) && text.is(at, ALNUM) {
        at += 1;
    }
    loop {
        let Some(ahead) = text.bytes.get(at..to).and_then(|rest| rest.iter().position(|&byte| BEGINS.has(byte))) else {
            return to;
        };
        at += ahead;
        let found_here = if DIGIT.has(text.bytes[at]) {
            iban_before(text, at)
                .map(|(start, end)| (rules.iban, start, end))
                .or_else(|| free(text, at).then(|| card(text, at).map(|end| (rules.card, at, end)))?)
                .or_else(|| free(text, at).then(|| phone_na(text, at).map(|end| (rules.phone, at, end)))?)
        } else if at == 0 || !WORD.has(text.bytes[at - 1]) {
            let end = if text.bytes[at] == b'+' { phone_e164(text, at) } else { phone_na(text, at) };
            end.map(|end| (rules.phone, at, end))
        } else {
            None
        };
        if let Some((rule, start, end)) = found_here {
            if let Some(rule) = rule {
                found.push(Hit { rule, start, end });
            }
            at = end;
        } else if DIGIT.has(text.bytes[at]) {
            at = text.bytes[at..]
                .iter()
                .take(STRETCH * 2)
                .position(|&byte| !DIGIT.has(byte))
                .map_or(at + STRETCH * 2, |len| at + len);
        } else {
            at += 1;
        }
    }
}

/// Whether a number can begin at `at`.
fn free(text: &Text<'_>, at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|place| text.bytes[place]) else { return true };
    !(WORD.has(before)
        || matches!(before, b'.' | b'-' | b'/' | b'#' | b'%' | b'=' | b':' | b',') && !free_sign(text, at))
}

/// The account number whose check digits begin at `at`.
fn iban_before(text: &Text<'_>, at: usize) -> Option<(usize, usize)> {
    let start = at.checked_sub(2)?;
    let country = text.is(start, UPPER) && text.is(start + 1, UPPER) && text.is(at + 1, DIGIT);
    (country && (start == 0 || !text.is(start - 1, WORD))).then(|| iban(text, start).map(|end| (start, end)))?
}

/// Whether the sign before a number only assigns it (`card=4111…`, `tel:…`, `a,4111…`), and isn't part of a longer number.
fn free_sign(text: &Text<'_>, at: usize) -> bool {
    let sign = text.bytes[at - 1];
    matches!(sign, b'=' | b':' | b',' | b'/' | b'#') && !(at >= 2 && DIGIT.has(text.bytes[at - 2]))
}

/// Longest number with its separators.
const LONGEST: usize = 42;

/// Digits with separators between them: the digits, and the lengths of the groups.
struct Groups {
    digits: [u8; 34],
    count: usize,
    groups: [u8; 12],
    group: usize,
    separator: Option<u8>,
    end: usize,
}

/// Reads groups of digits with one kind of single separator, as far as they go.
fn groups(text: &Text<'_>, start: usize, separators: &[u8], max_digits: usize) -> Option<Groups> {
    let mut read = Groups { digits: [0; 34], count: 0, groups: [0; 12], group: 0, separator: None, end: start };
    let mut at = start;
    while at < start + LONGEST {
        match text.byte(at) {
            Some(byte) if DIGIT.has(byte) => {
                if read.count >= max_digits.min(34) {
                    return None;
                }
                read.digits[read.count] = byte;
                read.count += 1;
                read.groups[read.group] += 1;
                at += 1;
                read.end = at;
            }
            Some(byte) if separators.contains(&byte) && text.is(at + 1, DIGIT) && read.groups[read.group] > 0 => {
                if read.separator.is_some_and(|other| other != byte) || read.group + 1 >= read.groups.len() {
                    break;
                }
                read.separator = Some(byte);
                read.group += 1;
                at += 1;
            }
            _ => break,
        }
    }
    Some(read)
}

/// Whether a number may end at `end`: no letter, digit or decimals follow.
fn ends(text: &Text<'_>, end: usize) -> bool {
    match text.byte(end) {
        Some(byte) if WORD.has(byte) => false,
        Some(b'.' | b'-' | b',' | b'/') => !text.is(end + 1, ALNUM),
        _ => true,
    }
}

/// The end of the card number that begins at `at`.
///
/// Sources: ISO/IEC 7812-1 (Luhn); the networks' published ranges of issuer identification numbers.
fn card(text: &Text<'_>, at: usize) -> Option<usize> {
    if text.byte(at) == Some(b'0') {
        return None;
    }
    let read = groups(text, at, b" -", 19)?;
    let digits = &read.digits[..read.count];
    let lengths = &read.groups[..=read.group];
    let grouped = match read.separator {
        None => true,
        Some(_) => matches!(lengths, [4, 4, 4, 4] | [4, 6, 5] | [4, 6, 4] | [4, 4, 4, 4, 3]),
    };
    let distinct = digits.iter().fold(0_u16, |seen, digit| seen | 1 << (digit.wrapping_sub(b'0') & 15)).count_ones();
    (grouped && distinct > 1 && issued(digits) && luhn(digits) && ends(text, read.end)).then_some(read.end)
}

/// Whether a network has numbers that begin so and are so long.
fn issued(digits: &[u8]) -> bool {
    if digits.len() < 13 {
        return false;
    }
    let head = digits[..6].iter().fold(0_u32, |head, digit| head * 10 + u32::from(digit - b'0'));
    let length = digits.len();
    match head {
        340_000..=349_999 | 370_000..=379_999 => length == 15,
        300_000..=305_999 | 309_500..=309_599 | 360_000..=369_999 | 380_000..=399_999 => length == 14,
        352_800..=358_999 => (16..=19).contains(&length),
        400_000..=499_999 => matches!(length, 16 | 19),
        510_000..=559_999 | 222_100..=272_099 => length == 16,
        601_100..=601_199 | 644_000..=659_999 => matches!(length, 16 | 19),
        620_000..=629_999 | 810_000..=817_199 => matches!(length, 16..=19),
        220_000..=220_499 => matches!(length, 16..=19),
        501_800..=501_899
        | 502_000..=502_099
        | 503_800..=503_899
        | 589_300..=589_399
        | 630_400..=630_499
        | 675_900..=675_999
        | 676_100..=676_399 => matches!(length, 13..=19),
        _ => false,
    }
}

/// Lengths of account numbers by country. Source: ISO 13616, IBAN registry of SWIFT.
const IBANS: &[(&[u8; 2], u8)] = &[
    (b"AD", 24),
    (b"AE", 23),
    (b"AL", 28),
    (b"AT", 20),
    (b"AZ", 28),
    (b"BA", 20),
    (b"BE", 16),
    (b"BG", 22),
    (b"BH", 22),
    (b"BI", 27),
    (b"BR", 29),
    (b"BY", 28),
    (b"CH", 21),
    (b"CR", 22),
    (b"CY", 28),
    (b"CZ", 24),
    (b"DE", 22),
    (b"DJ", 27),
    (b"DK", 18),
    (b"DO", 28),
    (b"EE", 20),
    (b"EG", 29),
    (b"ES", 24),
    (b"FI", 18),
    (b"FK", 18),
    (b"FO", 18),
    (b"FR", 27),
    (b"GB", 22),
    (b"GE", 22),
    (b"GI", 23),
    (b"GL", 18),
    (b"GR", 27),
    (b"GT", 28),
    (b"HN", 28),
    (b"HR", 21),
    (b"HU", 28),
    (b"IE", 22),
    (b"IL", 23),
    (b"IQ", 23),
    (b"IS", 26),
    (b"IT", 27),
    (b"JO", 30),
    (b"KW", 30),
    (b"KZ", 20),
    (b"LB", 28),
    (b"LC", 32),
    (b"LI", 21),
    (b"LT", 20),
    (b"LU", 20),
    (b"LV", 21),
    (b"LY", 25),
    (b"MC", 27),
    (b"MD", 24),
    (b"ME", 22),
    (b"MK", 19),
    (b"MN", 20),
    (b"MR", 27),
    (b"MT", 31),
    (b"MU", 30),
    (b"NI", 28),
    (b"NL", 18),
    (b"NO", 15),
    (b"OM", 23),
    (b"PK", 24),
    (b"PL", 28),
    (b"PS", 29),
    (b"PT", 25),
    (b"QA", 29),
    (b"RO", 24),
    (b"RS", 22),
    (b"RU", 33),
    (b"SA", 24),
    (b"SC", 31),
    (b"SD", 18),
    (b"SE", 24),
    (b"SI", 19),
    (b"SK", 24),
    (b"SM", 27),
    (b"SO", 23),
    (b"ST", 25),
    (b"SV", 28),
    (b"TL", 23),
    (b"TN", 24),
    (b"TR", 26),
    (b"UA", 29),
    (b"VA", 22),
    (b"VG", 24),
    (b"XK", 20),
    (b"YE", 30),
];

/// The end of the account number that begins at `at`, in one piece or in groups of four.
fn iban(text: &Text<'_>, at: usize) -> Option<usize> {
    let country = text.slice(at, at + 2);
    let length = IBANS.iter().find(|(of, _)| of.as_slice() == country).map(|&(_, length)| usize::from(length))?;
    let mut number = [0_u8; 34];
    let mut count = 0;
    let mut place = at;
    while count < length {
        let byte = text.byte(place)?;
        if byte == b' ' && count % 4 == 0 && text.is(place + 1, ALNUM) {
            place += 1;
            continue;
        }
        if !(DIGIT.has(byte) || UPPER.has(byte)) {
            return None;
        }
        number[count] = byte;
        count += 1;
        place += 1;
    }
    (!text.is(place, WORD) && mod97(&number[..length])).then_some(place)
}

/// Least and most digits of an international number (ITU-T E.164).
const E164: std::ops::RangeInclusive<usize> = 9..=15;

/// The end of `+CC …`.
fn phone_e164(text: &Text<'_>, at: usize) -> Option<usize> {
    let mut digits = 0_usize;
    let mut separators = 0_usize;
    let mut end = at + 1;
    let mut place = at + 1;
    if !text.is(place, DIGIT) || text.byte(place) == Some(b'0') {
        return None;
    }
    let mut open = false;
    while place < at + LONGEST {
        match text.byte(place)? {
            byte if DIGIT.has(byte) => {
                digits += 1;
                end = place + 1;
            }
            b' ' | b'-' | b'.' if place == end && (separators > 0 || digits <= 4) => separators += 1,
            b'(' if !open => open = true,
            b')' if open && place == end => open = false,
            b' ' | b'-' if text.byte(place - 1) == Some(b')') => {}
            _ => break,
        }
        place += 1;
        if place >= text.bytes.len() {
            break;
        }
    }
    (E164.contains(&digits) && separators <= 6 && ends(text, end)).then_some(end)
}

/// The end of a North American number: `(555) 555-0123`, `555-555-0123`. Source: NANP, area code and exchange are 2–9 and two digits.
fn phone_na(text: &Text<'_>, at: usize) -> Option<usize> {
    let digits = |from: usize, count: usize| (from..from + count).all(|place| text.is(place, DIGIT));
    let leads = |from: usize| text.byte(from).is_some_and(|byte| (b'2'..=b'9').contains(&byte));
    let (area, separator) = if text.byte(at) == Some(b'(') {
        let close = at + 4;
        if text.byte(close) != Some(b')') {
            return None;
        }
        let after = if text.byte(close + 1) == Some(b' ') { close + 2 } else { close + 1 };
        (at + 1, after)
    } else {
        if !matches!(text.byte(at + 3), Some(b'-' | b'.')) || text.byte(at + 3) != text.byte(at + 7) {
            return None;
        }
        (at, at + 4)
    };
    let exchange = separator;
    let end = exchange + 8;
    let fits = leads(area)
        && digits(area, 3)
        && leads(exchange)
        && digits(exchange, 3)
        && matches!(text.byte(exchange + 3), Some(b'-' | b'.' | b' '))
        && digits(exchange + 4, 4)
        && !text.is(end, ALNUM_HYPHEN)
        && ends(text, end);
    fits.then_some(end)
}
