//! What a security scan found in a call.

use std::fmt;
use std::ops::Range;

/// What kind of thing was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// A key, token, password, or a text that holds one.
    Credential,
    /// What tells who or where somebody is, or how they pay.
    PersonalData,
    /// A command that does harm where it is run.
    Command,
    /// Words that try to change what a model was told.
    Injection,
    /// A word or expression that the user looks for.
    Keyword,
}

impl Category {
    /// Every category.
    pub const ALL: [Self; 5] = [Self::Credential, Self::PersonalData, Self::Command, Self::Injection, Self::Keyword];

    /// One word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Credential => "credential",
            Self::PersonalData => "personal_data",
            Self::Command => "command",
            Self::Injection => "injection",
            Self::Keyword => "keyword",
        }
    }
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Low,
    /// Worth looking at.
    Medium,
    /// Worth acting on: credentials, private keys, payment cards.
    High,
}

impl Severity {
    /// One word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// Something that was found in a call. It never holds what was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule that matched.
    pub rule: Box<str>,
    /// What kind of thing it is.
    pub category: Category,
    /// How bad it is.
    pub severity: Severity,
    /// Where it stands.
    pub place: Place,
    /// The public beginning that everything has which the rule finds, and how long the find is: `AKIA…(20)`. `None` with
    /// content off.
    pub excerpt: Option<Box<str>>,
}

/// Where in a call something stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// In which text.
    pub field: Field,
    /// Which bytes of that text as it was sent, before anything was masked; escapes count as they stand.
    pub range: Range<usize>,
}

/// A text of a call. Written as a path into the records of [JSON lines](https://github.com/sidetone/sidetone/blob/main/docs/jsonl.schema.json).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field {
    /// The instructions beside the messages.
    Instructions,
    /// A message that was sent.
    Message {
        /// Which message, counted from 0.
        message: usize,
        /// Which of its parts, counted from 0; `None`: what it says beside its parts.
        part: Option<usize>,
    },
    /// A choice that came.
    Choice {
        /// Which choice, counted from 0.
        choice: usize,
        /// Which part of its message, counted from 0; `None`: what it says beside its parts.
        part: Option<usize>,
    },
    /// The definition of a tool.
    Tool(usize),
    /// What the server said of an error.
    ErrorMessage,
    /// Another field, by its path.
    Named(&'static str),
}

/// The paths of [`Field::Named`].
const NAMED: &[&str] = &[
    "attempts.retry_after",
    "attributes",
    "error.code",
    "error.type",
    "operation",
    "parent.trace_state",
    "request.conversation_id",
    "request.encoding_format",
    "request.metadata",
    "request.model",
    "request.output_modalities",
    "request.previous_response_id",
    "request.reasoning_effort",
    "request.response_format",
    "request.service_tier",
    "request.stop_sequences",
    "response.id",
    "response.model",
    "response.request_id",
    "response.service_tier",
    "response.state",
    "response.system_fingerprint",
    "server.address",
    "step.description",
    "step.id",
    "step.input",
    "step.kind",
    "step.name",
    "step.output",
];

impl Field {
    /// The field of that path; `None` if there is none.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        /// The number in brackets behind a word, and what stands behind it.
        fn numbered<'p>(path: &'p str, word: &str) -> Option<(usize, &'p str)> {
            let (number, rest) = path.strip_prefix(word)?.strip_prefix('[')?.split_once(']')?;
            Some((number.parse().ok()?, rest))
        }
        fn part(rest: &str, word: &str) -> Option<Option<usize>> {
            match numbered(rest, word) {
                Some((part, "")) => Some(Some(part)),
                _ => rest.is_empty().then_some(None),
            }
        }
        if let Some((message, rest)) = numbered(path, "request.messages") {
            return Some(Self::Message { message, part: part(rest, ".parts")? });
        }
        if let Some((choice, rest)) = numbered(path, "response.choices") {
            return Some(Self::Choice { choice, part: part(rest, ".message.parts")? });
        }
        match numbered(path, "request.tools") {
            Some((tool, "")) => Some(Self::Tool(tool)),
            _ if path == "request.instructions" => Some(Self::Instructions),
            _ if path == "error.message" => Some(Self::ErrorMessage),
            _ => NAMED.iter().find(|named| **named == path).map(|named| Self::Named(named)),
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Instructions => f.write_str("request.instructions"),
            Self::Message { message, part: Some(part) } => write!(f, "request.messages[{message}].parts[{part}]"),
            Self::Message { message, part: None } => write!(f, "request.messages[{message}]"),
            Self::Choice { choice, part: Some(part) } => write!(f, "response.choices[{choice}].message.parts[{part}]"),
            Self::Choice { choice, part: None } => write!(f, "response.choices[{choice}]"),
            Self::Tool(tool) => write!(f, "request.tools[{tool}]"),
            Self::ErrorMessage => f.write_str("error.message"),
            Self::Named(path) => f.write_str(path),
        }
    }
}

