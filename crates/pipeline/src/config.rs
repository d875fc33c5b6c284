//! How much may be held, and for how long.

use std::time::Duration;

use sidetone_core::exchange::Settings;

/// How much a pipeline may hold. Every limit is hard; what doesn't fit is counted.
#[derive(Debug, Clone)]
pub struct Config {
    /// Most items queued: parts of calls, and two places reserved for each call that has begun. At most 2²⁴ − 1.
    pub queue_items: usize,
    /// Most bytes that queued items keep alive. At most 2⁴⁰ − 1.
    pub queue_bytes: usize,
    /// Most bytes that the worker holds of calls that haven't ended: the messages being assembled.
    pub held_bytes: usize,
    /// How often the worker looks at the queue while calls are open; it is woken sooner when the queue fills.
    pub drain_interval: Duration,
    /// The longest that it sleeps when nothing happens.
    pub idle_interval: Duration,
    /// What is kept of a call.
    pub settings: Settings,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            queue_items: 1 << 16,
            queue_bytes: 16 << 20,
            held_bytes: 128 << 20,
            drain_interval: Duration::from_millis(20),
            idle_interval: Duration::from_millis(200),
            settings: Settings::default(),
        }
    }
}
