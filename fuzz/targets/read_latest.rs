//! What is read of dialect `latest`.
#![no_main]

sidetone_fuzz::reader!("latest");
