//! The README, whose examples are compiled and run as tests of this package.
#![doc = include_str!("../README.md")]
