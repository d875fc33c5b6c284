//! OpenAI and every server that speaks its API, Azure OpenAI included.
//!
//! Source of the shapes: OpenAI's API reference and its `openapi.yaml`; what other servers add or leave out is named
//! where it is read.

mod chat;
mod completion;
mod completions;
mod content;
mod embeddings;
mod error;
mod params;
mod path;
mod responses;
mod shape;
mod tools;
mod usage;

pub use chat::Chat;
pub use completions::Completions;
pub use embeddings::Embeddings;
pub use responses::Responses;
