//! A server on the loopback interface that gives the same answers as the fabricated transport.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;

use std::sync::Arc;

use reqwest_middleware::{ClientBuilder, ClientWithMiddleware, Middleware};
use tokio::runtime::{Builder, Runtime};

use crate::caller::{read_whole, request};
use crate::meter::{Meter, Subject};
use crate::ours::Attached;
use crate::payload::Payload;

/// A caller of the server, over one connection that stays open.
pub(crate) struct Remote {
    runtime: Option<Runtime>,
    client: ClientWithMiddleware,
    url: Option<reqwest::Url>,
    payload: Payload,
    attached: Box<dyn Attached>,
    calls: u64,
    made: u64,
    read: u64,
}

impl Remote {
    pub(crate) fn new(
        address: SocketAddr,
        payload: &Payload,
        middleware: Option<Arc<dyn Middleware>>,
        attached: Box<dyn Attached>,
        calls: u64,
    ) -> Self {
        let mut builder = ClientBuilder::new(crate::transport::unused_transport());
        if let Some(middleware) = middleware {
            builder = builder.with_arc(middleware);
        }
        Self {
            runtime: Builder::new_current_thread().enable_all().build().ok(),
            client: builder.build(),
            url: reqwest::Url::parse(&format!("http://{address}/v1/chat/completions")).ok(),
            payload: payload.clone(),
            attached,
            calls,
            made: 0,
            read: 0,
        }
    }
}

impl Subject for Remote {
    fn round(&mut self, meter: &mut Meter) {
        let (Some(runtime), Some(url)) = (&self.runtime, &self.url) else { return };
        let (client, calls, body) = (&self.client, self.calls, &self.payload.request);
        let mut read = 0;
        meter.part(|| {
            runtime.block_on(async {
                for _ in 0..calls {
                    let mut request = request(body);
                    *request.url_mut() = url.clone();
                    if let Ok(response) = client.execute(request).await {
                        read += read_whole(response).await;
                    }
                }
            });
        });
        self.read += read;
        self.made += calls;
        self.attached.settle(meter);
    }

    fn check(&mut self) -> Result<(), String> {
        let expected = self.made * self.payload.body().len() as u64;
        if self.read != expected {
            return Err(format!("{} of {expected} bytes reached the caller", self.read));
        }
        self.attached.check(self.made)
    }
}

/// Starts it; it lives as long as the process.
///
/// # Errors
/// When no port can be bound.
pub(crate) fn serve(chat: &Payload, stream: &Payload) -> Result<SocketAddr, String> {
    let listener = TcpListener::bind("127.0.0.1:0").map_err(|error| format!("no port on loopback: {error}"))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    let answers = [answer(chat), answer(stream)];
    thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            let answers = answers.clone();
            thread::spawn(move || {
                // A client that goes away ends its connection; nothing else does.
                let _ = converse(connection, &answers);
            });
        }
    });
    Ok(address)
}

fn answer(payload: &Payload) -> Vec<u8> {
    let body = payload.body();
    let mut answer = b"HTTP/1.1 200 OK\r\n".to_vec();
    for (name, value) in &payload.headers {
        answer.extend_from_slice(name.as_str().as_bytes());
        answer.extend_from_slice(b": ");
        answer.extend_from_slice(value.as_bytes());
        answer.extend_from_slice(b"\r\n");
    }
    answer.extend_from_slice(format!("content-length: {}\r\n\r\n", body.len()).as_bytes());
    answer.extend_from_slice(&body);
    answer
}

fn converse(mut connection: TcpStream, answers: &[Vec<u8>; 2]) -> std::io::Result<()> {
    connection.set_nodelay(true)?;
    let mut held: Vec<u8> = Vec::new();
    let mut buffer = [0; 16 << 10];
    loop {
        let (head, length) = loop {
            if let Some(end) = memchr::memmem::find(&held, b"\r\n\r\n") {
                break (end + 4, content_length(&held[..end]));
            }
            match connection.read(&mut buffer)? {
                0 => return Ok(()),
                read => held.extend_from_slice(&buffer[..read]),
            }
        };
        while held.len() < head + length {
            match connection.read(&mut buffer)? {
                0 => return Ok(()),
                read => held.extend_from_slice(&buffer[..read]),
            }
        }
        let body = &held[head..head + length];
        let is_stream = [&b"\"stream\":true"[..], b"\"stream\": true"]
            .iter()
            .any(|flag| memchr::memmem::find(body, flag).is_some());
        connection.write_all(&answers[usize::from(is_stream)])?;
        held.drain(..head + length);
    }
}

fn content_length(head: &[u8]) -> usize {
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    head.split("content-length:").nth(1).and_then(|rest| rest.lines().next()?.trim().parse().ok()).unwrap_or(0)
}
