//! Where files are hooked: checked against `nm`, `readelf`, `objdump` and `go tool objdump` on real libraries and
//! programs, and against the labels of assembled ones.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use sidetone_ebpf_capture::probe::{Cookie, Probe, Program};
use sidetone_ebpf_capture::runtime::{self, Hook, Recognised};
use sidetone_testkit::require;

fn recognised(path: &Path) -> Vec<Recognised> {
    runtime::recognise(&File::open(path).unwrap(), path).unwrap()
}

/// The one library in a file.
fn only(path: &Path) -> Recognised {
    let mut found = recognised(path);
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

fn output(command: &mut Command) -> String {
    let out = command.output().unwrap();
    assert!(out.status.success(), "{command:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8_lossy(&out.stdout).into_owned()
}

/// A file as other tools read it.
struct Told {
    symbols: HashMap<String, u64>,
    /// Address, offset and size of what is loaded.
    segments: Vec<(u64, u64, u64)>,
    path: PathBuf,
}

impl Told {
    fn of(path: &Path) -> Option<Self> {
        let (nm, readelf) = (require::tool("nm")?, require::tool("readelf")?);
        let number = |text: &str| u64::from_str_radix(text.trim_start_matches("0x"), 16).unwrap();
        let mut symbols = HashMap::new();
        for dynamic in [&["-D", "--defined-only"][..], &["--defined-only"][..]] {
            let listed = Command::new(&nm).args(dynamic).arg(path).output().unwrap();
            for line in String::from_utf8_lossy(&listed.stdout).lines() {
                let words: Vec<_> = line.split_whitespace().collect();
                if let [address, "T" | "t", name] = words[..] {
                    symbols.insert(name.split('@').next().unwrap().to_owned(), number(address));
                }
            }
        }
        let listed = output(Command::new(readelf).arg("-lW").arg(path));
        let segments = listed.lines().filter_map(|line| {
            let words: Vec<_> = line.split_whitespace().collect();
            (words.first() == Some(&"LOAD")).then(|| (number(words[2]), number(words[1]), number(words[4])))
        });
        Some(Self { symbols, segments: segments.collect(), path: path.to_owned() })
    }

    fn offset(&self, address: u64) -> u64 {
        let (start, offset, _) =
            self.segments.iter().find(|(start, _, size)| (*start..start + size).contains(&address)).unwrap();
        address - start + offset
    }

    fn symbol(&self, name: &str) -> u64 {
        self.offset(*self.symbols.get(name).unwrap_or_else(|| panic!("no {name}")))
    }

    /// Where the first call in a function goes, by objdump.
    fn first_call(&self, name: &str) -> u64 {
        let listed = output(Command::new("objdump").arg("-d").arg(format!("--disassemble={name}")).arg(&self.path));
        let call = listed.lines().find(|line| line.contains("\tcall ")).unwrap();
        let target = call.split("\tcall ").nth(1).unwrap().split_whitespace().next().unwrap();
        self.offset(u64::from_str_radix(target, 16).unwrap())
    }
}

/// The offsets of a program's probes, with the flags of their cookies.
fn places(found: &Recognised, program: Program) -> BTreeSet<(u64, u64)> {
    found.probes.iter().filter(|it| it.program == program).map(|it| (it.offset, it.cookie.0 & 0xff)).collect()
}

fn offsets(found: &Recognised, program: Program) -> BTreeSet<u64> {
    places(found, program).into_iter().map(|(offset, _)| offset).collect()
}

fn library(program: &str, name: &str) -> Option<PathBuf> {
    let program = require::tool(program)?;
    let listed = output(Command::new("ldd").arg(&program));
    let found = listed.lines().find(|line| line.contains(name)).and_then(|line| line.split_whitespace().nth(2));
    require::some(&format!("{} on {name}", program.display()), found).map(PathBuf::from)
}

const TELLS_END: u64 = Cookie::TELLS_END;
const BY_POINTER: u64 = Cookie::LENGTH_BY_POINTER;
const BY_FIFTH: u64 = Cookie::LENGTH_BY_POINTER | Cookie::LENGTH_BY_FIFTH;
const WRITE: u64 = Cookie::WRITE;
const SPILLED: u64 = Cookie::GO_SPILLED;

/// Shared libraries of OpenSSL: the system's, and those of the folder that the variable names (Python wheels of the
/// last years hold 1.1.1 and 3.x).
fn libssls() -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> = library("curl", "libssl.so").into_iter().collect();
    if let Some(folder) = std::env::var_os("SIDETONE_TEST_LIBRARIES") {
        all.extend(std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()));
    }
    all
}

