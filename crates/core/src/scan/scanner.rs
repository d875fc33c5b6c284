//! The scanner: one pass for what formats begin with, and what verifies each place that it gives.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use super::anchors::Anchors;
use super::checksum::{Check, entropy};
use super::class::{ALNUM, Class, NAME_BLANK, QUOTE_SPACE, Text, WORD};
use super::decode;
use super::found::{Found, Hit};
use super::own::{Own, ScannerBuilder};
use super::personal::{self, Indices, Personal};
use super::rule::{Category, Match, Rule, Severity};
use super::shape::{self, Piece};
use super::special::{self, Special};
use super::tokens::{ASSIGNED, Assigned, TOKENS, Token};

/// How many times a decoded text is decoded again.
const DECODED: u8 = 3;

/// How much of a text is looked at with every kind of rule before the next is, in bytes.
const BLOCK: usize = 16 * 1024;

/// What to look for at a place where an anchor stands.
#[derive(Debug, Clone, Copy)]
enum Candidate {
    /// A shape of a token, which begins so many bytes before.
    Token { rule: u16, token: &'static Token, shape: &'static [Piece], before: usize },
    /// A value behind a vendor's name.
    Assigned { rule: u16, assigned: &'static Assigned },
    /// Something with a function of its own.
    Special { rule: u16, special: Special },
    /// A keyword of the application.
    Keyword { rule: u16 },
}

/// Finds what is dangerous in a text. It never changes, and is cheap to share.
#[derive(Debug)]
pub struct Scanner {
    rules: Vec<Rule>,
    anchors: Anchors,
    /// By anchor: where its candidates are.
    places: Vec<(u32, u32)>,
    candidates: Vec<Candidate>,
    numbers: Indices,
    own: Vec<Own>,
}

impl Scanner {
    /// The scanner with every rule that is built in. It is made once for a process.
    #[must_use]
    pub fn embedded() -> Arc<Self> {
        static EMBEDDED: OnceLock<Arc<Scanner>> = OnceLock::new();
        Arc::clone(EMBEDDED.get_or_init(|| Arc::new(Self::builder().build())))
    }

    /// A scanner with rules of the application, or without some that are built in.
    #[must_use]
    pub fn builder() -> ScannerBuilder {
        ScannerBuilder::default()
    }

    /// All of its rules, in the order in which they win where they overlap.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.rules.iter()
    }

