//! From the kernel side's records to calls at the sinks.
//!
//! One thread owns all of it: a state for each connection, fed in the order in which bytes went by ([`order`]), the rules that
//! leave hosts out ([`rules`]), the exchanges that were seen at both ends ([`pair`]), and the calls that a process tells itself
//! ([`join`]).

mod announcement;
mod assembler;
mod ids;
mod join;
mod open;
mod order;
mod pair;
mod rules;
#[cfg(test)]
mod support;
#[cfg(test)]
mod tests;
mod thread;

pub(crate) use assembler::Assembler;
pub(crate) use thread::{Command, Here, Told, run};
