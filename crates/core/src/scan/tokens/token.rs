//! What the tables of token formats are made of.

use crate::scan::checksum::Check;
use crate::scan::class::{Class, HEX};
use crate::scan::rule::{Category, Severity};
use crate::scan::shape::{Piece, exactly, lit};

/// Where gitleaks stands for the format: the default rules of this version.
pub(in crate::scan) const GITLEAKS: &str = "gitleaks 8.30.1, default rules";
/// Formats that gitleaks' successor has: as `kingfisher-rules` carries them.
pub(super) const BETTERLEAKS: &str = "Betterleaks, default rules (in kingfisher-rules 3.0.1)";
/// Google's detectors of secrets.
pub(super) const VELES: &str = "OSV-SCALIBR 0.5.3, veles/secrets";
/// TruffleHog's detector of the vendor's name.
pub(super) const TRUFFLEHOG: &str = "TruffleHog (3ab759f), detector of the vendor's name";
/// Two of these.
pub(super) const BETTERLEAKS_TRUFFLEHOG: &str =
    "Betterleaks, default rules (in kingfisher-rules 3.0.1); TruffleHog (3ab759f), detector of the vendor's name";
/// Two of these.
pub(super) const VELES_TRUFFLEHOG: &str =
    "OSV-SCALIBR 0.5.3, veles/secrets; TruffleHog (3ab759f), detector of the vendor's name";

/// A format whose literal part is enough to find it.
#[derive(Debug, Clone, Copy)]
pub(in crate::scan) struct Token {
    pub(in crate::scan) name: &'static str,
    pub(in crate::scan) prefix: &'static str,
    pub(in crate::scan) shapes: &'static [&'static [Piece]],
    /// Whether a letter or digit before or behind it means that it is something else.
    pub(in crate::scan) apart: bool,
    /// Least entropy in tenths of a bit a byte; 0 for none.
    pub(in crate::scan) entropy: u8,
    pub(in crate::scan) check: Check,
    pub(in crate::scan) category: Category,
    pub(in crate::scan) severity: Severity,
    pub(in crate::scan) source: &'static str,
}

impl Token {
    pub(in crate::scan) const fn new(
        name: &'static str,
        prefix: &'static str,
        shapes: &'static [&'static [Piece]],
    ) -> Self {
        Self {
            name,
            prefix,
            shapes,
            apart: true,
            entropy: 0,
            check: Check::None,
            category: Category::Credential,
            severity: Severity::High,
            source: GITLEAKS,
        }
    }

    /// Something other than a credential.
    pub(in crate::scan) const fn of(mut self, category: Category, severity: Severity) -> Self {
        self.category = category;
        self.severity = severity;
        self
    }

    /// Found inside of words too.
    pub(in crate::scan) const fn anywhere(mut self) -> Self {
        self.apart = false;
        self
    }
}

/// A format that tells only where its vendor's name stands before it: `vendor_token = "…"`.
#[derive(Debug, Clone, Copy)]
pub(in crate::scan) struct Assigned {
    pub(in crate::scan) name: &'static str,
    /// The vendor's names, in either case.
    pub(in crate::scan) keywords: &'static [&'static str],
    pub(in crate::scan) value: &'static [Piece],
    /// Whether bytes of this class behind the value mean that it is something else.
    pub(in crate::scan) until: Class,
    pub(in crate::scan) entropy: u8,
    pub(in crate::scan) check: Check,
    pub(in crate::scan) source: &'static str,
}

impl Assigned {
    pub(in crate::scan) const fn new(
        name: &'static str,
        keywords: &'static [&'static str],
        value: &'static [Piece],
        until: Class,
    ) -> Self {
        Self { name, keywords, value, until, entropy: 0, check: Check::None, source: GITLEAKS }
    }
}

/// What both kinds of formats may ask for besides their shape, and where they were taken from.
macro_rules! conditions {
    ($($format:ident),*) => {$(
        impl $format {
            pub(in crate::scan) const fn entropy(mut self, tenths: u8) -> Self {
                self.entropy = tenths;
                self
            }

            pub(in crate::scan) const fn check(mut self, check: Check) -> Self {
                self.check = check;
                self
            }

            pub(in crate::scan) const fn source(mut self, source: &'static str) -> Self {
                self.source = source;
                self
            }
        }
    )*};
}

conditions!(Token, Assigned);

/// A UUID, with its hyphens.
pub(super) const UUID: [Piece; 9] = [
    exactly(HEX, 8),
    lit("-"),
    exactly(HEX, 4),
    lit("-"),
    exactly(HEX, 4),
    lit("-"),
    exactly(HEX, 4),
    lit("-"),
    exactly(HEX, 12),
];

/// A UUID behind something.
pub(super) const fn uuid_behind(first: Piece) -> [Piece; 10] {
    let [a, b, c, d, e, f, g, h, i] = UUID;
    [first, a, b, c, d, e, f, g, h, i]
}
