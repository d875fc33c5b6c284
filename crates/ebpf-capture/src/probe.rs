//! Where a probe sits and what it does there: what a TLS runtime's folder says and the attaching code carries out.

/// What the kernel side does at a place. Each is one BPF program of `bpf/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Program {
    /// The first instruction (or one where the arguments are still in place) of a C function `f(conn, buffer, length[, &done])`.
    Entry,
    /// The return of such a function, by a return probe.
    Return,
    /// The return of such a function, by a plain probe on an instruction where the result is in its register.
    Exit,
    /// The first instruction of Go's `(*Conn).Read` or `Write` (register ABI, Go ≥ 1.17).
    GoEntry,
    /// A return instruction of those.
    GoExit,
    /// The first instruction of a rustls `Reader`'s or `Writer`'s method.
    RustEntry,
    /// Its return, by a return probe: `io::Result<usize>` in two registers.
    RustReturn,
    /// The connection is freed: `SSL_free`, `gnutls_deinit`; the first argument is the connection.
    Free,
    /// The connection has one more owner, who frees it too: `SSL_up_ref`; the first argument is the connection.
    Keep,
    /// `SSL_ctrl(conn, 55, 0, name)`: the server's name before the first byte.
    Control,
    /// `f(conn, name)`-like: BoringSSL's `SSL_set_tlsext_host_name`.
    Name,
    /// `gnutls_server_name_set(conn, type, name, length)`.
    GnuName,
    /// `SSL_set_fd(conn, fd)`.
    SetFd,
    /// A function that is called before the first byte, with the connection as its first argument: `SSL_set_connect_state`,
    /// `gnutls_handshake`.
    Open,
    /// A method of Go that is called before the first byte, with the connection in AX: `(*Conn).clientHandshake`.
    GoOpen,
    /// `(*Conn).Close` of Go, with the connection in AX.
    GoClose,
    /// A rustls connection is dropped: the first argument is the connection.
    RustFree,
    /// The USDT probe `sidetone:call`; the cookie says which registers hold its arguments.
    Announce,
}

impl Program {
    /// Whether it is attached as a return probe.
    #[must_use]
    pub fn is_return(self) -> bool {
        matches!(self, Self::Return | Self::RustReturn)
    }
}

/// What a program needs to know of the place that it runs at; bits of the attach cookie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Cookie(pub u64);

impl Cookie {
    /// The bytes go out (else they come in).
    pub const WRITE: u64 = 1;
    /// The length is stored where the fourth argument points (`SSL_read_ex`), else returned.
    pub const LENGTH_BY_POINTER: u64 = 1 << 1;
    /// With [`LENGTH_BY_POINTER`](Self::LENGTH_BY_POINTER): where the fifth argument points (OpenSSL ≥ 3.2 inside).
    pub const LENGTH_BY_FIFTH: u64 = 1 << 2;
    /// For [`Program::RustEntry`]: the second argument points to rustls' `Payload`: the second and third word are the bytes'
    /// address and number. They have come in when the function is entered; it has no return probe.
    pub const RUST_PAYLOAD: u64 = 1 << 3;
    /// For [`Program::RustEntry`]: the second argument points to rustls' `OutboundChunks`, four words: zero, address, number;
    /// or address and number of slices, first byte and end. The number of bytes taken is returned.
    pub const RUST_CHUNKS: u64 = 1 << 4;
    /// For [`Program::GoExit`]: the function keeps its first two arguments where its caller has room for them, above the return
    /// address: those of a call whose entry was missed are found there.
    pub const GO_SPILLED: u64 = 1 << 5;
    /// Nothing read means that the other side has ended the connection.
    pub const TELLS_END: u64 = 1 << 6;
    /// Bits 8–15: which TLS library, by its place in the runtimes' table.
    pub const RUNTIME_SHIFT: u32 = 8;
    /// Bits 16–35 of an announcement: the registers of its five arguments, four bits each (0 rax, 1 rbx, 2 rcx, 3 rdx, 4 rsi,
    /// 5 rdi, 6 rbp, 7 rsp, 8–15 r8–r15; on arm64 x0–x15).
    pub const REGISTERS_SHIFT: u32 = 16;
    /// Bits 32–63: a signed number that is added to the address by which the connection is known.
    pub const DELTA_SHIFT: u32 = 32;
}

/// One probe in one file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Probe {
    /// What happens there.
    pub program: Program,
    /// Where: the offset in the file, not the address in memory.
    pub offset: u64,
    /// What the program is told.
    pub cookie: Cookie,
}
