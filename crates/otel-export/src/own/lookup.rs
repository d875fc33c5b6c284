//! Reading variables by the rules of the OpenTelemetry specification.
//!
//! Source: <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>

use std::cell::RefCell;
use std::str::FromStr;
use std::time::Duration;

use super::{ConfigError, Signal};

/// An environment, of the process or of a test, and what has to be said about it.
pub(crate) struct Lookup<'a> {
    variable: &'a dyn Fn(&str) -> Option<String>,
    warnings: RefCell<Vec<String>>,
}

/// A variable and its value.
pub(crate) struct Found {
    pub(crate) variable: String,
    pub(crate) value: String,
}

impl Found {
    pub(crate) fn error(&self, allowed: impl Into<String>) -> ConfigError {
        ConfigError::new(&self.variable, &self.value, allowed)
    }

    fn number<T: FromStr>(&self, allowed: &str) -> Result<T, ConfigError> {
        self.value.parse().map_err(|_| self.error(allowed))
    }
}

impl<'a> Lookup<'a> {
    pub(crate) fn new(variable: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self { variable, warnings: RefCell::default() }
    }

    /// Notes what was asked for and can't be had.
    pub(crate) fn warn(&self, found: &Found, instead: &str) {
        let Found { variable, value } = found;
        let warning = format!("{variable}={value} is not available in sidetone: {instead}");
        let mut warnings = self.warnings.borrow_mut();
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }

    pub(crate) fn take_warnings(&self) -> Vec<String> {
        self.warnings.take()
    }

    /// A variable; an empty one counts as not set.
    pub(crate) fn get(&self, variable: &str) -> Option<Found> {
        let value = (self.variable)(variable)?.trim().to_owned();
        (!value.is_empty()).then(|| Found { variable: variable.to_owned(), value })
    }

    /// The first of some variables that is set.
    pub(crate) fn first(&self, variables: &[&str]) -> Option<Found> {
        variables.iter().find_map(|variable| self.get(variable))
    }

    /// `OTEL_EXPORTER_OTLP_{SIGNAL}_{rest}`, or without the signal.
    pub(crate) fn otlp(&self, signal: Signal, rest: &str) -> Option<Found> {
        let own = format!("OTEL_EXPORTER_OTLP_{}_{rest}", signal.in_variables());
        self.get(&own).or_else(|| self.get(&format!("OTEL_EXPORTER_OTLP_{rest}")))
    }

    /// Only `true`, in any case, is true.
    pub(crate) fn is_true(&self, variable: &str) -> bool {
        self.get(variable).is_some_and(|found| found.value.eq_ignore_ascii_case("true"))
    }

    /// A number of things.
    pub(crate) fn count(&self, variables: &[&str]) -> Result<Option<usize>, ConfigError> {
        self.first(variables).map(|found| found.number("a whole number, 0 or more, is expected")).transpose()
    }

    /// A number of things, at least one.
    pub(crate) fn positive(&self, variable: &str) -> Result<Option<usize>, ConfigError> {
        match self.get(variable) {
            Some(found) => match found.number("a whole number, 1 or more, is expected")? {
                0 => Err(found.error("a whole number, 1 or more, is expected")),
                count => Ok(Some(count)),
            },
            None => Ok(None),
        }
    }

    /// A time in milliseconds.
    pub(crate) fn millis(&self, variable: &str) -> Result<Option<Duration>, ConfigError> {
        self.get(variable).map(|found| milliseconds(&found)).transpose()
    }
}

pub(crate) fn milliseconds(found: &Found) -> Result<Duration, ConfigError> {
    found.number("a whole number of milliseconds is expected").map(Duration::from_millis)
}

/// A list of `key=value`, separated by commas, percent-encoded: headers and resource attributes. `Err` has the entry that
/// is none.
pub(crate) fn pairs(list: &str) -> Result<Vec<(String, String)>, String> {
    let entries = list.split(',').map(str::trim).filter(|entry| !entry.is_empty());
    let pair = |entry: &str| {
        let (key, value) = entry.split_once('=').filter(|(key, _)| !key.trim().is_empty())?;
        Some((key.trim().to_owned(), percent_decoded(value.trim())))
    };
    entries.map(|entry| pair(entry).ok_or_else(|| entry.to_owned())).collect()
}

/// Text as it is if it isn't validly encoded.
fn percent_decoded(text: &str) -> String {
    if !text.contains('%') {
        return text.to_owned();
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let digits = [bytes.next(), bytes.next()].map(|digit| digit.and_then(|digit| char::from(digit).to_digit(16)));
        let [Some(high), Some(low)] = digits else { return text.to_owned() };
        decoded.push((high * 16 + low) as u8);
    }
    String::from_utf8(decoded).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_decoded_and_a_pair_that_is_none_is_named() {
        let ok = pairs("api-key=a%20b%2C=c, x = y ,,z=");
        let expected =
            [("api-key", "a b,=c"), ("x", "y"), ("z", "")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(ok, Ok(expected.to_vec()));
        assert_eq!(pairs("a=b,c"), Err("c".to_owned()));
        assert_eq!(pairs("=b"), Err("=b".to_owned()));
        assert_eq!(pairs("a=%zz"), Ok(vec![("a".to_owned(), "%zz".to_owned())]));
        assert_eq!(pairs("a=%e4"), Ok(vec![("a".to_owned(), "%e4".to_owned())]), "no UTF-8");
    }
}
