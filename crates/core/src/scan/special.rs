//! Formats that need more than a shape: private keys, JWTs, user information in URLs, headers, images that carry data off.

use memchr::memmem;

use super::checksum::entropy;
use super::class::{
    ALNUM, ALNUM_HYPHEN, ANY64_PAD, BEARER, BLANKS, DIGIT, MAIL_HOST, NAME, QUOTE_SPACE, SPACE, Text, URL_PART, URL64,
    URL64_PAD, WORD,
};
use super::personal::RESERVED;
use crate::wire::base64::{NO_DIGIT, VALUES};

/// The rules here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Special {
    PrivateKey,
    Jwt,
    ConnectionString,
    UrlCredentials,
    Authorization,
    CurlHeader,
    CurlUser,
    RegistryAuth,
    PathTraversal,
    FacebookToken,
    ImageUrl,
}

/// How each is found.
pub(super) const ANCHORS: &[(Special, &[&str])] = &[
    (Special::PrivateKey, &["-----BEGIN"]),
    (Special::Jwt, &[".ey"]),
    (Special::ConnectionString, &["://"]),
    (Special::UrlCredentials, &["://"]),
    (Special::Authorization, &["authorization", "x-api-key", "api-key\":", "bearer "]),
    (Special::CurlHeader, &["-h \"", "-h '", "--header \"", "--header '", "--header=", "-h  "]),
    (Special::CurlUser, &["-u ", "--user ", "--user="]),
    (Special::RegistryAuth, &["\"auth\":", "\"auth\" :"]),
    (
        Special::PathTraversal,
        &[
            "/etc/passwd",
            "/etc/shadow",
            "/etc/hosts",
            "/proc/self",
            "/windows/",
            "\\windows\\",
            "/winnt",
            "\\winnt",
            "/boot.ini",
            "\\boot.ini",
            "/var/log/",
            "/.ssh/",
            "/.env",
            concat!("/ro", "ot/."),
        ],
    ),
    (Special::FacebookToken, &["facebook"]),
    (Special::ImageUrl, &["](http", "<img"]),
];

impl Special {
    /// The place of what stands at the anchor `start..end`.
    pub(super) fn find(self, text: &mut Text<'_>, start: usize, end: usize) -> Option<(usize, usize)> {
        match self {
            Self::PrivateKey => private_key(text, start, end),
            Self::Jwt => jwt(text, start),
            Self::ConnectionString => user_information(text, start, end, true),
            Self::UrlCredentials => user_information(text, start, end, false),
            Self::Authorization => authorization(text, start, end),
            Self::CurlHeader => curl_header(text, end),
            Self::CurlUser => curl_user(text, start, end),
            Self::RegistryAuth => registry_auth(text, end),
            Self::PathTraversal => path_traversal(text, start, end),
            Self::FacebookToken => facebook_token(text, end),
            Self::ImageUrl => image(text, start, end),
        }
    }
}

/// Longest armoured key, in bytes.
const ARMOURED: usize = 64 * 1024;
/// Least base64 in one.
const KEY: usize = 32;

