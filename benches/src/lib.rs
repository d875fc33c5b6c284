//! Benchmarks of sidetone, against its peers.
