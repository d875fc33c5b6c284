//! What a [`Receiver`](crate::hostile::Receiver) got, decoded: OTLP as protobuf over HTTP and over gRPC, compressed by gzip or not.
//!
//! ```
//! use sidetone_testkit::hostile::Receiver;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), reqwest::Error> {
//! let receiver = Receiver::start();
//! // Stands for an exporter that sends one span without a name.
//! let body: &[u8] = &[0x0a, 0x04, 0x12, 0x02, 0x12, 0x00];
//! let url = format!("{}/v1/traces", receiver.endpoint());
//! reqwest::Client::new().post(url).header("content-type", "application/x-protobuf").body(body).send().await?;
//!
//! assert_eq!(receiver.spans().len(), 1);
//! assert_eq!(receiver.spans()[0].kind, "Unspecified");
//! # Ok(())
//! # }
//! ```
//!
//! OTLP as JSON isn't decoded; it counts as [undecodable](crate::hostile::Receiver::undecodable).

mod convert;
mod decode;
mod exports;

pub use decode::EXPORT_MAX;
pub use exports::Export;
pub(crate) use exports::Exports;
