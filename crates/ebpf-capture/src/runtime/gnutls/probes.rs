//! Where GnuTLS is hooked: `gnutls_record_recv` and `gnutls_record_send2` have the shape of `SSL_read` and `SSL_write`.

use super::super::elf::{Image, Symbols};
use super::super::family::{self, Family};
use super::super::hook::Hook;
use crate::probe::{Cookie, Probe, Program};

const READ: &Family = &[("gnutls_record_recv", Cookie::TELLS_END), ("gnutls_record_recv_seq", Cookie::TELLS_END)];
const WRITE: &Family = &[
    ("gnutls_record_send", Cookie::WRITE),
    ("gnutls_record_send2", Cookie::WRITE),
    ("gnutls_record_send_range", Cookie::WRITE),
];

/// `gnutls_transport_set_int2(session, receiving fd, sending fd)` says the descriptor in the same place as `SSL_set_fd`.
const NOTICES: &[(&str, Program)] = &[
    ("gnutls_deinit", Program::Free),
    ("gnutls_handshake", Program::Open),
    ("gnutls_server_name_set", Program::GnuName),
    ("gnutls_transport_set_int2", Program::SetFd),
];

pub(super) fn probes(image: &Image<'_>, symbols: &Symbols) -> Option<(Hook, Vec<Probe>)> {
    family::library(image, symbols, [READ, WRITE], NOTICES)
}
