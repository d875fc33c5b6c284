//! A mock LLM server over TLS for scripts: writes its authority's certificate, says where it listens, and logs each answer as a line of JSON.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "its output is its interface")]

use std::fs::{self, File};
use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::time::Duration;

use sidetone_testkit::server::{MockServer, Tls};

const HELP: &str = "\
mock-llm-server [--address 127.0.0.1] [--port 0] [--name api.openai.com]... --authority FILE [--log FILE]
                [--protocols h2,http/1.1] [--plain] [--gzip] [--reply-bytes N] [--head-delay MS] [--piece-delay MS]

Prints `ready ADDRESS:PORT`, and serves until it is killed or its standard input, if it is a pipe, ends (with --until-stdin-ends).
Answers have ids and token counts of their own; the log tells them: one line of JSON for each, when the answer has ended.";

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("mock-llm-server: {error}");
            ExitCode::from(2)
        }
    }
}

fn run(mut arguments: impl Iterator<Item = String>) -> io::Result<()> {
    let mut builder = MockServer::builder().number_answers(true).record_requests(false);
    let (mut names, mut protocols, mut authority, mut plain, mut until_stdin_ends) = (vec![], None, None, false, false);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| invalid(format!("{argument} needs a value")));
        builder = match argument.as_str() {
            "--address" => builder.address(parsed::<Ipv4Addr>(&value()?)?),
            "--port" => builder.port(parsed(&value()?)?),
            "--log" => builder.log_to(File::create(value()?)?),
            "--gzip" => builder.gzip(true),
            "--reply-bytes" => builder.reply_text("words ".repeat(parsed::<usize>(&value()?)?.div_ceil(6))),
            "--head-delay" => builder.head_delay(Duration::from_millis(parsed(&value()?)?)),
            "--piece-delay" => builder.piece_delay(Duration::from_millis(parsed(&value()?)?)),
            other => {
                match other {
                    "--name" => names.push(value()?),
                    "--authority" => authority = Some(value()?),
                    "--protocols" => protocols = Some(value()?),
                    "--plain" => plain = true,
                    "--until-stdin-ends" => until_stdin_ends = true,
                    "--help" => {
                        println!("{HELP}");
                        return Ok(());
                    }
                    _ => return Err(invalid(format!("unknown argument {other}; see --help"))),
                }
                builder
            }
        };
    }
    if names.is_empty() {
        names.push("api.openai.com".to_owned());
    }
    if !plain {
        let mut tls = Tls::for_names(&names.iter().map(String::as_str).collect::<Vec<_>>())?;
        if let Some(protocols) = protocols {
            tls = tls.protocols(&protocols.split(',').collect::<Vec<_>>());
        }
        let file = authority.ok_or_else(|| invalid("--authority FILE is needed".to_owned()))?;
        fs::write(file, tls.authority())?;
        builder = builder.tls(tls);
    }
    let server = builder.try_start()?;
    println!("ready {}", server.addr());
    io::stdout().flush()?;
    if until_stdin_ends {
        io::copy(&mut io::stdin(), &mut io::sink())?;
        return Ok(());
    }
    loop {
        std::thread::park();
    }
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(text: &str) -> io::Result<T> {
    text.parse().map_err(|error| invalid(format!("{text}: {error}")))
}

fn invalid(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, why)
}