#[test]
fn a_shared_openssl_is_hooked_where_objdump_says() {
    for path in libssls() {
        let (found, Some(told)) = (only(&path), Told::of(&path)) else { return };
        assert_eq!((found.runtime, &found.unsupported), ("openssl", &None), "{}", path.display());
        assert!(found.version.is_some());
        let entries = places(&found, Program::Entry);
        assert_eq!(entries, places(&found, Program::Return));
        if found.hook == Some(Hook::Internal) {
            let entries: Vec<_> = entries.iter().map(|(offset, _)| *offset).collect();
            let last = if told.symbols.contains_key("SSL_write_ex2") { "SSL_write_ex2" } else { "SSL_write_ex" };
            let mut expected = [told.first_call("SSL_read_ex"), told.first_call(last)];
            expected.sort_unstable();
            // At the function's first byte, or behind the `endbr64` there.
            assert!(entries.iter().zip(expected).all(|(at, from)| [from, from + 4].contains(at)), "{entries:x?}");
            assert_eq!(entries.len(), 2);
        } else {
            let functions = ["SSL_read", "SSL_read_ex", "SSL_write", "SSL_write_ex"];
            assert!(functions.iter().all(|name| entries.range((told.symbol(name), 0)..).next().is_some()));
        }
        assert!(offsets(&found, Program::SetFd).contains(&told.symbol("SSL_set_fd")));
        let free = told.symbol("SSL_free");
        assert!(offsets(&found, Program::Free).iter().all(|at| (free..free + 16).contains(at)));
    }
}

#[test]
fn node_is_hooked_at_its_exported_functions() {
    let Some(node) = require::tool("node") else { return };
    let node = node.canonicalize().unwrap();
    let (found, Some(told)) = (only(&node), Told::of(&node)) else { return };
    assert_eq!(found.runtime, "openssl");
    let real = output(Command::new(&node).args(["-p", "process.versions.openssl"]));
    assert!(real.starts_with(found.version.as_deref().unwrap()), "{real}");
    if found.hook == Some(Hook::Emulated) {
        let functions = [
            ("SSL_read", TELLS_END),
            ("SSL_read_ex", BY_POINTER),
            ("SSL_write", WRITE),
            ("SSL_write_ex", WRITE | BY_POINTER),
        ];
        let expected: BTreeSet<_> = functions.into_iter().map(|(name, flags)| (told.symbol(name), flags)).collect();
        assert_eq!(places(&found, Program::Entry), expected);
        assert_eq!(places(&found, Program::Return), expected);
    }
}

#[test]
fn gnutls_is_hooked_where_nm_says() {
    let Some(path) = library("wget", "libgnutls.so") else { return };
    let (found, Some(told)) = (only(&path), Told::of(&path)) else { return };
    assert_eq!(found.runtime, "gnutls");
    let entries = places(&found, Program::Entry);
    assert!(entries.contains(&(told.symbol("gnutls_record_recv"), TELLS_END)));
    assert!(entries.contains(&(told.symbol("gnutls_record_send2"), WRITE)));
    // It jumps to the other one, by the linkage table.
    assert!(!entries.contains(&(told.symbol("gnutls_record_send"), WRITE)));
    assert!(offsets(&found, Program::GnuName).contains(&told.symbol("gnutls_server_name_set")));
}

