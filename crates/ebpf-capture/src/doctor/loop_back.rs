//! A process that does TLS with itself through the system's OpenSSL, for the self-test: what is written by one end is
//! read by the other, in memory, without a certificate.
#![expect(unsafe_code, reason = "the functions of a library that is loaded while running are foreign by nature")]

use std::ffi::{CStr, c_char, c_int, c_long, c_void};
use std::io::{BufRead, Write};
use std::mem::transmute;
use std::ptr::null_mut;

/// All went well.
pub(super) const DONE: i32 = 0;
/// There is no OpenSSL to do it with.
pub(super) const NO_LIBRARY: i32 = 3;
/// OpenSSL didn't do what it was asked.
pub(super) const FAILED: i32 = 4;

/// Longest text that is sent.
pub(super) const TEXT_BYTES: usize = 256;

/// Names under which OpenSSL is loaded, the newest first.
const LIBRARIES: &[&CStr] = &[c"libssl.so.4", c"libssl.so.3", c"libssl.so.1.1"];
/// Steps of a handshake: four flights, with room.
const STEPS: usize = 32;

/// `SSL_CTRL_SET_MAX_PROTO_VERSION` and TLS 1.2: later versions have no ciphers without a certificate.
const SET_MAX_VERSION: c_int = 124;
const TLS_1_2: c_long = 0x0303;

type Pointer = *mut c_void;

/// The functions that are needed.
struct OpenSsl {
    tls_method: unsafe extern "C" fn() -> Pointer,
    context_new: unsafe extern "C" fn(Pointer) -> Pointer,
    context_free: unsafe extern "C" fn(Pointer),
    context_control: unsafe extern "C" fn(Pointer, c_int, c_long, Pointer) -> c_long,
    set_cipher_list: unsafe extern "C" fn(Pointer, *const c_char) -> c_int,
    new: unsafe extern "C" fn(Pointer) -> Pointer,
    free: unsafe extern "C" fn(Pointer),
    set_connect_state: unsafe extern "C" fn(Pointer),
    set_accept_state: unsafe extern "C" fn(Pointer),
    set_bio: unsafe extern "C" fn(Pointer, Pointer, Pointer),
    bio_pair: unsafe extern "C" fn(*mut Pointer, usize, *mut Pointer, usize) -> c_int,
    do_handshake: unsafe extern "C" fn(Pointer) -> c_int,
    write: unsafe extern "C" fn(Pointer, *const c_void, c_int) -> c_int,
    read: unsafe extern "C" fn(Pointer, Pointer, c_int) -> c_int,
}

/// What the child process of the self-test does: it waits for a line on stdin, sends it to itself by TLS, and ends. What
/// it gives is the exit code.
#[must_use]
pub fn loop_back_child() -> i32 {
    let mut text = String::new();
    if std::io::stdin().lock().read_line(&mut text).is_err() {
        return FAILED;
    }
    let text = text.trim_end();
    let Some(openssl) = OpenSsl::load() else { return NO_LIBRARY };
    let arrived = text.len() <= TEXT_BYTES && openssl.send(text.as_bytes()).as_deref() == Some(text.as_bytes());
    let _ = std::io::stdout().flush();
    if arrived { DONE } else { FAILED }
}

