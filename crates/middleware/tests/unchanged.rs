//! What an application sees of its requests is the same with and without us, by every way of being observed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::sync::Arc;
use std::time::Duration;

use http_body::Body as _;
use reqwest::{Client, ClientBuilder, Request, Response};
use sidetone_testkit::server::{Failure, Fault, Framing, MockServer, MockServerBuilder, Pieces, Point};
use support::{WAYS, Watched, chat, local};

/// Everything that a client tells of a response or of an error.
#[derive(Debug, PartialEq)]
struct Told {
    head: Option<Head>,
    body: Vec<u8>,
    error: Option<Failed>,
}

#[derive(Debug, PartialEq)]
struct Head {
    status: u16,
    version: reqwest::Version,
    url: String,
    headers: Vec<(String, String)>,
    content_length: Option<u64>,
    remote_addr: Option<std::net::SocketAddr>,
    reason: Option<Vec<u8>>,
    is_end_stream: bool,
    size_hint: (u64, Option<u64>),
}

#[derive(Debug, PartialEq)]
struct Failed {
    timeout: bool,
    connect: bool,
    request: bool,
    body: bool,
    decode: bool,
    redirect: bool,
    builder: bool,
    url: Option<String>,
    text: String,
}

impl Failed {
    fn of(error: &reqwest::Error) -> Self {
        Self {
            timeout: error.is_timeout(),
            connect: error.is_connect(),
            request: error.is_request(),
            body: error.is_body(),
            decode: error.is_decode(),
            redirect: error.is_redirect(),
            builder: error.is_builder(),
            url: error.url().map(ToString::to_string),
            text: error.to_string(),
        }
    }
}

async fn told(result: reqwest::Result<Response>) -> Told {
    let mut response = match result {
        Ok(response) => response,
        Err(error) => return Told { head: None, body: Vec::new(), error: Some(Failed::of(&error)) },
    };
    let headers = response.headers().iter().filter(|(name, _)| *name != "date");
    let mut head = Head {
        status: response.status().as_u16(),
        version: response.version(),
        url: response.url().to_string(),
        headers: headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect(),
        content_length: response.content_length(),
        remote_addr: response.remote_addr(),
        reason: response.extensions().get::<hyper::ext::ReasonPhrase>().map(|reason| reason.as_bytes().to_vec()),
        is_end_stream: false,
        size_hint: (0, None),
    };
    let mut body = Vec::new();
    // Read as a client with a total length may: by chunks, until an error or the end.
    let error = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => break None,
            Err(error) => break Some(Failed::of(&error)),
        }
    };
    let rest = http::Response::<reqwest::Body>::from(response).into_body();
    head.is_end_stream = rest.is_end_stream();
    head.size_hint = (rest.size_hint().lower(), rest.size_hint().upper());
    Told { head: Some(head), body, error }
}

struct Scenario {
    name: &'static str,
    server: fn(MockServerBuilder) -> MockServerBuilder,
    client: fn(ClientBuilder) -> ClientBuilder,
    stream: bool,
    request: fn(&Client, &str) -> reqwest::RequestBuilder,
    /// What has to be so without us, or the scenario tests nothing.
    holds: fn(&Told) -> bool,
}

const SHORT: Duration = Duration::from_millis(60);

fn post(client: &Client, url: &str) -> reqwest::RequestBuilder {
    client.post(url)
}

fn error(told: &Told) -> &Failed {
    told.error.as_ref().expect("no error")
}

fn head(told: &Told) -> &Head {
    told.head.as_ref().expect("no head")
}

/// Names never resolve.
struct Unresolving;

impl reqwest::dns::Resolve for Unresolving {
    fn resolve(&self, _: reqwest::dns::Name) -> reqwest::dns::Resolving {
        Box::pin(std::future::pending())
    }
}

