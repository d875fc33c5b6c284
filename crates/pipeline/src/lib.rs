//! Bounded hand-over from observed calls to sinks, on one worker thread.