/// RFC 7468, RFC 4880 section 6.2, and OpenSSH's own form; line ends may be escaped (`\n`).
fn private_key(text: &mut Text<'_>, start: usize, end: usize) -> Option<(usize, usize)> {
    let label = text.slice(end, end + 100);
    let dashes = memmem::find(label, b"-----")?;
    let label = &label[..dashes];
    memmem::find(label, b"PRIVATE KEY")?;
    if !label.iter().all(|&byte| WORD.has(byte) || matches!(byte, b' ' | b'-')) {
        return None;
    }
    let body = end + dashes + 5;
    let rest = text.slice(body, text.bytes.len().min(body + ARMOURED));
    // No armour holds five hyphens.
    let closed =
        memmem::find(rest, b"-----").filter(|&length| rest[length..].starts_with(b"-----END")).and_then(|length| {
            let tail = &rest[length..rest.len().min(length + 120)];
            let close = memmem::find(tail, b"KEY")
                .map(|at| at + memmem::find(&tail[at..], b"-----").map_or(3, |dashes| dashes + 5))?;
            Some((length, length + close))
        });
    // Not closed: as far as base64 goes on.
    let (length, whole) = closed.unwrap_or_else(|| {
        let length = rest
            .iter()
            .position(|&byte| !(ANY64_PAD.has(byte) || matches!(byte, b'\n' | b'\r' | b'\\' | b'"')))
            .unwrap_or(rest.len());
        (length, length)
    });
    let armour = &rest[..length];
    // AWS's documentation has armour that begins so.
    let example = armour.iter().position(|&byte| ALNUM.has(byte)).is_some_and(|at| {
        let at = if armour[..at].ends_with(b"\\") { at + 1 } else { at };
        armour[at..].starts_with(b"EXAMPLE")
    });
    let holds = !example && armour.split(|&byte| !ANY64_PAD.has(byte)).any(|run| run.len() >= KEY);
    holds.then_some((start, body + whole))
}

/// RFC 7519: two objects in base64url and a signature. `ey` is how `{"` begins in base64.
fn jwt(text: &mut Text<'_>, dot: usize) -> Option<(usize, usize)> {
    let start = text.run_start(dot, URL64, 4096);
    let header = text.slice(start, dot);
    // In an escape: `\neyJ…`.
    let start = if text.begins(start) && header.starts_with(b"ey") {
        start
    } else {
        start + memmem::find(header, b"ey").filter(|&at| text.begins(start + at) || at == 1)?
    };
    let payload = text.run_end(dot + 1, URL64, ARMOURED);
    if dot - start < 10 || payload - dot < 17 {
        return None;
    }
    let end =
        if text.byte(payload) == Some(b'.') { text.run_end(payload + 1, URL64_PAD, ARMOURED) } else { return None };
    Some((start, end))
}

/// Schemes whose user information is a password of a database or a queue.
const DATABASES: &[&str] = &[
    "postgres",
    "postgresql",
    "mysql",
    "mysql2",
    "mariadb",
    "mongodb",
    "mongodb+srv",
    "redis",
    "rediss",
    "amqp",
    "amqps",
    "mssql",
    "sqlserver",
    "oracle",
    "clickhouse",
    "cockroachdb",
    "cassandra",
    "neo4j",
    "bolt",
    "snowflake",
    "ldap",
    "ldaps",
    "smtp",
    "smtps",
    "imap",
    "imaps",
    "nats",
    "kafka",
    "jdbc",
    "couchdb",
    "influxdb",
    "db2",
];

/// What stands for a password in documentation.
const PLACEHOLDERS: &[&str] = &[
    "password",
    "passwd",
    "pass",
    "pwd",
    "secret",
    "token",
    "user",
    "username",
    "example",
    "changeme",
    "xxx",
    "***",
    "...",
    "key",
    "root",
    "admin",
    "test",
    "postgres",
    "guest",
    "mypass",
    "hunter2",
    "foo",
    "bar",
    "baz",
    "host",
    "port",
    "credentials",
    "string",
    "your",
    "redacted",
    "p4ss",
    "pw",
    "s3cret",
    "hidden",
    "x-oauth-basic",
    "anonymous",
];

/// Longest user information.
const USER_INFORMATION: usize = 512;