impl OpenSsl {
    fn load() -> Option<Self> {
        // SAFETY: the names are C strings. Loading runs the library's initialisers, which is what every user of it does.
        let open = |name: &&CStr| unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW) };
        let library = LIBRARIES.iter().map(open).find(|library| !library.is_null())?;
        let find = |name: &CStr| {
            // SAFETY: the library was loaded and stays so; the name is a C string.
            let found = unsafe { libc::dlsym(library, name.as_ptr()) };
            (!found.is_null()).then_some(found)
        };
        // SAFETY: these are functions of OpenSSL 1.1 to 4, whose documentation gives them these types.
        unsafe {
            Some(Self {
                tls_method: transmute::<Pointer, unsafe extern "C" fn() -> Pointer>(find(c"TLS_method")?),
                context_new: transmute::<Pointer, unsafe extern "C" fn(Pointer) -> Pointer>(find(c"SSL_CTX_new")?),
                context_free: transmute::<Pointer, unsafe extern "C" fn(Pointer)>(find(c"SSL_CTX_free")?),
                context_control: transmute::<Pointer, unsafe extern "C" fn(Pointer, c_int, c_long, Pointer) -> c_long>(
                    find(c"SSL_CTX_ctrl")?,
                ),
                set_cipher_list: transmute::<Pointer, unsafe extern "C" fn(Pointer, *const c_char) -> c_int>(find(
                    c"SSL_CTX_set_cipher_list",
                )?),
                new: transmute::<Pointer, unsafe extern "C" fn(Pointer) -> Pointer>(find(c"SSL_new")?),
                free: transmute::<Pointer, unsafe extern "C" fn(Pointer)>(find(c"SSL_free")?),
                set_connect_state: transmute::<Pointer, unsafe extern "C" fn(Pointer)>(find(c"SSL_set_connect_state")?),
                set_accept_state: transmute::<Pointer, unsafe extern "C" fn(Pointer)>(find(c"SSL_set_accept_state")?),
                set_bio: transmute::<Pointer, unsafe extern "C" fn(Pointer, Pointer, Pointer)>(find(c"SSL_set_bio")?),
                bio_pair: transmute::<Pointer, unsafe extern "C" fn(*mut Pointer, usize, *mut Pointer, usize) -> c_int>(
                    find(c"BIO_new_bio_pair")?,
                ),
                do_handshake: transmute::<Pointer, unsafe extern "C" fn(Pointer) -> c_int>(find(c"SSL_do_handshake")?),
                write: transmute::<Pointer, unsafe extern "C" fn(Pointer, *const c_void, c_int) -> c_int>(find(
                    c"SSL_write",
                )?),
                read: transmute::<Pointer, unsafe extern "C" fn(Pointer, Pointer, c_int) -> c_int>(find(c"SSL_read")?),
            })
        }
    }

    /// Sends a text from a client to a server, both here, and gives what has arrived.
    fn send(&self, text: &[u8]) -> Option<Vec<u8>> {
        // SAFETY: each object is made by OpenSSL, checked, used as its documentation says, and freed once: the ends of
        // the pair belong to the connections since `SSL_set_bio`.
        unsafe {
            let context = (self.context_new)((self.tls_method)());
            if context.is_null() {
                return None;
            }
            (self.context_control)(context, SET_MAX_VERSION, TLS_1_2, null_mut());
            let is_set = (self.set_cipher_list)(context, c"aNULL:@SECLEVEL=0".as_ptr()) == 1;
            let (client, server) = ((self.new)(context), (self.new)(context));
            let (mut near, mut far) = (null_mut(), null_mut());
            let is_paired = (self.bio_pair)(&raw mut near, 0, &raw mut far, 0) == 1;
            let arrived = if is_set && is_paired && !client.is_null() && !server.is_null() {
                (self.set_bio)(client, near, near);
                (self.set_bio)(server, far, far);
                (self.set_connect_state)(client);
                (self.set_accept_state)(server);
                self.exchange(client, server, text)
            } else {
                None
            };
            (self.free)(client);
            (self.free)(server);
            (self.context_free)(context);
            arrived
        }
    }

    /// # Safety
    /// Both are connections, joined with each other, that live until it returns.
    unsafe fn exchange(&self, client: Pointer, server: Pointer, text: &[u8]) -> Option<Vec<u8>> {
        let length = c_int::try_from(text.len()).ok()?;
        // SAFETY: the connections live, and the buffers have the lengths that are told.
        unsafe {
            let is_joined = (0..STEPS).any(|_| {
                let (one, other) = ((self.do_handshake)(client), (self.do_handshake)(server));
                one == 1 && other == 1
            });
            if !is_joined || (self.write)(client, text.as_ptr().cast(), length) != length {
                return None;
            }
            let mut arrived = vec![0_u8; TEXT_BYTES];
            let read = (self.read)(server, arrived.as_mut_ptr().cast(), c_int::try_from(arrived.len()).ok()?);
            arrived.truncate(usize::try_from(read).ok()?);
            Some(arrived)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_arrives() {
        let Some(openssl) = sidetone_testkit::require::some("a shared OpenSSL", OpenSsl::load()) else { return };
        assert_eq!(openssl.send(b"hello").unwrap(), b"hello");
        let long = vec![b'x'; TEXT_BYTES];
        assert_eq!(openssl.send(&long).unwrap(), long);
    }
}
