//! Tests of the whole live in `tests/`; here is the application that they observe, and how they talk to it.
//!
//! What sidetone reads of the environment and what it costs in memory can only be seen in a process of its own. So there is
//! a program, `application`, that does what it is told on its standard input, one JSON object a line, and answers each
//! on its standard output.

mod driver;
pub mod program;
pub mod protocol;

pub use driver::Application;
