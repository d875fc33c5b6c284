//! What is read of PostHog's events.
#![no_main]

sidetone_fuzz::reader!("posthog");
