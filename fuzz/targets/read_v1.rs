//! What is read of dialect `v1`.
#![no_main]

sidetone_fuzz::reader!("v1");
