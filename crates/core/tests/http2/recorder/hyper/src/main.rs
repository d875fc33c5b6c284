//! Client or server of the plan, with hyper's HTTP/2 (h2) in plain text.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io::Write as _;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};

type Log = Arc<Mutex<std::fs::File>>;

fn bytes(value: &Value) -> Bytes {
    STANDARD.decode(value.as_str().unwrap_or_default()).unwrap().into()
}

fn log(log: &Log, entry: Value) {
    writeln!(log.lock().unwrap(), "{entry}").unwrap();
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let args: Vec<String> = std::env::args().collect();
    let groups: Vec<Vec<Value>> = serde_json::from_slice(&std::fs::read(&args[2]).unwrap()).unwrap();
    let log = Arc::new(Mutex::new(std::fs::File::create(&args[3]).unwrap()));
    if args[1] == "server" { serve(groups, log).await } else { call(groups, log, &args[4]).await }
}

async fn serve(groups: Vec<Vec<Value>>, log: Log) {
    let calls: Arc<HashMap<String, Value>> =
        Arc::new(groups.into_iter().flatten().map(|call| (call["id"].as_str().unwrap().to_owned(), call)).collect());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap().port());
    let (socket, _) = listener.accept().await.unwrap();
    let service = hyper::service::service_fn(|request: Request<Incoming>| {
        let (calls, log) = (Arc::clone(&calls), Arc::clone(&log));
        async move { Ok::<_, Infallible>(answer(request, calls, log).await) }
    });
    let connection =
        hyper::server::conn::http2::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(socket), service);
    tokio::pin!(connection);
    let (tx, rx) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_line(&mut String::new());
        let _ = tx.send(());
    });
    tokio::select! {
        _ = &mut connection => {}
        _ = rx => connection.as_mut().graceful_shutdown(),
    }
    let _ = tokio::time::timeout(Duration::from_millis(200), connection).await;
    std::process::exit(0);
}

async fn answer(
    request: Request<Incoming>,
    calls: Arc<HashMap<String, Value>>,
    to: Log,
) -> Response<impl hyper::body::Body<Data = Bytes, Error = Infallible>> {
    let call = calls[request.headers()["x-request-id"].to_str().unwrap()].clone();
    let (method, path) = (request.method().to_string(), request.uri().path_and_query().unwrap().to_string());
    let received = request.into_body().collect().await.unwrap().to_bytes();
    let mut response = Response::builder().status(call["status"].as_u64().unwrap() as u16);
    for (name, value) in call["response_headers"].as_object().unwrap() {
        response = response.header(name, value.as_str().unwrap());
    }
    response = response.header("x-request-id", call["id"].as_str().unwrap());
    let (tx, rx) = tokio::sync::mpsc::channel(1);
    tokio::spawn(async move {
        let (mut sent, mut outcome) = (Vec::new(), "complete");
        for chunk in call["chunks"].as_array().unwrap() {
            tokio::time::sleep(Duration::from_millis(call["delay_ms"].as_u64().unwrap())).await;
            if tx.send(Ok(Frame::data(bytes(chunk)))).await.is_err() {
                outcome = "cancelled";
                break;
            }
            sent.extend_from_slice(&bytes(chunk));
        }
        if let Some(trailers) = call["trailers"].as_object() {
            let trailers: HeaderMap =
                trailers.iter().map(|(name, value)| (name.parse().unwrap(), value.as_str().unwrap().parse().unwrap())).collect();
            let _ = tx.send(Ok(Frame::trailers(trailers))).await;
        }
        log(&to, json!({"id": call["id"], "method": method, "path": path, "status": call["status"],
            "request": STANDARD.encode(received), "response": STANDARD.encode(sent), "outcome": outcome}));
    });
    let frames = futures_util::stream::unfold(rx, async |mut rx| Some((rx.recv().await?, rx)));
    response.body(StreamBody::new(frames)).unwrap()
}

async fn call(groups: Vec<Vec<Value>>, to: Log, port: &str) {
    let socket = tokio::net::TcpStream::connect(format!("127.0.0.1:{port}")).await.unwrap();
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(socket)).await.unwrap();
    let connection = tokio::spawn(connection);
    for group in groups {
        let mut tasks = tokio::task::JoinSet::new();
        for call in group {
            let (mut sender, to) = (sender.clone(), Arc::clone(&to));
            let url = format!("http://127.0.0.1:{port}{}", call["path"].as_str().unwrap());
            tasks.spawn(async move {
                let mut request = Request::builder().method(call["method"].as_str().unwrap()).uri(url);
                for (name, value) in call["headers"].as_object().unwrap() {
                    request = request.header(name, value.as_str().unwrap());
                }
                request = request.header("x-request-id", call["id"].as_str().unwrap());
                let body = bytes(&call["body"]);
                let mut response = sender.send_request(request.body(Full::new(body)).unwrap()).await.unwrap();
                let (mut received, mut outcome) = (Vec::new(), "complete");
                while let Some(frame) = response.body_mut().frame().await {
                    if let Ok(data) = frame.unwrap().into_data() {
                        received.extend_from_slice(&data);
                    }
                    if let Some(limit) = call["cancel_after"].as_u64().filter(|limit| received.len() as u64 >= *limit) {
                        received.truncate(limit as usize);
                        outcome = "cancelled";
                        break;
                    }
                }
                log(&to, json!({"id": call["id"], "method": call["method"], "path": call["path"],
                    "status": response.status().as_u16(), "request": call["body"], "response": STANDARD.encode(received),
                    "outcome": outcome}));
            });
        }
        tasks.join_all().await;
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    drop(sender);
    let _ = tokio::time::timeout(Duration::from_millis(500), connection).await;
}
