//! What is read of the Vercel AI SDK.
#![no_main]

sidetone_fuzz::reader!("vercel");