#[test]
fn go_is_hooked_where_its_own_tool_says() {
    let Some(go) = require::tool("go") else { return };
    let folder = tempfile::tempdir().unwrap();
    let version = output(Command::new(&go).args(["env", "GOVERSION"]));
    /// A name, the build mode, the linker's flags, variables.
    type Variant = (&'static str, &'static str, &'static str, &'static [(&'static str, &'static str)]);
    let variants: [Variant; 5] = [
        ("plain", "exe", "", &[]),
        ("stripped", "exe", "-s -w", &[]),
        ("pie", "pie", "-s -w", &[("CGO_ENABLED", "0")]),
        ("external", "pie", "-linkmode=external -s -w", &[]),
        ("arm64", "exe", "-s -w", &[("GOARCH", "arm64"), ("CGO_ENABLED", "0")]),
    ];
    for (name, mode, flags, variables) in variants {
        let build = |name: &str, flags: &str| {
            let path = folder.path().join(name);
            let mut build = Command::new(&go);
            build.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/go"));
            build.args(["build", &format!("-buildmode={mode}"), &format!("-ldflags={flags}"), "-o"]).arg(&path);
            output(build.arg(".").envs(variables.iter().copied()));
            path
        };
        let path = build(name, flags);
        // Go's tool wants symbols; the text of the same program with symbols is the same.
        let told_path = build("told", &flags.replace("-s -w", ""));
        let (found, Some(told)) = (only(&path), Told::of(&told_path)) else { return };
        assert_eq!((found.runtime, found.hook), ("go", Some(Hook::Returns)), "{name}: {:?}", found.unsupported);
        assert!(version.starts_with(found.version.as_deref().unwrap()));
        for (function, flags) in [("Read", TELLS_END), ("Write", WRITE)] {
            let pattern = format!(r"^crypto/tls\.\(\*Conn\)\.{function}$");
            let listed = output(Command::new(&go).args(["tool", "objdump", "-s", &pattern]).arg(&told_path));
            let lines: Vec<Vec<&str>> = listed.lines().skip(1).map(|line| line.split_whitespace().collect()).collect();
            let address = |words: &Vec<&str>| u64::from_str_radix(words[1].trim_start_matches("0x"), 16).unwrap();
            // On x86-64, by its own code: `MOVQ AX, n(SP)` and `MOVQ BX, n+8(SP)` before anything is called.
            let spilled =
                if lines.iter().any(|words| words.contains(&"AX,")) && function == "Read" { SPILLED } else { 0 };
            let returns: BTreeSet<_> = lines
                .iter()
                .filter(|words| words.get(3) == Some(&"RET"))
                .map(|words| (told.offset(address(words)), flags | spilled))
                .collect();
            let of = |program| -> BTreeSet<_> {
                places(&found, program).into_iter().filter(|(_, of)| of & WRITE == flags & WRITE).collect()
            };
            assert_eq!(of(Program::GoExit), returns, "{name} {function}");
            assert!(!returns.is_empty());
            let start = told.offset(address(&lines[0]));
            let entry = of(Program::GoEntry).into_iter().next().unwrap().0;
            assert!((start..start + 16).contains(&entry), "{name} {function}");
        }
        assert_eq!(offsets(&found, Program::GoClose).len(), 1);
        assert!(!offsets(&found, Program::GoOpen).is_empty(), "the linker may leave the server's side out");
    }
}

/// A shared library assembled in one of the shapes.
fn shape(folder: &Path, name: &str, arguments: &[&str]) -> Option<PathBuf> {
    let cc = require::tool("cc")?;
    let path = folder.join(name);
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/shapes.S");
    output(Command::new(cc).args(["-shared", "-nostdlib", "-o"]).arg(&path).args(arguments).arg(source));
    Some(path)
}

fn probe(program: Program, offset: u64, cookie: u64) -> Probe {
    Probe { program, offset, cookie: Cookie(cookie) }
}

/// The probes without the runtime in their cookies.
fn bare(found: &Recognised) -> Vec<Probe> {
    found.probes.iter().map(|it| probe(it.program, it.offset, it.cookie.0 & 0xff)).collect()
}

#[test]
fn the_internal_functions_are_hooked_where_all_go_through_them() {
    let folder = tempfile::tempdir().unwrap();
    for (name, length) in [("OPENSSL_3_0", BY_POINTER), ("OPENSSL_3_2", BY_FIFTH)] {
        let Some(path) = shape(folder.path(), name, &[&format!("-D{name}"), "-Wl,-Bsymbolic"]) else { return };
        let (found, Some(told)) = (only(&path), Told::of(&path)) else { return };
        assert_eq!((found.runtime, found.hook), ("openssl", Some(Hook::Internal)), "{name}");
        // Behind `endbr64`, which older kernels don't emulate.
        let read = told.symbol("ssl_read_internal") + 4;
        let write = told.symbol("ssl_write_internal");
        assert_eq!(
            places(&found, Program::Entry),
            [(read, TELLS_END | BY_POINTER), (write, WRITE | length)].into(),
            "{name}"
        );
        assert_eq!(places(&found, Program::Return), places(&found, Program::Entry));
        // `test %rdi,%rdi` changes nothing, the `je` behind it is emulated.
        assert_eq!(offsets(&found, Program::Free), [told.symbol("SSL_free") + 3].into());
    }
}

