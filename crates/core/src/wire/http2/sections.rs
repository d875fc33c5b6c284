//! The fields of a header block: pseudo-header fields first, then the rest (RFC 9113, section 8.3).

use bytes::Bytes;

use super::super::http::{Flow, Head};

/// Bytes of names and values that the head of one message may have; further fields are left out.
pub const HEADER_LIST_LIMIT: usize = 64 << 10;

/// A header block, field by field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sections {
    head: Head,
    bytes: usize,
    /// Whose head it is, by its pseudo-header fields.
    flow: Option<Flow>,
    has_protocol: bool,
    begins_regular: bool,
    has_fields: bool,
    is_disordered: bool,
}

impl Sections {
    /// Takes the next field; what is unknown of it is `None`.
    pub(super) fn add(&mut self, name: Option<&str>, value: Option<Bytes>) {
        let is_first = !std::mem::replace(&mut self.has_fields, true);
        let Some(name) = name else {
            self.head.is_partial = true;
            return;
        };
        if let Some(pseudo) = name.strip_prefix(':') {
            self.is_disordered |= self.begins_regular;
            self.add_pseudo(pseudo, value);
            return;
        }
        self.begins_regular |= is_first || self.flow.is_some();
        self.is_disordered |= !name.bytes().all(|byte| byte.is_ascii_graphic());
        let Some(value) = value.filter(|value| self.fits(name.len() + value.len())) else {
            self.head.is_partial = true;
            return;
        };
        if name == "host" {
            if self.head.authority.is_none() {
                self.head.authority = self.text(&value);
            }
        } else {
            self.head.fields.push((name.into(), value));
        }
    }

    fn add_pseudo(&mut self, name: &str, value: Option<Bytes>) {
        let flow = if name == "status" { Flow::Response } else { Flow::Request };
        self.is_disordered |= self.flow.is_some_and(|before| before != flow);
        self.flow = Some(flow);
        let Some(value) = value.filter(|value| self.fits(value.len())) else {
            self.head.is_partial = true;
            return;
        };
        match name {
            "method" => self.head.method = self.text(&value),
            "path" => self.head.target = self.text(&value),
            "authority" => self.head.authority = self.text(&value),
            "status" => {
                self.head.status = std::str::from_utf8(&value).ok().and_then(|status| status.parse().ok());
                self.head.is_partial |= self.head.status.is_none();
            }
            "protocol" => self.has_protocol = true,
            "scheme" => {}
            _ => self.is_disordered = true,
        }
    }

    fn text(&mut self, value: &[u8]) -> Option<Box<str>> {
        let text = std::str::from_utf8(value).ok().map(Box::from);
        self.head.is_partial |= text.is_none();
        text
    }

    fn fits(&mut self, bytes: usize) -> bool {
        let sum = self.bytes.saturating_add(bytes);
        let fits = sum <= HEADER_LIST_LIMIT;
        if fits {
            self.bytes = sum;
        }
        fits
    }

    /// Fields are missing at the end.
    pub(super) fn cut(&mut self) {
        self.head.is_partial = true;
    }

    /// Whether pseudo-header fields of one kind come first and names are names: what an encoder wrote.
    pub(super) fn are_in_order(&self) -> bool {
        self.has_fields && !self.is_disordered
    }

    /// Whether it is the head of a request or of a response; `None` if no pseudo-header field is known.
    pub(super) fn are_of(&self) -> Option<Flow> {
        self.flow
    }

    /// Whether it can be no head: its first field is known and is no pseudo-header field.
    pub(super) fn are_trailers(&self) -> bool {
        self.flow.is_none() && (self.begins_regular || !self.has_fields)
    }

    /// Whether it is the head of an interim response, after which another one comes.
    pub(super) fn is_informational(&self) -> bool {
        self.head.status.is_some_and(|status| (100..200).contains(&status))
    }

    /// Whether the request asks for a tunnel: CONNECT, or another protocol by extended CONNECT (RFC 8441).
    pub(super) fn asks_for_tunnel(&self) -> bool {
        self.has_protocol || self.head.method.as_deref() == Some("CONNECT")
    }

    pub(super) fn into_head(self) -> Head {
        self.head
    }
}
