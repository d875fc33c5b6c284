//! Host-wide capture: `sidetone run` and `sidetone agent`.

mod agent;
mod caller;
mod effort;
mod launch;
mod live;
mod notes;
mod output;
mod privileges;
mod program;
mod rest;
mod run;
mod signals;
mod tally;

pub(crate) use agent::run as agent;
pub(crate) use launch::run as launch;
pub(crate) use run::run;
