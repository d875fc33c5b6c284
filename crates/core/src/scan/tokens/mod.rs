//! The formats of credentials: one table for each field of vendors.

mod assigned;
mod cloud;
mod code;
mod command;
mod hosted;
mod injection;
mod model;
mod service;
mod token;

pub(super) use token::{Assigned, Token};

/// Formats with a literal part of their own.
pub(super) static TOKENS: &[&[Token]] =
    &[model::TOKENS, cloud::TOKENS, code::TOKENS, service::TOKENS, hosted::TOKENS, command::TOKENS, injection::TOKENS];

/// Formats that need their vendor's name before them.
pub(super) static ASSIGNED: &[Assigned] = assigned::ASSIGNED;