/// RFC 3986 section 3.2.1: `scheme://user:password@host`.
fn user_information(text: &mut Text<'_>, start: usize, end: usize, database: bool) -> Option<(usize, usize)> {
    let scheme_start = (start.saturating_sub(16)..start)
        .rev()
        .take_while(|&at| ALNUM.has(text.bytes[at]) || matches!(text.bytes[at], b'+' | b'-' | b'.'))
        .last()?;
    let scheme = text.slice(scheme_start, start).to_ascii_lowercase();
    let is_database = DATABASES.iter().any(|of| {
        of.as_bytes() == scheme || scheme.strip_prefix(of.as_bytes()).is_some_and(|rest| rest.first() == Some(&b'+'))
    });
    if is_database != database || scheme == b"cvs" {
        return None;
    }
    let ends = |byte: u8| !URL_PART.has(byte) || b"/?#@<>{}[]()|,".contains(&byte);
    let stop = text.slice(end, end + USER_INFORMATION).iter().position(|&byte| ends(byte))?;
    let at = end + stop;
    if text.byte(at) != Some(b'@') || !text.is(at + 1, ALNUM) {
        return None;
    }
    let information = text.slice(end, at);
    if is_reserved(text.slice(at + 1, at + 1 + HOST)) {
        return None;
    }
    let colon = information.iter().position(|&byte| byte == b':');
    let (user, password) = match colon {
        Some(colon) => (&information[..colon], &information[colon + 1..]),
        // A token alone.
        None if !database
            && information.len() >= 20
            && entropy(information) >= 3.5
            && information.iter().any(u8::is_ascii_digit) =>
        {
            (&information[..0], information)
        }
        None => return None,
    };
    (password.len() >= 3 && password != user && !is_placeholder(password)).then_some((end, at))
}

/// Longest host that is compared.
const HOST: usize = 64;

/// Whether a text begins with a host that nobody has.
fn is_reserved(rest: &[u8]) -> bool {
    let end = rest.iter().position(|&byte| !MAIL_HOST.has(byte)).unwrap_or(rest.len());
    let host = rest[..end].to_ascii_lowercase();
    RESERVED
        .iter()
        .any(|of| host.strip_suffix(of.as_bytes()).is_some_and(|before| before.is_empty() || before.ends_with(b".")))
}

fn is_placeholder(password: &[u8]) -> bool {
    let lower = password.to_ascii_lowercase();
    let one_byte = password.iter().all(|byte| *byte == password[0]);
    one_byte
        || matches!(password[0], b'$' | b'%' | b'*' | b'<')
        || (matches!(password[0], b'{' | b'[') && !password.iter().any(u8::is_ascii_digit))
        || PLACEHOLDERS.iter().any(|of| {
            let rest = lower.strip_prefix(of.as_bytes()).or_else(|| lower.strip_suffix(of.as_bytes()));
            rest.is_some_and(|rest| {
                rest.iter().all(|&byte| !byte.is_ascii_alphanumeric() || byte.is_ascii_digit()) && rest.len() <= 4
            })
        })
        || lower.starts_with(b"your")
        || lower.starts_with(b"my")
}

/// Longest value of a header that is looked at.
const HEADER: usize = 4096;

/// RFC 9110 section 11.6.2, RFC 6750; `x-api-key` as the vendors of models use it.
fn authorization(text: &mut Text<'_>, start: usize, end: usize) -> Option<(usize, usize)> {
    if start > 0 && text.is(start - 1, WORD) {
        return None;
    }
    let mut at = end;
    let bearer = text.starts_any_case(start, "bearer ");
    if !bearer {
        let quotes = text.run_end(at, QUOTE_SPACE, 3);
        at = match text.byte(quotes) {
            Some(b':' | b'=' | b',') => text.run_end(quotes + 1, QUOTE_SPACE, 4),
            // The anchor may hold the colon.
            _ if text.byte(end - 1) == Some(b':') => quotes,
            _ => return None,
        };
        let scheme = text.run_end(at, ALNUM_HYPHEN, 12);
        if text.is(scheme, BLANKS) && scheme > at {
            at = text.run_end(scheme, BLANKS, 4);
        }
    }
    let stop = text.run_end(at, BEARER, HEADER);
    let value = text.slice(at, stop);
    let least = if bearer { 20 } else { 12 };
    let random =
        value.iter().any(u8::is_ascii_digit) && value.iter().any(u8::is_ascii_alphabetic) && entropy(value) >= 3.2;
    (value.len() >= least && (random || is_pair(value)) && !is_placeholder(value)).then_some((at, stop))
}

