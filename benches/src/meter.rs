//! What a bench measures with: parts of a round that count, and the rounds themselves.

use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// Something whose cost is measured.
pub(crate) trait Subject {
    /// Does one round; only what it hands to [`Meter::part`] counts.
    fn round(&mut self, meter: &mut Meter);

    /// Whether everything that was measured so far had the right result.
    ///
    /// # Errors
    /// What was wrong.
    fn check(&mut self) -> Result<(), String>;
}

/// A subject that can be made, also in another process.
pub(crate) struct Entry {
    /// Its name, unique among all benches.
    pub(crate) name: String,
    /// How many things (calls, chunks, events) one round does.
    pub(crate) units: u64,
    /// Makes it.
    pub(crate) make: Box<dyn Fn() -> Box<dyn Subject>>,
}

impl Entry {
    pub(crate) fn new<S: Subject + 'static>(
        name: impl Into<String>,
        units: u64,
        make: impl Fn() -> S + 'static,
    ) -> Self {
        Self { name: name.into(), units, make: Box::new(move || Box::new(make())) }
    }
}

/// What time is measured by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clock {
    /// The time that this thread was running: other programs on the machine don't count.
    Thread,
    /// The time that passed, for work that several threads share.
    Wall,
}

/// Measures the parts of a round.
#[derive(Debug)]
pub(crate) struct Meter {
    clock: Option<Clock>,
    spent: Duration,
}

impl Meter {
    /// A meter that measures.
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock: Some(clock), spent: Duration::ZERO }
    }

    /// A meter that lets the parts run and measures nothing.
    pub(crate) fn warming_up() -> Self {
        Self { clock: None, spent: Duration::ZERO }
    }

    /// Runs a part that counts.
    pub(crate) fn part(&mut self, mut part: impl FnMut()) {
        match self.clock {
            None => part(),
            Some(Clock::Wall) => {
                let start = Instant::now();
                measured(&mut part);
                self.spent += start.elapsed();
            }
            Some(Clock::Thread) => {
                let start = thread_time();
                measured(&mut part);
                self.spent += thread_time().saturating_sub(start);
            }
        }
    }

    /// The time that the parts took.
    pub(crate) fn spent(&self) -> Duration {
        self.spent
    }
}

fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

/// The function that callgrind collects in; found by its name.
#[inline(never)]
fn measured(part: &mut dyn FnMut()) {
    part();
}

/// The function that callgrind writes down its counts at; found by its name.
#[inline(never)]
pub(crate) fn end_of_subject(index: usize) {
    std::hint::black_box(index);
}

/// Nanoseconds a unit, over interleaved rounds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Nanos {
    /// The fastest round.
    pub(crate) min: f64,
    /// The middle round.
    pub(crate) median: f64,
}

/// Times the entries in turn, round by round, so that what disturbs the machine disturbs all of them.
///
/// # Errors
/// When a subject's result was wrong.
pub(crate) fn time(entries: &[&Entry], rounds: usize, of_each: Duration, clock: Clock) -> Result<Vec<Nanos>, String> {
    let mut subjects: Vec<Box<dyn Subject>> = entries.iter().map(|entry| (entry.make)()).collect();
    let repeats: Vec<u32> = subjects
        .iter_mut()
        .map(|subject| {
            subject.round(&mut Meter::warming_up());
            let mut meter = Meter::new(clock);
            subject.round(&mut meter);
            (of_each.as_nanos() / meter.spent().as_nanos().max(1)).clamp(1, 1 << 20) as u32
        })
        .collect();
    let mut samples = vec![Vec::with_capacity(rounds); entries.len()];
    for round in 0..rounds {
        for place in 0..entries.len() {
            // Whoever runs first in a round is another one each time.
            let at = (place + round) % entries.len();
            let mut meter = Meter::new(clock);
            for _ in 0..repeats[at] {
                subjects[at].round(&mut meter);
            }
            let units = entries[at].units as f64 * f64::from(repeats[at]);
            samples[at].push(meter.spent().as_nanos() as f64 / units);
        }
    }
    for (subject, entry) in subjects.iter_mut().zip(entries) {
        subject.check().map_err(|wrong| format!("{}: {wrong}", entry.name))?;
    }
    Ok(samples
        .into_iter()
        .map(|mut samples| {
            samples.sort_by(f64::total_cmp);
            Nanos { min: samples[0], median: samples[samples.len() / 2] }
        })
        .collect())
}
