//! What is read of dialect `v2`.
#![no_main]

sidetone_fuzz::reader!("v2");