    /// Adds to `found` what is in `text`: in order of places, none overlapping another. What stands there in base64 or escaped counts,
    /// with the range of its escaped form.
    pub fn scan<'s>(&'s self, text: &str, found: &mut Vec<Match<'s>>) {
        let hits = self.hits(text);
        found.extend(hits.into_iter().filter_map(|hit| {
            let rule = self.rules.get(usize::from(hit.rule))?;
            Some(Match { rule, range: hit.start..hit.end })
        }));
    }

    /// The formats of the rules that have one as regular expressions, without what checks them: for a bench of a peer.
    #[doc(hidden)]
    #[must_use]
    pub fn expressions() -> Vec<String> {
        let tokens = TOKENS.iter().copied().flatten().map(|token| {
            let shapes: Vec<String> = token.shapes.iter().map(|shape| shape::expression(shape)).collect();
            format!("{}(?:{})", if token.apart { r"\b" } else { "" }, shapes.join("|"))
        });
        let assigned = ASSIGNED.iter().map(|assigned| {
            let names = assigned.keywords.join("|");
            format!(
                r#"(?i:{names})[ \t\w.-]{{0,20}}['"\s]{{0,3}}[=:>,]['"\s=]{{0,5}}{}"#,
                shape::expression(assigned.value)
            )
        });
        tokens.chain(assigned).collect()
    }

    pub(super) fn rule(&self, hit: Hit) -> Option<&Rule> {
        self.rules.get(usize::from(hit.rule))
    }

    pub(super) fn hits(&self, text: &str) -> Vec<Hit> {
        let mut found = Found::default();
        self.look(text, DECODED, &mut found);
        if found.hits.is_empty() {
            return Vec::new();
        }
        // Rules end at ASCII; should one not, the whole character counts, so that redaction can cut there.
        for hit in &mut found.hits {
            hit.start = (0..=hit.start).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0);
            hit.end = (hit.end..text.len()).find(|&at| text.is_char_boundary(at)).unwrap_or(text.len());
        }
        found.resolve(|rule| self.rules.get(usize::from(rule)).map_or(Severity::Low, |rule| rule.severity))
    }

    /// Looks at `text` as it stands, then at what it holds encoded.
    fn look(&self, text: &str, decoded: u8, found: &mut Found) {
        let mut bytes = Text::new(text.as_bytes());
        // Block by block, so that a long text is read from memory once and not once for each kind of rule.
        let mut read = 0;
        for from in (0..text.len()).step_by(BLOCK) {
            let to = text.len().min(from + BLOCK);
            self.anchored(&mut bytes, from, to, found);
            read = personal::numbers(&bytes, from, to, read, self.numbers, found);
            if let Some(rule) = self.numbers.email {
                personal::emails(&mut bytes, from, to, rule, found);
            }
        }
        for own in &self.own {
            own.find(text, found);
        }
        let Some(left) = decoded.checked_sub(1) else { return };
        let mut inner = Found::default();
        let mut again = |view: decode::View| {
            self.look(&view.text, left, &mut inner);
            for hit in inner.hits.drain(..) {
                let (start, end) = view.range(hit.start, hit.end);
                found.push(Hit { rule: hit.rule, start, end });
            }
        };
        decode::each_unescaped(text, &mut again);
        decode::each_decoded(text, &mut again);
    }

    fn anchored(&self, text: &mut Text<'_>, from: usize, to: usize, found: &mut Found) {
        self.anchors.each(text.bytes, from, to, |start, end, anchor| {
            let Some(&(from, to)) = self.places.get(anchor as usize) else { return };
            for candidate in self.candidates.get(from as usize..to as usize).unwrap_or_default() {
                let behind = found.hits.last().map(|hit| hit.end);
                if let Some(hit) = verify(candidate, text, start, end, behind) {
                    found.push(hit);
                }
            }
        });
    }
}

/// What stands at an anchor, if anything. `behind` is where the last finding ends.
fn verify(candidate: &Candidate, text: &mut Text<'_>, start: usize, end: usize, behind: Option<usize>) -> Option<Hit> {
    let (rule, start, end) = match *candidate {
        Candidate::Token { rule, token, shape, before } => {
            let start = start.checked_sub(before)?;
            (rule, start, token_end(token, shape, text, start, behind == Some(start))?)
        }
        Candidate::Assigned { rule, assigned } => {
            let generic = assigned.check == Check::Random;
            if !own_word(text, start, end, generic) || (generic && names_no_secret(text, start, end)) {
                return None;
            }
            let (start, end) = assigned_value(assigned, text, end)?;
            (rule, start, end)
        }
        Candidate::Special { rule, special } => {
            let (start, end) = special.find(text, start, end)?;
            (rule, start, end)
        }
        Candidate::Keyword { rule } => {
            let part_of_word = (start > 0 && text.is(start - 1, WORD) && text.is(start, WORD))
                || (text.is(end - 1, WORD) && text.is(end, WORD));
            if part_of_word {
                return None;
            }
            (rule, start, end)
        }
    };
    Some(Hit { rule, start, end })
}

/// Where the token that begins at `start` ends. One may stand right `behind` another.
fn token_end(token: &Token, shape: &[Piece], text: &mut Text<'_>, start: usize, behind: bool) -> Option<usize> {
    if token.apart && !behind && !text.begins(start) {
        return None;
    }
    let end = shape::end(shape, text, start)?;
    let again = !token.prefix.is_empty() && text.starts(end, token.prefix);
    let whole = !token.apart || again || !text.is(end - 1, WORD) || !text.is(end, ALNUM);
    let value = text.slice(start, end);
    let prefix = token.prefix.len().min(value.len());
    let body = &value[prefix..];
    (whole && holds(value, body, prefix, token.entropy, token.check)).then_some(end)
}