#[test]
fn without_proof_that_all_go_through_it_the_internal_function_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["INLINED", "OTHER_ARGUMENTS"] {
        let Some(path) = shape(folder.path(), name, &[&format!("-D{name}"), "-Wl,-Bsymbolic"]) else { return };
        let (found, Some(told)) = (only(&path), Told::of(&path)) else { return };
        assert_eq!(found.hook, Some(Hook::FirstByte), "{name}");
        let entries = places(&found, Program::Entry);
        assert!(entries.contains(&(told.symbol("SSL_read"), TELLS_END)), "{name}");
        assert!(entries.contains(&(told.symbol("SSL_read_ex"), BY_POINTER)), "{name}");
    }
}

#[test]
fn a_function_that_calls_another_hooked_one_is_not_hooked_itself() {
    let folder = tempfile::tempdir().unwrap();
    for (name, runtime) in [("LIBRESSL", "openssl"), ("AWS_LC", "boringssl")] {
        let Some(path) = shape(folder.path(), name, &[&format!("-D{name}")]) else { return };
        let (found, Some(told)) = (only(&path), Told::of(&path)) else { return };
        assert_eq!((found.runtime, found.hook), (runtime, Some(Hook::Emulated)));
        let expected = [(told.symbol("SSL_read"), TELLS_END), (told.symbol("SSL_write"), WRITE)];
        assert_eq!(places(&found, Program::Entry), expected.into(), "{name}");
    }
}

#[test]
fn a_place_that_a_loop_comes_back_to_is_not_hooked() {
    let folder = tempfile::tempdir().unwrap();
    let Some(path) = shape(folder.path(), "JUMPED_INTO", &["-DJUMPED_INTO"]) else { return };
    let (found, Some(told)) = (only(&path), Told::of(&path)) else { return };
    assert_eq!(found.hook, Some(Hook::FirstByte));
    assert!(places(&found, Program::Entry).contains(&(told.symbol("SSL_read"), TELLS_END)));
}

#[test]
fn what_is_out_of_reach_is_said_by_name_with_a_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let Some(foreign) = shape(folder.path(), "FOREIGN", &["-DFOREIGN"]) else { return };
    let Some(marked) = shape(folder.path(), "MARKED", &["-DMARKED", "-Wl,--build-id=0xabcdef01", "-s"]) else { return };
    let found = [recognised(&foreign), recognised(&marked)].concat();
    let names: Vec<_> = found.iter().map(|it| it.runtime).collect();
    assert_eq!(names, ["jvm", "wolfssl", "mbedtls", "s2n", "openssl", "boringssl", "rustls"]);
    for one in &found {
        let unsupported = one.unsupported.as_ref().unwrap();
        assert!(one.probes.is_empty() && one.hook.is_none());
        assert!(unsupported.reason.ends_with('.') && unsupported.remedy.ends_with('.'), "{one:?}");
    }
    assert!(found[5].unsupported.as_ref().unwrap().reason.contains("abcdef01"));
    assert_eq!(found[4].version.as_deref(), Some("3.5.1"));
    assert_eq!(found[6].version.as_deref(), Some("0.23.7"));
    assert!(runtime::foreign_names().all(|name| runtime::RUNTIMES.iter().all(|runtime| runtime.name != name)));
}

#[test]
fn the_usdt_probe_is_found_with_the_registers_of_its_arguments() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        ("registers", "8@%rdi -8@%rsi 8@%rdx 8@%rcx -8@%r8", Ok(0x8_2345)),
        ("others", "8@%rax 8@%rbx 8@%r15 8@%rbp 8@%r9", Ok(0x9_6f10)),
        ("memory", "8@%rdi 8@%rsi 8@%rdx 8@16(%rsp) 8@%r8", Err("16(%rsp)")),
        ("constant", "8@%rdi 8@%rsi 8@%rdx 8@%rcx 8@$5", Err("$5")),
        ("narrow", "8@%rdi 8@%rsi 8@%rdx 8@%rcx 4@%r8d", Err("4@%r8d")),
        ("few", "8@%rdi 8@%rsi", Err("five")),
    ];
    for (name, arguments, expected) in cases {
        let Some(path) = shape(folder.path(), name, &[&format!("-DUSDT=\"{arguments}\"")]) else { return };
        let (found, Some(told)) = (only(&path), Told::of(&path)) else { return };
        assert_eq!(found.runtime, "sidetone");
        match expected {
            Ok(registers) => {
                let place = told.symbol("fire") + 2; // the second `nop`: the first is another provider's
                let index = found.probes[0].cookie.0 >> Cookie::RUNTIME_SHIFT & 0xff;
                assert_eq!(runtime::name_of(u8::try_from(index).unwrap()), Some("sidetone"));
                let cookie = registers << 16 | index << Cookie::RUNTIME_SHIFT;
                assert_eq!(found.probes, [probe(Program::Announce, place, cookie)], "{name}");
            }
            Err(part) => {
                assert!(found.probes.is_empty());
                let reason = found.unsupported.unwrap().reason;
                assert!(reason.contains(part), "{reason}");
            }
        }
    }
}