/// Longest pair of a user and a password, in base64.
const PAIR: usize = 512;

/// `"auth": "…"` of Docker's `config.json`: user and password in base64.
fn registry_auth(text: &mut Text<'_>, end: usize) -> Option<(usize, usize)> {
    let at = text.run_end(end, QUOTE_SPACE, 4);
    let stop = text.run_end(at, ANY64_PAD, PAIR);
    is_pair(text.slice(at, stop)).then_some((at, stop))
}

/// Whether base64 is a user, a colon and a password (RFC 7617).
fn is_pair(value: &[u8]) -> bool {
    let digits = value.strip_suffix(b"==").or_else(|| value.strip_suffix(b"=")).unwrap_or(value);
    if digits.len() < 8 || digits.len() > PAIR {
        return false;
    }
    let (mut bits, mut count, mut colon) = (0_u32, 0, false);
    for &digit in digits {
        let six = VALUES[usize::from(digit)];
        if six == NO_DIGIT {
            return false;
        }
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            let byte = bits >> count & 0xff;
            if !(0x20..0x7f).contains(&byte) {
                return false;
            }
            colon |= byte == u32::from(b':');
        }
    }
    colon
}

/// Names of headers that carry credentials hold one of these.
const CARRIERS: &[&str] = &["auth", "key", "token", "secret", "cookie"];

/// `-H 'X-Api-Token: …'`.
fn curl_header(text: &mut Text<'_>, end: usize) -> Option<(usize, usize)> {
    let name = text.run_end(end, QUOTE_SPACE, 3);
    let name_end = text.run_end(name, ALNUM_HYPHEN, 40);
    let lower = text.slice(name, name_end).to_ascii_lowercase();
    if text.byte(name_end) != Some(b':') || !CARRIERS.iter().any(|of| memmem::find(&lower, of.as_bytes()).is_some()) {
        return None;
    }
    let mut at = text.run_end(name_end + 1, BLANKS, 5);
    let scheme = text.run_end(at, ALNUM_HYPHEN, 12);
    if text.is(scheme, BLANKS) && scheme > at {
        at = text.run_end(scheme, BLANKS, 5);
    }
    let stop = text.run_end(at, BEARER, HEADER);
    let value = text.slice(at, stop);
    (value.len() >= 8 && entropy(value) >= 2.75 && value.iter().any(u8::is_ascii_digit) && !is_placeholder(value))
        .then_some((at, stop))
}

/// Longest user and password; a longer one isn't taken apart.
const USER: usize = 128;
/// How far before its user `curl` may stand.
const COMMAND: usize = 512;

/// `curl -u user:password`.
fn curl_user(text: &mut Text<'_>, start: usize, end: usize) -> Option<(usize, usize)> {
    if start == 0 || !text.is(start - 1, SPACE) {
        return None;
    }
    let at = text.run_end(end, BLANKS, 5);
    let quote = text.byte(at).filter(|byte| matches!(byte, b'"' | b'\''));
    let at = at + usize::from(quote.is_some());
    let rest = text.slice(at, at + USER);
    let length = rest
        .iter()
        .position(|&byte| quote.map_or_else(|| SPACE.has(byte) || matches!(byte, b'"' | b'\''), |quote| byte == quote))
        .or((rest.len() < USER).then_some(rest.len()))?;
    // Each half quoted by itself: `"user":"password"`.
    let second = rest.get(length + 1..).filter(|_| quote.is_some()).and_then(|behind| {
        let half = behind.strip_prefix(b":\"").or_else(|| behind.strip_prefix(b":'"))?;
        half.iter().position(|byte| Some(*byte) == quote)
    });
    let length = length + second.map_or(0, |second| second + 3);
    let value = &rest[..length];
    let colon = value.iter().position(|&byte| byte == b':')?;
    let trim = |part: &'_ [u8]| part.iter().filter(|&&byte| Some(byte) != quote).copied().collect::<Vec<u8>>();
    let (user, password) = (trim(&value[..colon]), trim(&value[colon + 1..]));
    let secret = if password.is_empty() { &user } else { &password };
    let curl = memmem::rfind(text.slice(start.saturating_sub(COMMAND), start), b"curl").is_some();
    (curl
        && secret.len() >= 3
        && user != password
        && !value.starts_with(b"$")
        && !is_placeholder(secret)
        && entropy(value) >= 2.0)
        .then_some((at, at + length))
}