/// Least entropy of so many hexadecimal digits and more behind a name such as `api_key`, in tenths: sixteen kinds of digits have less
/// of it than all.
const HEX_TENTHS: u8 = 30;
const HEX_DIGITS: usize = 32;

fn holds(value: &[u8], body: &[u8], prefix: usize, tenths: u8, check: Check) -> bool {
    let is_hex = check == Check::Random && value.len() >= HEX_DIGITS && value.iter().all(u8::is_ascii_hexdigit);
    let tenths = if is_hex { tenths.min(HEX_TENTHS) } else { tenths };
    check.holds(value, prefix) && (tenths == 0 || entropy(body) * 10.0 >= f64::from(tenths))
}

/// Longest rest of a name behind a vendor's in it (`vendor` in `vendorApiToken =`).
const NAME_REST: usize = 24;

/// Whether the name at `start..end` is a word of its own in a name, and not letters in the middle of others (`SetSysctl`, `rookTable`).
/// One of two words may have a capital in its middle (`apiKey`).
fn own_word(text: &Text<'_>, start: usize, end: usize, words: bool) -> bool {
    let name = text.slice(start, end);
    let rest_is = |case: fn(&u8) -> bool| name.iter().skip(1).filter(|byte| byte.is_ascii_alphabetic()).all(case);
    let first = name.first().copied().unwrap_or_default();
    let before = start.checked_sub(1).and_then(|at| text.byte(at)).unwrap_or_default();
    if first.is_ascii_lowercase() {
        (words || rest_is(u8::is_ascii_lowercase)) && !before.is_ascii_lowercase()
    } else {
        !(rest_is(u8::is_ascii_uppercase) && before.is_ascii_uppercase())
    }
}

/// What stands before and behind `token` and `secret` in names of what is no secret: places in lists, ids, names of files.
const NO_SECRET_BEFORE: &[&str] = &[
    "next",
    "lock",
    "client",
    "page",
    "continuation",
    "public",
    "sync",
    "resume",
    "request",
    "import",
    "export",
    "idempotency",
];
const NO_SECRET_BEHIND: &[&str] = &[
    "id", "_id", "-id", "sid", "s_id", "name", "_name", "-name", "arn", "_arn", "url", "_url", "length", "_length",
    "hash", "_hash", "path", "_path", "file", "_file", "type", "_type",
];

/// Whether the name around `start..end` says that its value is no secret.
fn names_no_secret(text: &Text<'_>, start: usize, end: usize) -> bool {
    let lower = |part: &[u8]| part.to_ascii_lowercase();
    let before = lower(text.slice(start.saturating_sub(13), start));
    let behind = lower(text.slice(end, end + 8));
    let before = before.strip_suffix(b"_").or_else(|| before.strip_suffix(b"-")).unwrap_or(&before);
    let secret = text.starts_any_case(start, "token")
        || text.starts_any_case(start, "secret")
        || text.starts_any_case(start, "credential")
        || text.starts_any_case(start, "access");
    (text.starts_any_case(start, "token") && NO_SECRET_BEFORE.iter().any(|of| before.ends_with(of.as_bytes())))
        || (secret
            && NO_SECRET_BEHIND.iter().any(|of| {
                behind
                    .strip_prefix(of.as_bytes())
                    .is_some_and(|rest| !rest.first().is_some_and(u8::is_ascii_alphabetic))
            }))
}

/// The value that is assigned to a name whose vendor ends at `at`.
fn assigned_value(assigned: &Assigned, text: &mut Text<'_>, at: usize) -> Option<(usize, usize)> {
    let at = text.run_end(at, NAME_BLANK, NAME_REST);
    let at = text.run_end(at, QUOTE_SPACE, 3);
    let at = operator_end(text, at)?;
    let start = text.run_end(at, ASSIGN_SPACE, 5);
    let end = shape::end(assigned.value, text, start)?;
    if text.is(end, assigned.until) {
        return None;
    }
    // Names may stand in values of others (`token=token=…`): each value is looked at a few times, and a bounded part of it.
    if assigned.check == Check::Random && !text.may_look_at(end) {
        return None;
    }
    let value = text.slice(start, end.min(start + LOOKED_AT));
    holds(value, value, 0, assigned.entropy, assigned.check).then_some((start, end))
}