fn scenarios() -> Vec<Scenario> {
    let base = || Scenario {
        name: "a whole answer",
        server: |server| server,
        client: |client| client,
        stream: false,
        request: post,
        holds: |told| told.error.is_none() && head(told).content_length.is_some(),
    };
    vec![
        base(),
        Scenario {
            name: "an answer in chunks",
            server: |server| server.framing(Framing::Chunked).pieces(Pieces::Bytes(50)),
            holds: |told| head(told).content_length.is_none() && !told.body.is_empty(),
            ..base()
        },
        Scenario { name: "a stream", stream: true, holds: |told| told.body.ends_with(b"[DONE]\n\n"), ..base() },
        Scenario {
            name: "HTTP/2",
            client: |client| client.http2_prior_knowledge(),
            holds: |told| head(told).version == reqwest::Version::HTTP_2 && !told.body.is_empty(),
            ..base()
        },
        Scenario {
            name: "a stream over HTTP/2",
            client: |client| client.http2_prior_knowledge(),
            stream: true,
            holds: |told| head(told).version == reqwest::Version::HTTP_2 && !told.body.is_empty(),
            ..base()
        },
        Scenario {
            name: "an error status",
            server: |server| server.fail_first(usize::MAX, Failure::status(500)),
            holds: |told| head(told).status == 500 && !told.body.is_empty(),
            ..base()
        },
        Scenario {
            name: "an empty answer",
            server: |server| server.fail_first(usize::MAX, Failure::status(200).body("")),
            holds: |told| head(told).content_length == Some(0),
            ..base()
        },
        Scenario {
            name: "no content",
            server: |server| server.fail_first(usize::MAX, Failure::status(204).body("")),
            holds: |told| head(told).status == 204 && told.body.is_empty(),
            ..base()
        },
        Scenario {
            name: "a redirect with 307",
            server: |server| server.redirect(true),
            holds: |told| head(told).url.contains("/redirected/") && head(told).status == 200,
            ..base()
        },
        Scenario {
            name: "a redirect that isn't followed",
            server: |server| server.redirect(true),
            client: |client| client.redirect(reqwest::redirect::Policy::none()),
            holds: |told| head(told).status == 307,
            ..base()
        },
        Scenario {
            name: "compressed, decoded by the client",
            server: |server| server.gzip(true),
            holds: |told| head(told).content_length.is_none() && told.body.starts_with(b"{"),
            ..base()
        },
        Scenario {
            name: "compressed, left so by the client",
            server: |server| server.gzip(true),
            client: |client| client.no_gzip(),
            request: |client, url| client.post(url).header("accept-encoding", "gzip"),
            holds: |told| told.body.starts_with(&[0x1f, 0x8b]) && head(told).content_length.is_some(),
            ..base()
        },
        Scenario {
            name: "a refused connection",
            client: |client| client.resolve("refusing.test", ([127, 0, 0, 1], 1).into()),
            request: |client, _| client.post("http://refusing.test:1/v1/chat/completions"),
            holds: |told| error(told).connect && !error(told).timeout,
            ..base()
        },
        Scenario {
            name: "a timeout of the connection",
            client: |client| client.dns_resolver(Arc::new(Unresolving)).connect_timeout(SHORT),
            request: |client, _| client.post("http://unresolved.test/v1/chat/completions"),
            holds: |told| error(told).connect && error(told).timeout,
            ..base()
        },
        Scenario {
            name: "a timeout before the head",
            server: |server| server.fault(Fault::Hang(Point::BeforeHead)),
            client: |client| client.timeout(SHORT),
            holds: |told| told.head.is_none() && error(told).timeout && !error(told).connect,
            ..base()
        },
        Scenario {
            name: "a timeout between chunks",
            server: |server| server.fault(Fault::Hang(Point::AfterBytes(60))),
            client: |client| client.read_timeout(SHORT),
            stream: true,
            holds: |told| told.body.len() == 60 && error(told).timeout,
            ..base()
        },
        Scenario {
            name: "a timeout of the whole, in the body",
            server: |server| server.fault(Fault::Hang(Point::AfterBytes(60))),
            client: |client| client.timeout(Duration::from_millis(200)),
            holds: |told| told.body.len() == 60 && error(told).timeout,
            ..base()
        },
        Scenario {
            name: "a timeout of the request's own",
            server: |server| server.fault(Fault::Hang(Point::AfterBytes(60))),
            request: |client, url| client.post(url).timeout(Duration::from_millis(200)),
            holds: |told| told.body.len() == 60 && error(told).timeout,
            ..base()
        },
        Scenario {
            name: "a connection closed before the head",
            server: |server| server.fault(Fault::Close(Point::BeforeHead)),
            holds: |told| told.head.is_none() && error(told).request,
            ..base()
        },
        Scenario {
            name: "a connection closed in the body",
            server: |server| server.fault(Fault::Close(Point::AfterBytes(60))),
            holds: |told| told.body.len() == 60 && error(told).decode,
            ..base()
        },
        Scenario {
            name: "a stream closed in the body",
            server: |server| server.fault(Fault::Close(Point::AfterBytes(60))),
            stream: true,
            holds: |told| told.body.len() == 60 && error(told).decode,
            ..base()
        },
        Scenario {
            name: "a stream closed in the body over HTTP/2",
            server: |server| server.fault(Fault::Close(Point::AfterBytes(60))),
            client: |client| client.http2_prior_knowledge(),
            stream: true,
            holds: |told| error(told).decode,
            ..base()
        },
        Scenario {
            name: "a connection closed before the end",
            server: |server| server.fault(Fault::Close(Point::BeforeEnd)),
            stream: true,
            holds: |told| error(told).decode,
            ..base()
        },
        Scenario {
            name: "a URL of another scheme",
            request: |client, _| client.post("ftp://127.0.0.1/v1/chat/completions"),
            holds: |told| error(told).builder,
            ..base()
        },
        Scenario {
            name: "an API that isn't one of LLMs",
            request: |client, url| client.post(format!("{url}/other")),
            holds: |told| head(told).status == 404,
            ..base()
        },
    ]
}

