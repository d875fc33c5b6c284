//! Whether a program has rustls in it, which version, and whether that can be hooked.

use super::super::Recognised;
use super::super::elf::{Image, Symbols, Wanted};
use super::super::mark::{Mark, backwards};
use super::{NAME, probes};

/// Every method of rustls' `CommonState`, mangled in either way.
pub(super) const WANTED: &[Wanted] = &[Wanted::Containing(probes::TYPE_NAME)];

/// A message of rustls that every version since 0.20 holds; it outlives `strip`.
pub(in super::super) static MARK: Mark =
    Mark::of(const { &backwards(b"peer closed connection without sending TLS close_notify") });

/// Names of the crate's source files, in the messages of its panics.
const SOURCE: &[u8] = b"/rustls-0.";

/// Minor versions of rustls 0 whose functions and structures are known.
const KNOWN_MINORS: std::ops::RangeInclusive<u64> = 20..=23;

/// What compilers leave in the comment section, and how much of it is looked at.
const RUSTC: &[u8] = b"rustc version 1.";
const MAX_COMMENT_BYTES: usize = 4096;

/// The first rustc (1.x) that lays out `Vec` and enums around it in the way that the probes read.
const FIRST_RUSTC: u64 = 77;

const IN_PROCESS: &str = "Build it without `strip` (symbols are enough, `strip = \"debuginfo\"`), or observe it in process with the crate sidetone.";

pub(super) fn recognise(image: &Image<'_>, symbols: &Symbols) -> Option<Recognised> {
    let functions = probes::functions(symbols);
    if functions.is_empty() && !(is_rust(image) && image.holds(MARK.text())) {
        return None;
    }
    let version = version(image);
    let out_of_reach = |version, reason: &str| Some(Recognised::out_of_reach(NAME, version, reason, IN_PROCESS));
    let minor = version.as_deref().and_then(minor);
    if minor.is_some_and(|minor| !KNOWN_MINORS.contains(&minor)) {
        return out_of_reach(version, "This version of rustls isn't known: its functions may take other arguments.");
    }
    if rustc_minor(image).is_some_and(|minor| minor < FIRST_RUSTC) {
        return out_of_reach(
            version,
            "The program was built by a rustc before 1.77, which lays out structures differently.",
        );
    }
    if functions.is_empty() {
        return out_of_reach(version, "The program uses rustls and is stripped: nothing says where its functions are.");
    }
    match probes::probes(image, &functions, minor) {
        Some((hook, probes)) => Some(Recognised::hooked(NAME, version, Some(hook), probes)),
        None => out_of_reach(
            version,
            "The functions of rustls that bytes go through were inlined (link-time optimisation).",
        ),
    }
}

/// `0.23.46` of `…/rustls-0.23.46/src/conn.rs`. `None` where the paths were remapped.
fn version(image: &Image<'_>) -> Option<String> {
    image.find_text(&[SOURCE], |_, text| {
        let text = text.strip_prefix(b"/rustls-")?;
        let end = text.iter().position(|byte| *byte == b'/')?;
        let version = std::str::from_utf8(text.get(..end)?).ok()?;
        (version.split('.').count() == 3 && version.len() < 32).then(|| version.to_owned())
    })
}

fn minor(version: &str) -> Option<u64> {
    version.split('.').nth(1)?.parse().ok()
}

/// 95 of `rustc version 1.95.0 (…)`, which rustc leaves in the comment section.
fn rustc_minor(image: &Image<'_>) -> Option<u64> {
    let text = comment(image)?;
    let at = memchr::memmem::find(&text, RUSTC)? + RUSTC.len();
    let digits: Vec<u8> = text.get(at..)?.iter().copied().take_while(u8::is_ascii_digit).collect();
    std::str::from_utf8(&digits).ok()?.parse().ok()
}

/// Whether rustc may have made the program: it says so, or nobody says anything.
fn is_rust(image: &Image<'_>) -> bool {
    comment(image).is_none_or(|text| memchr::memmem::find(&text, RUSTC).is_some())
}

fn comment(image: &Image<'_>) -> Option<Vec<u8>> {
    let section = image.section(".comment")?;
    Some(image.read_offset(section.offset, usize::try_from(section.size).ok()?.min(MAX_COMMENT_BYTES)))
}
