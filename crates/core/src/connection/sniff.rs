//! What a connection speaks, and which end of it the process is, before that is known.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;

use super::{At, Direction};
use crate::event::Side;
use crate::wire::http::Flow;
use crate::wire::{http1, http2};

/// Most bytes that are held until it is known what they are; the oldest are let go of beyond.
const SNIFF_BYTES: usize = 64 << 10;

/// How many of a direction's last bytes are looked at for frames of HTTP/2.
const RECENT_BYTES: usize = 2 << 10;

/// How often the direction of a connection that was joined in its middle turns before it is given up: at each turn a message
/// would have begun.
const TURNS: u32 = 64;

/// What came while it wasn't known what it is.
#[derive(Debug)]
pub(super) enum Piece {
    Bytes(Direction, Bytes, At),
    Gap(Direction, u64, Duration),
}

/// What the bytes turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    Http1(Side),
    Http2,
    NotHttp,
}

#[derive(Debug)]
pub(super) struct Sniff {
    held: VecDeque<Piece>,
    held_bytes: usize,
    /// Read, written.
    ways: [Way; 2],
    turns: u32,
    last: Option<Direction>,
}

#[derive(Debug)]
struct Way {
    /// What is held begins with the connection's first byte.
    from_start: bool,
    /// Its first bytes are no HTTP.
    is_foreign: bool,
    /// How many bytes came before those that are held.
    let_go: u64,
    /// The last bytes, in which a message of HTTP/1 may begin.
    open: Vec<u8>,
    /// The last bytes, which are looked at for frames of HTTP/2.
    recent: Vec<u8>,
}

impl Sniff {
    pub(super) fn new(from_start: bool) -> Self {
        let way = || Way { from_start, is_foreign: false, let_go: 0, open: Vec::new(), recent: Vec::new() };
        Self { held: VecDeque::new(), held_bytes: 0, ways: [way(), way()], turns: 0, last: None }
    }

    pub(super) fn handle_gap(&mut self, direction: Direction, bytes: u64, at: Duration) {
        let way = &mut self.ways[direction as usize];
        way.from_start = false;
        way.open.clear();
        way.recent.clear();
        self.held.push_back(Piece::Gap(direction, bytes, at));
        self.turns = 0;
        // Each is as good as a few bytes: there may be many.
        self.held_bytes += size_of::<Piece>();
        self.trim();
    }

    pub(super) fn handle_bytes(&mut self, direction: Direction, bytes: Bytes, at: At) -> Found {
        if self.last.replace(direction) != Some(direction) {
            self.turns += 1;
        }
        self.held_bytes += bytes.len() + size_of::<Piece>();
        self.held.push_back(Piece::Bytes(direction, bytes.clone(), at));
        let found = self.look(direction, &bytes);
        if found == Found::Nothing {
            self.trim();
        }
        found
    }

    fn look(&mut self, direction: Direction, piece: &[u8]) -> Found {
        let client = match direction {
            Direction::Write => Side::Client,
            Direction::Read => Side::Server,
        };
        let server = match client {
            Side::Client => Side::Server,
            Side::Server => Side::Client,
        };
        if !self.ways[direction as usize].from_start {
            let found = self.ways[direction as usize].look_in_the_middle(piece, client, server);
            let is_given_up = found == Found::Nothing && self.turns >= TURNS;
            return if is_given_up { Found::NotHttp } else { found };
        }
        let bytes = self.joined(direction);
        let looks = [Flow::Request, Flow::Response].map(|flow| http1::looks(&bytes, flow));
        match looks {
            [http1::Looks::Like, _] => return Found::Http1(client),
            [_, http1::Looks::Like] => return Found::Http1(server),
            _ => {}
        }
        match http2::looks_like(&bytes) {
            // Without a preface the connection began before us after all.
            frames if is_http2(frames) => return Found::Http2,
            None if looks == [http1::Looks::Unlike; 2] => self.ways[direction as usize].is_foreign = true,
            // A server may send its settings before the client's preface is seen.
            _ => {}
        }
        if self.ways.iter().all(|way| way.from_start && way.is_foreign) { Found::NotHttp } else { Found::Nothing }
    }

    /// What is held of a direction, behind its last gap.
    fn joined(&self, direction: Direction) -> Bytes {
        let mut pieces = Vec::new();
        for piece in self.held.iter().rev() {
            match piece {
                Piece::Bytes(of, bytes, _) if *of == direction => pieces.push(bytes),
                Piece::Gap(of, ..) if *of == direction => break,
                _ => {}
            }
        }
        match pieces[..] {
            [only] => only.clone(),
            _ => pieces.iter().rev().flat_map(|piece| piece.iter().copied()).collect::<Vec<u8>>().into(),
        }
    }

    fn trim(&mut self) {
        while self.held_bytes > SNIFF_BYTES && self.held.len() > 1 {
            let Some(piece) = self.held.pop_front() else { return };
            let (direction, len, held) = match piece {
                Piece::Bytes(direction, bytes, _) => (direction, bytes.len() as u64, bytes.len()),
                Piece::Gap(direction, bytes, _) => (direction, bytes, 0),
            };
            self.held_bytes -= held + size_of::<Piece>();
            let way = &mut self.ways[direction as usize];
            way.let_go += len;
            way.from_start = false;
        }
    }

    /// What is held, in its order.
    pub(super) fn take(&mut self) -> VecDeque<Piece> {
        self.held_bytes = 0;
        std::mem::take(&mut self.held)
    }

    /// Whether all that is held is all that there was.
    pub(super) fn is_from_start(&self) -> bool {
        self.ways.iter().all(|way| way.from_start)
    }

    /// How many bytes of each direction (read, written) came before those that are held.
    pub(super) fn let_go(&self) -> [u64; 2] {
        [self.ways[0].let_go, self.ways[1].let_go]
    }

    pub(super) fn held_bytes(&self) -> usize {
        self.held_bytes + self.ways.iter().map(|way| way.open.capacity() + way.recent.capacity()).sum::<usize>()
    }
}

/// Whether bytes that look like this are HTTP/2 for sure.
fn is_http2(looks: Option<http2::Looks>) -> bool {
    matches!(looks, Some(http2::Looks::Preface | http2::Looks::Request | http2::Looks::Response))
}

impl Way {
    fn look_in_the_middle(&mut self, piece: &[u8], client: Side, server: Side) -> Found {
        // Writes begin with a frame; of reads it takes several to see where they begin.
        let is_http2 = |bytes: &[u8]| is_http2(http2::looks_like(bytes));
        self.open.extend_from_slice(piece);
        let mut open = self.open.len();
        for (flow, side) in [(Flow::Request, client), (Flow::Response, server)] {
            match http1::find(&self.open, flow) {
                http1::Found::At(_) => return Found::Http1(side),
                http1::Found::Open(at) => open = open.min(at),
            }
        }
        self.open.drain(..open);
        self.open.shrink_to(RECENT_BYTES);
        let before = self.recent.len();
        self.recent.extend_from_slice(&piece[piece.len().saturating_sub(RECENT_BYTES)..]);
        if is_http2(piece) || before > 0 && is_http2(&self.recent) {
            return Found::Http2;
        }
        self.recent.drain(..self.recent.len().saturating_sub(RECENT_BYTES));
        self.recent.shrink_to(2 * RECENT_BYTES);
        Found::Nothing
    }
}