#[tokio::test]
async fn a_client_tells_the_same_with_and_without_us() {
    for scenario in scenarios() {
        let server = (scenario.server)(MockServer::builder()).start();
        let url = format!("{}/chat/completions", server.base_url());
        // A fresh client each time: what a broken connection leaves in a pool is no difference of ours.
        let client = || (scenario.client)(local()).build().unwrap();
        let request = |client: &Client| (scenario.request)(client, &url).body(chat(scenario.stream));

        let plain_client = client();
        let plain = told(request(&plain_client).send().await).await;
        assert!((scenario.holds)(&plain), "{}: {plain:#?}", scenario.name);

        for way in WAYS {
            let watched = Watched::start();
            let client = client();
            let build = {
                let (client, url) = (client.clone(), url.clone());
                let (request, stream) = (scenario.request, scenario.stream);
                move || request(&client, &url).body(chat(stream)).build()
            };
            let observed = told(way.send(&watched, &client, build).await).await;
            assert_eq!(observed, plain, "{} by {way:?}", scenario.name);
        }
    }
}

#[tokio::test]
async fn the_server_gets_the_same_request_with_and_without_us() {
    for stream in [false, true] {
        let server = MockServer::builder().start();
        let url = format!("{}/chat/completions?key=1", server.base_url());
        let client = local().build().unwrap();
        let build = {
            let client = client.clone();
            move || -> reqwest::Result<Request> {
                let request = client.post(&url).header("authorization", "Bearer k").timeout(support::PATIENCE);
                if stream {
                    let pieces = [Ok::<_, std::io::Error>(chat(true)), Ok(" ".to_owned())];
                    request.body(reqwest::Body::wrap_stream(futures_util::stream::iter(pieces))).build()
                } else {
                    request.body(chat(false)).build()
                }
            }
        };
        told(client.execute(build().unwrap()).await).await;
        for way in WAYS {
            told(way.send(&Watched::start(), &client, build.clone()).await).await;
        }
        // And so when observation has ended.
        for way in WAYS {
            let watched = Watched::start();
            watched.observer.pipeline().stop(support::PATIENCE).unwrap();
            told(way.send(&watched, &client, build.clone()).await).await;
            assert_eq!(watched.calls(), [], "{way:?}");
        }
        let requests = server.requests();
        assert_eq!(requests.len(), 1 + 2 * WAYS.len());
        assert_eq!(requests[0].header("transfer-encoding").is_some(), stream);
        for (way, request) in WAYS.iter().cycle().zip(&requests[1..]) {
            assert_eq!(*request, requests[0], "{way:?}");
        }
    }
}

/// A streamed body whose length is known.
struct Sized(Option<bytes::Bytes>);

impl http_body::Body for Sized {
    type Data = bytes::Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<bytes::Bytes>, Self::Error>>> {
        std::task::Poll::Ready(self.0.take().map(|bytes| Ok(http_body::Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(self.0.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

#[tokio::test]
async fn a_streamed_request_body_keeps_its_length() {
    let server = MockServer::start();
    let url = format!("{}/chat/completions", server.base_url());
    let client = local().build().unwrap();
    for way in WAYS {
        let (build_client, url) = (client.clone(), url.clone());
        let build = move || build_client.post(&url).body(reqwest::Body::wrap(Sized(Some(chat(false).into())))).build();
        let told = told(way.send(&Watched::start(), &client, build).await).await;
        assert_eq!(head(&told).status, 200);
    }
    let length = chat(false).len().to_string();
    for request in server.requests() {
        assert_eq!(request.header("content-length"), Some(&*length));
        assert_eq!(request.header("transfer-encoding"), None);
        assert_eq!(request.body, chat(false));
    }
}
