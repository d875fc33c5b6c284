//! What is read of OpenInference.
#![no_main]

sidetone_fuzz::reader!("openinference");