/// How much of a value tells whether it is a secret, in bytes.
const LOOKED_AT: usize = 150;

/// What may stand between an operator and a value.
const ASSIGN_SPACE: Class = super::class::QUOTE_SPACE_EQUALS;

/// The end of what assigns: `=`, `:`, `:=`, `=>`, `>`, `,`, `||`, `?=`.
fn operator_end(text: &Text<'_>, at: usize) -> Option<usize> {
    const OPERATORS: &[&str] = &[":::=", "::=", ":=", "=>", "?=", "||", "=", ":", ">", ","];
    OPERATORS.iter().find(|operator| text.starts(at, operator)).map(|operator| at + operator.len())
}

/// What a scanner is made of.
pub(super) struct Parts {
    pub(super) without: Vec<Cow<'static, str>>,
    pub(super) keywords: Vec<(Rule, String)>,
    pub(super) own: Vec<(Rule, regex_automata::meta::Regex)>,
}

/// Gathers the rules and the anchors at which their candidates stand.
#[derive(Default)]
struct Gathered {
    rules: Vec<Rule>,
    /// Small letters, and the candidates.
    anchors: std::collections::BTreeMap<String, Vec<Candidate>>,
}

impl Gathered {
    /// The index of a rule: that of the one with the same name, if there is one, which is as severe as both and
    /// has the beginning that both have.
    fn rule(&mut self, parts: &Parts, rule: Rule) -> Option<u16> {
        if parts.without.contains(&rule.name) {
            return None;
        }
        if let Some(at) = self.rules.iter().position(|known| known.name == rule.name) {
            let known = &mut self.rules[at];
            known.severity = known.severity.max(rule.severity);
            if known.prefix != rule.prefix {
                known.prefix = "";
            }
            return u16::try_from(at).ok();
        }
        let index = u16::try_from(self.rules.len()).ok()?;
        self.rules.push(rule);
        Some(index)
    }

    fn anchor(&mut self, anchor: &str, candidate: Candidate) {
        if !anchor.is_empty() {
            self.anchors.entry(anchor.to_ascii_lowercase()).or_default().push(candidate);
        }
    }
}

const fn built_in(
    name: &'static str,
    category: Category,
    severity: Severity,
    prefix: &'static str,
    source: &'static str,
) -> Rule {
    Rule { name: Cow::Borrowed(name), category, severity, prefix, source }
}

fn special_rule(special: Special) -> Rule {
    use Category::{Command, Credential};
    use Severity::{High, Medium};
    match special {
        Special::PrivateKey => {
            built_in("private-key", Credential, High, "-----BEGIN", "RFC 7468; RFC 4880, 6.2; OpenSSH, PROTOCOL.key")
        }
        Special::Jwt => built_in("jwt", Credential, High, "ey", "RFC 7519; gitleaks 8.30.1, default rules"),
        Special::ConnectionString => built_in(
            "connection-string",
            Credential,
            High,
            "",
            "RFC 3986, 3.2.1; detect-secrets' detector of basic authentication",
        ),
        Special::UrlCredentials => built_in(
            "url-credentials",
            Credential,
            High,
            "",
            "RFC 3986, 3.2.1; detect-secrets' detector of basic authentication",
        ),
        Special::Authorization => built_in(
            "authorization-header",
            Credential,
            High,
            "",
            "RFC 9110, 11.6.2; RFC 6750; gitleaks' curl-auth-header",
        ),
        Special::CurlHeader => {
            built_in("curl-auth-header", Credential, High, "", "curl manual; gitleaks 8.30.1, default rules")
        }
        Special::CurlUser => {
            built_in("curl-auth-user", Credential, High, "", "curl manual; gitleaks 8.30.1, default rules")
        }
        Special::RegistryAuth => built_in(
            "docker-registry-auth",
            Credential,
            High,
            "",
            "Docker documentation, docker login; TruffleHog (3ab759f), detector docker",
        ),
        Special::PathTraversal => built_in("path-traversal", Command, Medium, "", "OWASP, path traversal"),
        Special::FacebookToken => {
            built_in("facebook-access-token", Credential, High, "", "gitleaks 8.30.1, default rules")
        }
        Special::ImageUrl => built_in(
            "image-exfiltration",
            Command,
            Medium,
            "",
            "OWASP Top 10 for LLM applications, LLM02; CVE-2025-32711 (EchoLeak)",
        ),
    }
}

