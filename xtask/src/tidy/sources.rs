//! Every source file says in its first line what it is for, and is short enough to be one thing.

use super::Problems;
use crate::workspace::File;

/// Lines of a file without its tests.
const MAX_LINES: usize = 600;

pub(super) fn find(files: &[File]) -> Problems {
    files.iter().filter(|file| file.path.ends_with(".rs")).flat_map(problems_of).collect()
}

fn problems_of(file: &File) -> Problems {
    let mut problems = Problems::new();
    if !file.text.starts_with("//! ") {
        problems.push(format!("{}: the first line must be a `//!` sentence that says what the file is for", file.path));
    }
    let lines = code_lines(file).count();
    if lines > MAX_LINES {
        problems.push(format!("{}: {lines} lines without tests; past {MAX_LINES} it is two things", file.path));
    }
    problems
}

/// The file's lines with their numbers (from 1), without tests.
pub(super) fn code_lines(file: &File) -> impl Iterator<Item = (usize, &str)> {
    let lines = if is_test(&file.path) { "" } else { file.text.as_str() };
    let mut previous_is_test_attribute = false;
    let code = lines.lines().take_while(move |line| {
        let line = line.trim_start();
        let begins_tests = previous_is_test_attribute && line.starts_with("mod ");
        previous_is_test_attribute =
            line.starts_with("#[cfg(test)]") || (previous_is_test_attribute && line.starts_with('#'));
        !begins_tests
    });
    code.enumerate().map(|(index, line)| (index + 1, line))
}

fn is_test(path: &str) -> bool {
    path.split('/').any(|part| part == "tests" || part == "tests.rs")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> File {
        File { path: path.to_owned(), text: text.to_owned() }
    }

    #[test]
    fn a_file_without_its_sentence_is_found() {
        assert_eq!(find(&[file("src/a.rs", "//! For a.\nfn a() {}\n")]), Problems::new());
        assert_eq!(find(&[file("src/a.rs", "fn a() {}\n")]).len(), 1);
        assert_eq!(find(&[file("src/a.rs", "")]).len(), 1);
        assert_eq!(find(&[file("a.md", "text\n")]), Problems::new());
    }

    #[test]
    fn a_long_file_is_found_and_its_tests_do_not_count() {
        let code = format!("//! Long.\n{}", "fn f() {}\n".repeat(MAX_LINES - 1));
        assert_eq!(find(&[file("src/a.rs", &code)]), Problems::new());
        let longer = format!("{code}fn g() {{}}\n");
        assert_eq!(find(&[file("src/a.rs", &longer)]).len(), 1);
        assert_eq!(find(&[file("tests/a.rs", &longer)]), Problems::new());
        let with_tests = format!("//! Short.\n#[cfg(test)]\nmod tests {{\n{}}}\n", "fn f() {}\n".repeat(MAX_LINES));
        assert_eq!(find(&[file("src/a.rs", &with_tests)]), Problems::new());
    }
}