/// Least steps out of a folder.
const STEPS: usize = 2;

/// `../../etc/passwd`, with slashes of either kind. Escaped ones are seen without their escapes.
fn path_traversal(text: &Text<'_>, start: usize, end: usize) -> Option<(usize, usize)> {
    let mut from = start + 1;
    let mut steps = 0;
    while from >= 3 && (text.starts(from - 3, "../") || text.starts(from - 3, "..\\")) && steps < 64 {
        from -= 3;
        steps += 1;
    }
    (steps >= STEPS).then_some((from, end))
}

/// `ID|SECRET` of an application, near the name.
fn facebook_token(text: &mut Text<'_>, end: usize) -> Option<(usize, usize)> {
    let gap = text.slice(end, end + 32).iter().position(u8::is_ascii_digit)?;
    let start = end + gap;
    let bar = text.run_end(start, DIGIT, 17);
    let behind = bar
        + if text.byte(bar) == Some(b'|') {
            1
        } else if text.starts(bar, "%7C") {
            3
        } else {
            return None;
        };
    let stop = text.run_end(behind, URL64, 40);
    let secret = text.slice(behind, stop);
    (matches!(bar - start, 15 | 16) && secret.len() >= 27 && entropy(secret) >= 3.0).then_some((start, stop))
}

/// Longest alternative text, and longest address of an image.
const ALTERNATIVE: usize = 256;
const ADDRESS: usize = 4096;
/// Least length of a value in the query of such an address for it to be taken for data.
const CARRIED: usize = 32;

/// `![…](https://host/?q=DATA)` and `<img src="https://host/?q=DATA">`: a client that shows the answer sends the data off.
fn image(text: &mut Text<'_>, start: usize, end: usize) -> Option<(usize, usize)> {
    let (start, address) = if text.starts(start, "](") {
        let alternative = text.slice(start.saturating_sub(ALTERNATIVE), start);
        let length = alternative.iter().rev().position(|byte| matches!(byte, b']' | b'[' | b'\n'))?;
        let open = start.checked_sub(length + 2).filter(|&open| text.starts(open, "!["))?;
        (open, start + 2)
    } else {
        let tag = text.slice(end, end + ALTERNATIVE);
        let stop = tag.iter().position(|byte| matches!(byte, b'<' | b'>')).unwrap_or(tag.len());
        let source = memmem::find(&tag[..stop], b"src=")?;
        (start, text.run_end(end + source + 4, QUOTE_SPACE, 1))
    };
    if !text.starts_any_case(address, "http://") && !text.starts_any_case(address, "https://") {
        return None;
    }
    let stop = text
        .slice(address, address + ADDRESS)
        .iter()
        .position(|&byte| SPACE.has(byte) || matches!(byte, b')' | b'"' | b'\'' | b'>'))
        .map(|length| address + length)?;
    let link = text.slice(address, stop);
    let query = &link[link.iter().position(|&byte| byte == b'?')?..];
    let carries = query.split(|byte| matches!(byte, b'&' | b'?')).any(|part| {
        let value = part.iter().position(|&byte| byte == b'=').map_or(part, |at| &part[at + 1..]);
        value.len() >= CARRIED
            && value.iter().filter(|&&byte| NAME.has(byte) || matches!(byte, b'%' | b'+' | b'=' | b'/')).count()
                == value.len()
            || value.iter().any(|byte| matches!(byte, b'{' | b'}' | b'<' | b'['))
    });
    carries.then_some((start, stop))
}