#[test]
fn files_without_tls_say_nothing() {
    for path in ["/bin/sh", "/etc/passwd", "/dev/null"] {
        assert_eq!(recognised(Path::new(path)), [], "{path}");
    }
    let folder = tempfile::tempdir().unwrap();
    assert!(runtime::recognise(&File::open(folder.path()).unwrap(), folder.path()).is_err(), "a folder");
}

#[test]
fn a_file_cut_anywhere_is_read_without_harm() {
    let folder = tempfile::tempdir().unwrap();
    let Some(path) = shape(folder.path(), "cut", &["-DOPENSSL_3_2", "-Wl,-Bsymbolic"]) else { return };
    let whole = std::fs::read(&path).unwrap();
    let expected = bare(&only(&path));
    for length in (0..whole.len()).step_by(7).rev() {
        File::options().write(true).open(&path).unwrap().set_len(length as u64).unwrap();
        for one in recognised(&path) {
            assert!(
                bare(&one)
                    .iter()
                    .all(|probe| expected.iter().any(|it| it.offset == probe.offset) || probe.offset < length as u64),
                "{length}"
            );
        }
    }
}

#[test]
fn a_go_program_with_other_bytes_in_its_table_is_read_without_harm() {
    let Some(go) = require::tool("go") else { return };
    let Some(readelf) = require::tool("readelf") else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("client");
    let mut build = Command::new(&go);
    build.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/programs/go")).args(["build", "-o"]).arg(&path);
    output(build.args(["-ldflags=-s -w", "."]));
    let listed = output(Command::new(readelf).arg("-SW").arg(&path));
    let line = listed.lines().find(|line| line.contains(".gopclntab")).unwrap();
    let words: Vec<_> = line.split_whitespace().collect();
    let at = words.iter().position(|word| *word == "PROGBITS").unwrap();
    let start = u64::from_str_radix(words[at + 2], 16).unwrap();
    let file = File::options().read(true).write(true).open(&path).unwrap();
    let mut header = [0; 72];
    file.read_exact_at(&mut header, start).unwrap();
    for at in 0..72 {
        for value in [0x00, 0x7f, 0xff] {
            let mut other = header;
            other[at] = value;
            file.write_all_at(&other, start).unwrap();
            let _ = recognised(&path);
        }
    }
    file.write_all_at(&header, start).unwrap();
    assert_eq!(only(&path).runtime, "go");
}

mod mutations {
    use super::*;
    use proptest::prelude::*;

    /// Bytes of the assembled library, and where its headers are.
    fn original() -> Option<Vec<u8>> {
        let folder = tempfile::tempdir().unwrap();
        let path = shape(folder.path(), "original", &["-DOPENSSL_3_2", "-DUSDT=\"8@%rax\"", "-Wl,-Bsymbolic"])?;
        Some(std::fs::read(path).unwrap())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn other_bytes_anywhere_do_no_harm(
            places in prop::collection::vec((0.0..1.0, any::<u8>(), any::<bool>()), 1..24),
        ) {
            static ORIGINAL: std::sync::OnceLock<Option<Vec<u8>>> = std::sync::OnceLock::new();
            let Some(original) = ORIGINAL.get_or_init(original) else { return Ok(()) };
            let mut bytes = original.clone();
            for (place, value, is_header) in places {
                // Half of them in the headers of the file and its segments, where they do most.
                let range: f64 = if is_header { 1024.0 } else { 1.0 * bytes.len() as f64 };
                #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within the file")]
                let at = (place * range) as usize % bytes.len();
                bytes[at] = value;
            }
            let file = tempfile::tempfile().unwrap();
            file.write_all_at(&bytes, 0).unwrap();
            let found = runtime::recognise(&file, Path::new("mutated")).unwrap();
            for probe in found.iter().flat_map(|it| &it.probes) {
                prop_assert!(probe.offset < bytes.len() as u64);
            }
        }
    }
}