/// All that a scan found in a call: some told each, the rest counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// The first ones, up to [`Limits::findings`](crate::policy::Limits::findings).
    pub listed: Vec<Finding>,
    /// How many more there were, by rule, in the order in which rules were first met.
    pub more: Vec<MoreFindings>,
}

/// How often one rule matched beyond what is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoreFindings {
    /// The rule.
    pub rule: Box<str>,
    /// What kind of thing it finds.
    pub category: Category,
    /// How bad that is.
    pub severity: Severity,
    /// How often.
    pub count: u64,
}

impl Findings {
    /// Whether nothing was found.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.listed.is_empty() && self.more.is_empty()
    }

    /// How many were found, listed or not.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.listed.len() as u64 + self.more.iter().map(|more| more.count).sum::<u64>()
    }

    /// How many of that severity were found, listed or not.
    #[must_use]
    pub fn count_of(&self, severity: Severity) -> u64 {
        let listed = self.listed.iter().filter(|finding| finding.severity == severity).count() as u64;
        listed + self.more.iter().filter(|more| more.severity == severity).map(|more| more.count).sum::<u64>()
    }

    /// Takes in a finding: lists it while there are fewer than `limit`, counts it from then on.
    pub fn add(&mut self, finding: Finding, limit: usize) {
        if self.listed.len() < limit {
            self.listed.push(finding);
            return;
        }
        match self.more.iter_mut().find(|more| more.rule == finding.rule) {
            Some(more) => more.count += 1,
            None => {
                let Finding { rule, category, severity, .. } = finding;
                self.more.push(MoreFindings { rule, category, severity, count: 1 });
            }
        }
    }

    /// How often each rule matched, listed or not.
    #[must_use]
    pub fn by_rule(&self) -> Vec<MoreFindings> {
        let mut all = self.more.clone();
        for finding in &self.listed {
            match all.iter_mut().find(|more| more.rule == finding.rule) {
                Some(more) => more.count += 1,
                None => all.push(MoreFindings {
                    rule: finding.rule.clone(),
                    category: finding.category,
                    severity: finding.severity,
                    count: 1,
                }),
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(rule: &str) -> Finding {
        Finding {
            rule: rule.into(),
            category: Category::Credential,
            severity: Severity::High,
            place: Place { field: Field::Instructions, range: 0..1 },
            excerpt: None,
        }
    }

    #[test]
    fn findings_up_to_the_limit_are_listed_and_the_rest_is_counted_by_rule() {
        for limit in [0, 2, 3, 4] {
            let mut findings = Findings::default();
            for rule in ["a", "b", "a", "a", "b"] {
                findings.add(finding(rule), limit);
            }
            assert_eq!((findings.listed.len(), findings.count()), (limit, 5));
            let mut by_rule: Vec<_> = findings.by_rule().into_iter().map(|all| (all.rule, all.count)).collect();
            by_rule.sort();
            assert_eq!(by_rule, [("a".into(), 3), ("b".into(), 2)]);
        }
    }

    #[test]
    fn a_field_is_a_path_into_the_records_of_a_call() {
        let paths = [
            (Field::Message { message: 2, part: Some(0) }, "request.messages[2].parts[0]"),
            (Field::Message { message: 2, part: None }, "request.messages[2]"),
            (Field::Choice { choice: 0, part: Some(1) }, "response.choices[0].message.parts[1]"),
            (Field::Tool(3), "request.tools[3]"),
            (Field::Named("response.id"), "response.id"),
        ];
        for (field, path) in paths {
            assert_eq!(field.to_string(), path);
            assert_eq!(Field::parse(path), Some(field));
        }
        for path in
            ["", "request", "request.messages", "request.messages[", "request.messages[x]", "request.tools[1].x"]
        {
            assert_eq!(Field::parse(path), None, "{path}");
        }
    }
}
