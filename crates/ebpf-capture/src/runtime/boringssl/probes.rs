//! Where BoringSSL is hooked.

use super::super::elf::{Image, Symbols};
use super::super::family::{self, Family};
use super::super::hook::Hook;
use crate::probe::{Cookie, Probe, Program};

/// The `_ex` functions exist in AWS-LC only, and call the others.
const READ: &Family = &[("SSL_read", Cookie::TELLS_END), ("SSL_read_ex", Cookie::LENGTH_BY_POINTER)];
const WRITE: &Family = &[("SSL_write", Cookie::WRITE), ("SSL_write_ex", Cookie::WRITE | Cookie::LENGTH_BY_POINTER)];

const NOTICES: &[(&str, Program)] = &[
    ("SSL_free", Program::Free),
    ("SSL_up_ref", Program::Keep),
    ("SSL_set_connect_state", Program::Open),
    ("SSL_set_accept_state", Program::Open),
    ("SSL_connect", Program::Open),
    ("SSL_accept", Program::Open),
    ("SSL_set_tlsext_host_name", Program::Name),
    ("SSL_set_fd", Program::SetFd),
    ("SSL_set_rfd", Program::SetFd),
];

pub(super) fn probes(image: &Image<'_>, symbols: &Symbols) -> Option<(Hook, Vec<Probe>)> {
    family::library(image, symbols, [READ, WRITE], NOTICES)
}