fn personal_rule(personal: Personal) -> Rule {
    use Category::PersonalData;
    use Severity::{High, Low, Medium};
    match personal {
        Personal::Card => {
            built_in("payment-card", PersonalData, High, "", "ISO/IEC 7812-1; the networks' ranges of issuers")
        }
        Personal::Iban => built_in("iban", PersonalData, Medium, "", "ISO 13616, IBAN registry"),
        Personal::Phone => {
            built_in("phone-number", PersonalData, Low, "", "ITU-T E.164; North American Numbering Plan")
        }
        Personal::Email => {
            built_in("email-address", PersonalData, Low, "", "RFC 5321, RFC 5322; reserved names by RFC 2606")
        }
    }
}

impl Scanner {
    pub(super) fn of(parts: Parts) -> Self {
        let mut gathered = Gathered::default();
        for token in TOKENS.iter().copied().flatten() {
            let Some(rule) =
                gathered.rule(&parts, built_in(token.name, token.category, token.severity, token.prefix, token.source))
            else {
                continue;
            };
            for shape in token.shapes.iter().copied() {
                let Some((anchors, before)) = shape::anchor(shape) else { continue };
                for anchor in anchors.iter().copied() {
                    gathered.anchor(anchor, Candidate::Token { rule, token, shape, before });
                }
            }
        }
        for &(special, anchors) in special::ANCHORS {
            let Some(rule) = gathered.rule(&parts, special_rule(special)) else { continue };
            for anchor in anchors.iter().copied() {
                gathered.anchor(anchor, Candidate::Special { rule, special });
            }
        }
        for assigned in ASSIGNED {
            let Some(rule) = gathered
                .rule(&parts, built_in(assigned.name, Category::Credential, Severity::High, "", assigned.source))
            else {
                continue;
            };
            for keyword in assigned.keywords.iter().copied() {
                gathered.anchor(keyword, Candidate::Assigned { rule, assigned });
            }
        }
        let numbers = Indices {
            card: gathered.rule(&parts, personal_rule(Personal::Card)),
            iban: gathered.rule(&parts, personal_rule(Personal::Iban)),
            phone: gathered.rule(&parts, personal_rule(Personal::Phone)),
            email: gathered.rule(&parts, personal_rule(Personal::Email)),
        };
        for (rule, keyword) in &parts.keywords {
            if let Some(rule) = gathered.rule(&parts, rule.clone()) {
                gathered.anchor(keyword, Candidate::Keyword { rule });
            }
        }
        let own = parts
            .own
            .iter()
            .filter_map(|(rule, expression)| Some(Own::new(gathered.rule(&parts, rule.clone())?, expression.clone())))
            .collect();
        let Gathered { rules, anchors } = gathered;
        let mut places = Vec::with_capacity(anchors.len());
        let mut candidates: Vec<Candidate> = Vec::new();
        for of in anchors.values() {
            let from = candidates.len();
            candidates.extend(of);
            places.push((u32::try_from(from).unwrap_or(0), u32::try_from(candidates.len()).unwrap_or(0)));
        }
        let anchors = Anchors::new(anchors.keys().map(String::as_bytes).zip(0..));
        Self { rules, anchors, places, candidates, numbers, own }
    }
}
