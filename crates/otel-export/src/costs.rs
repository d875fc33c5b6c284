//! The metric of what calls cost: exact sums, read when metrics are collected.
//!
//! A histogram's point costs the worker some thousand instructions to hash its attributes; money only wants a sum, and a
//! sum of doubles would drift. So the sums are kept here, as exact as each call's cost.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{AsyncInstrument, Meter};
use sidetone_core::dialect::names;
use sidetone_core::event::Usd;

/// Most lists of attributes that have a sum of their own; what comes after them has one together.
const MAX_SERIES: usize = 500;

/// What the SDK marks a sum with that stands for several lists of attributes.
const OVERFLOW: &str = "otel.metric.overflow";

#[derive(Debug)]
struct Series {
    attributes: Vec<KeyValue>,
    sum: Usd,
}

#[derive(Debug)]
pub(crate) struct Costs {
    series: Arc<Mutex<Vec<Series>>>,
    /// The place of the series that was added to last, until the attributes change.
    last: Option<usize>,
}

impl Costs {
    pub(crate) fn new(meter: &Meter) -> Self {
        let series = Arc::<Mutex<Vec<Series>>>::default();
        let seen: Weak<_> = Arc::downgrade(&series);
        let callback = move |observer: &dyn AsyncInstrument<f64>| {
            // After `stop()` an application's own meter provider still has the callback.
            let Some(series) = seen.upgrade() else { return };
            for Series { attributes, sum } in &*lock(&series) {
                observer.observe(sum.to_f64(), attributes);
            }
        };
        let description =
            names::EXTENSIONS.iter().find(|own| own.name == names::SIDETONE_COST).map_or("", |own| own.about);
        let counter =
            meter.f64_observable_counter(names::SIDETONE_COST).with_unit("{USD}").with_description(description);
        let _ = counter.with_callback(callback).build();
        Self { series, last: None }
    }

    /// The next call has other attributes than the one before.
    pub(crate) fn forget_last(&mut self) {
        self.last = None;
    }

    pub(crate) fn add(&mut self, cost: Usd, attributes: &[KeyValue]) {
        let Self { series, last } = self;
        let mut all = lock(series);
        let place = *last.get_or_insert_with(|| place(&mut all, attributes));
        if let Some(series) = all.get_mut(place) {
            // A sum that has no number stays where it was; the number is beyond all the money there is.
            series.sum = series.sum.plus(cost).unwrap_or(series.sum);
        }
    }
}

fn lock(series: &Mutex<Vec<Series>>) -> MutexGuard<'_, Vec<Series>> {
    series.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The place of the series with these attributes, made if there is none.
fn place(all: &mut Vec<Series>, attributes: &[KeyValue]) -> usize {
    if let Some(place) = all.iter().position(|series| series.attributes == attributes) {
        return place;
    }
    let overflow = [KeyValue::new(OVERFLOW, true)];
    let attributes = if all.len() < MAX_SERIES { attributes } else { &overflow };
    if let Some(place) = all.iter().position(|series| series.attributes == attributes) {
        return place;
    }
    all.push(Series { attributes: attributes.to_vec(), sum: Usd::ZERO });
    all.len() - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_after_the_most_series_has_one_together() {
        let mut all = Vec::new();
        let of = |model: usize| [KeyValue::new("model", i64::try_from(model).unwrap())];
        for model in 0..MAX_SERIES {
            assert_eq!(place(&mut all, &of(model)), model);
        }
        for model in [MAX_SERIES, MAX_SERIES + 1, MAX_SERIES] {
            assert_eq!(place(&mut all, &of(model)), MAX_SERIES);
        }
        assert_eq!(place(&mut all, &of(7)), 7);
        assert_eq!(all.len(), MAX_SERIES + 1);
    }
}
