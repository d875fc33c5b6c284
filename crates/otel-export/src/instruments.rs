//! The instruments of a dialect, and the counters of what was dropped.

use std::sync::{Arc, Weak};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{AsyncInstrument, Counter, Histogram, Meter};
use sidetone_core::dialect::{Dialect, Instrument, Measure, Metrics, names};
use sidetone_core::event::{Cost, Findings};
use sidetone_pipeline::{Counters, Reason};

use crate::convert::{LengthLimit, are_same, attribute, attributes};
use crate::costs::Costs;
use crate::findings::FindingCounter;

#[derive(Debug)]
enum Recorder {
    Times(Histogram<f64>),
    Counts(Histogram<u64>),
    Total(Counter<u64>),
}

#[derive(Debug)]
pub(crate) struct Instruments {
    recorders: Vec<Recorder>,
    /// The attributes of the last call: most calls have the same as the one before.
    last: Vec<KeyValue>,
    costs: Costs,
    findings: FindingCounter,
}

impl Instruments {
    pub(crate) fn new(meter: &Meter, dialect: &dyn Dialect, counters: &Arc<Counters>) -> Self {
        dropped(meter, names::SIDETONE_DROPPED, "{item}", counters, Counters::items);
        dropped(meter, names::SIDETONE_DROPPED_BYTES, "By", counters, Counters::bytes);
        let recorders = dialect.instruments().iter().map(|instrument| recorder(meter, instrument)).collect();
        Self { recorders, last: Vec::new(), costs: Costs::new(meter), findings: FindingCounter::new(meter) }
    }

    pub(crate) fn record(&mut self, metrics: &Metrics<'_>, cost: Option<&Cost>) {
        if !are_same(&metrics.attributes, &self.last) {
            self.last = attributes(&metrics.attributes, LengthLimit::default());
            self.costs.forget_last();
        }
        let Self { recorders, last: list, costs, .. } = self;
        if let Some(cost) = cost {
            costs.add(cost.total, list);
        }
        for point in &metrics.points {
            let shared = list.len();
            if let Some((name, value)) = &point.own
                && let Some(value) = attribute(value, LengthLimit::default())
            {
                list.push(KeyValue::new(*name, value));
            }
            match (recorders.get(point.instrument), point.value) {
                (Some(Recorder::Times(histogram)), Measure::Time(time)) => histogram.record(time.as_secs_f64(), list),
                (Some(Recorder::Counts(histogram)), Measure::Count(count)) => histogram.record(count, list),
                (Some(Recorder::Total(counter)), Measure::Count(count)) => counter.add(count, list),
                (Some(Recorder::Times(_) | Recorder::Counts(_) | Recorder::Total(_)) | None, _) => {
                    debug_assert!(false, "{point:?}")
                }
            }
            list.truncate(shared);
        }
    }
}

impl Instruments {
    /// Counts what a security scan found.
    pub(crate) fn found(&self, findings: &Findings) {
        self.findings.add(findings);
    }
}

fn recorder(meter: &Meter, instrument: &Instrument) -> Recorder {
    let Instrument { name, unit, description, bounds, is_integer } = *instrument;
    if bounds == Instrument::COUNTER {
        return Recorder::Total(meter.u64_counter(name).with_unit(unit).with_description(description).build());
    }
    let bounds = bounds.to_vec();
    if is_integer {
        let histogram = meter.u64_histogram(name).with_unit(unit).with_description(description).with_boundaries(bounds);
        Recorder::Counts(histogram.build())
    } else {
        let histogram = meter.f64_histogram(name).with_unit(unit).with_description(description).with_boundaries(bounds);
        Recorder::Times(histogram.build())
    }
}

/// A counter with one point for each reason that was counted.
///
/// An application's own meter provider keeps the callback for as long as it lives, so that holds the counters weakly:
/// after `stop()` it says nothing.
fn dropped(
    meter: &Meter,
    name: &'static str,
    unit: &'static str,
    counters: &Arc<Counters>,
    read: fn(&Counters, Reason) -> u64,
) {
    let counters: Weak<Counters> = Arc::downgrade(counters);
    let description = names::EXTENSIONS.iter().find(|own| own.name == name).map_or("", |own| own.about);
    let callback = move |observer: &dyn AsyncInstrument<u64>| {
        let Some(counters) = counters.upgrade() else { return };
        for (reason, _, _) in counters.nonzero() {
            let value = read(&counters, reason);
            if value > 0 {
                observer.observe(value, &[KeyValue::new(names::REASON, reason.as_str())]);
            }
        }
    };
    let counter = meter.u64_observable_counter(name).with_unit(unit).with_description(description);
    let _ = counter.with_callback(callback).build();
}
