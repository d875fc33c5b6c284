//! Keywords and expressions of the application.

use std::borrow::Cow;

use regex_automata::meta::{Config, Regex};

use super::anchors::GRAM;
use super::found::{Found, Hit};
use super::rule::{Category, Rule, Severity};
use super::scanner::{Parts, Scanner};
use super::shape;

/// Largest compiled expression, in bytes.
const COMPILED: usize = 1 << 20;
/// Memory that searching for one may hold.
const HELD: usize = 2 << 20;
/// Most matches of one expression in a text. To search for the next one may take as long as the rest of the text, so behind this
/// many, the rest of the text is one match.
const MATCHES: usize = 1000;

/// An expression of the application.
#[derive(Debug)]
pub(super) struct Own {
    rule: u16,
    expression: Regex,
}

impl Own {
    pub(super) const fn new(rule: u16, expression: Regex) -> Self {
        Self { rule, expression }
    }

    pub(super) fn find(&self, text: &str, found: &mut Found) {
        for (count, of) in self.expression.find_iter(text).enumerate() {
            if count == MATCHES {
                found.push(Hit { rule: self.rule, start: of.start(), end: text.len() });
                return;
            }
            found.push(Hit { rule: self.rule, start: of.start(), end: of.end() });
        }
    }
}

/// The words of the innermost cause: those around it say only that there is one.
fn why(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), why)
}

fn compiled(pattern: &str) -> Result<Regex, RuleError> {
    Regex::builder()
        .configure(Config::new().nfa_size_limit(Some(COMPILED)).hybrid_cache_capacity(HELD))
        .build(pattern)
        .map_err(|error| RuleError::Expression(why(&error)))
}

/// Why a rule of the application can't be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RuleError {
    /// The expression isn't one, or is too large. The text says why.
    Expression(String),
    /// A built-in rule has this name.
    Taken(String),
    /// A name or keyword must have something in it.
    Empty,
}

impl std::fmt::Display for RuleError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Expression(why) => write!(f, "the expression can't be used: {why}"),
            Self::Taken(name) => {
                write!(f, "a built-in rule is named {name:?}: give yours another name")
            }
            Self::Empty => f.write_str("a rule needs a name, and a keyword a letter"),
        }
    }
}

impl std::error::Error for RuleError {}

/// What a [`Scanner`] will look for, to be set before it is built.
///
/// ```
/// use sidetone_core::scan::{Scanner, Severity};
///
/// let scanner = Scanner::builder()
///     .without("email-address")
///     .keyword("code name", "project tern", Severity::Medium)?
///     .expression("ticket", r"TKT-\d{6}", Severity::Low)?
///     .build();
/// assert_eq!(scanner.redact("ask TKT-123456 about Project Tern"), "ask [ticket:10] about [code name:12]");
/// # Ok::<(), sidetone_core::scan::RuleError>(())
/// ```
#[derive(Debug, Default)]
pub struct ScannerBuilder {
    without: Vec<Cow<'static, str>>,
    keywords: Vec<(Rule, String)>,
    own: Vec<(Rule, Regex)>,
}

impl ScannerBuilder {
    /// Leaves out the rule of this name. A name that no rule has changes nothing.
    #[must_use]
    pub fn without(mut self, rule: impl Into<Cow<'static, str>>) -> Self {
        self.without.push(rule.into());
        self
    }

    /// Looks for a word or phrase, in either case of ASCII letters, not inside of other words. The name is what findings tell:
    /// keywords and expressions with the same one are one rule, as severe as the most severe of them.
    ///
    /// # Errors
    /// [`RuleError::Empty`] where there is nothing to look for, [`RuleError::Taken`] where a built-in rule has the name.
    pub fn keyword(
        mut self,
        name: impl Into<String>,
        keyword: impl Into<String>,
        severity: Severity,
    ) -> Result<Self, RuleError> {
        let (rule, keyword) = (self.named(name.into(), severity)?, keyword.into());
        if keyword.trim().is_empty() {
            return Err(RuleError::Empty);
        }
        if keyword.len() < GRAM {
            // Too short for an anchor.
            let expression = compiled(&format!(r"(?i)\b{}\b", shape::escaped(&keyword)))?;
            self.own.push((rule, expression));
        } else {
            self.keywords.push((rule, keyword));
        }
        Ok(self)
    }

    /// Looks for an expression in the syntax of the `regex` crate, which takes linear time.
    ///
    /// # Errors
    /// [`RuleError::Expression`] where it isn't one, [`RuleError::Taken`] where a built-in rule has the name.
    pub fn expression(mut self, name: impl Into<String>, pattern: &str, severity: Severity) -> Result<Self, RuleError> {
        let rule = self.named(name.into(), severity)?;
        let expression = compiled(pattern)?;
        self.own.push((rule, expression));
        Ok(self)
    }

    fn named(&self, name: String, severity: Severity) -> Result<Rule, RuleError> {
        if name.trim().is_empty() {
            return Err(RuleError::Empty);
        }
        if Scanner::embedded().rules().any(|rule| rule.name == name) {
            return Err(RuleError::Taken(name));
        }
        Ok(Rule {
            name: Cow::Owned(name),
            category: Category::Keyword,
            severity,
            prefix: "",
            source: "the application",
        })
    }

    /// The scanner.
    #[must_use]
    pub fn build(self) -> Scanner {
        Scanner::of(Parts { without: self.without, keywords: self.keywords, own: self.own })
    }
}
