//! A list of attributes being collected.

use super::super::{Attribute, Value};

/// Attributes being collected: what is unknown is left out.
pub(in crate::dialect) struct List<'a>(pub(in crate::dialect) Vec<Attribute<'a>>);

impl<'a> List<'a> {
    pub(in crate::dialect) fn text(&mut self, name: &'static str, value: Option<&'a str>) {
        if let Some(value) = value {
            self.0.push((name, Value::Str(value)));
        }
    }

    pub(in crate::dialect) fn int(&mut self, name: &'static str, value: Option<i64>) {
        if let Some(value) = value {
            self.0.push((name, Value::Int(value)));
        }
    }

    pub(in crate::dialect) fn count(&mut self, name: &'static str, value: Option<u64>) {
        self.int(name, value.map(saturating));
    }

    pub(in crate::dialect) fn double(&mut self, name: &'static str, value: Option<f64>) {
        if let Some(value) = value {
            self.0.push((name, Value::Double(value)));
        }
    }
}

/// OpenTelemetry's integers are signed.
pub(in crate::dialect) fn saturating(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
