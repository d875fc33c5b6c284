//! What looks dangerous in a text: credentials, personal data, commands, injected instructions, and what the application named.
//!
//! ```
//! use sidetone_core::scan::Scanner;
//!
//! let scanner = Scanner::embedded();
//! let text = "the runner has glpat-zQWBuTSOoRi4A9spHcVY";
//! let mut found = Vec::new();
//! scanner.scan(text, &mut found);
//! assert_eq!(found[0].rule.name, "gitlab-pat");
//! assert_eq!(scanner.redact(text), "the runner has [gitlab-pat:26]");
//! ```
//!
//! One pass over the text looks for the public beginnings of formats and the names of vendors; what stands at each place that
//! it gives is verified by shape, length, alphabet, entropy and checksum. Texts in base64, and escapes of JSON and URLs, are read
//! decoded too. Time is linear in the length of the text, whatever it holds.
//!
//! It finds what is *written*: it doesn't ask vendors whether a key is valid, and doesn't find a password that looks like a word.

mod anchors;
mod checksum;
mod class;
mod decode;
mod found;
mod own;
mod personal;
mod redact;
mod rule;
mod scanner;
mod shape;
mod special;
mod tokens;

pub use own::{RuleError, ScannerBuilder};
pub use rule::{Category, Match, Rule, Severity};
pub use scanner::Scanner;
