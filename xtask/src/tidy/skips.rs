//! No test is ignored and no example in the docs is left uncompiled: what can't run here asks `require` and says so.

use super::Problems;
use crate::workspace::File;

pub(super) fn find(files: &[File]) -> Problems {
    let read = files.iter().filter(|file| file.path.ends_with(".rs") || file.path.ends_with(".md"));
    read.flat_map(problems_of).collect()
}

fn problems_of(file: &File) -> Problems {
    let mut problems = Problems::new();
    for (index, line) in file.text.lines().enumerate() {
        let line = line.trim_start().trim_start_matches(['/', '!']).trim_start();
        let place = format!("{}:{}", file.path, index + 1);
        if line.starts_with("#[ignore") {
            problems.push(format!("{place}: an ignored test"));
        }
        let is_ignored = |words: &str| words.split(',').any(|word| word.trim() == "ignore");
        if line.strip_prefix("```").is_some_and(is_ignored) {
            problems.push(format!("{place}: an example that is not compiled; `no_run` compiles it"));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(path: &str, text: &str) -> usize {
        find(&[File { path: path.to_owned(), text: text.to_owned() }]).len()
    }

    #[test]
    fn an_ignored_test_or_example_is_found() {
        assert_eq!(problems("a.rs", "    #[test]\n    #[ignore = \"slow\"]\n    fn f() {}\n"), 1);
        assert_eq!(problems("a.rs", "/// ```ignore\n/// x\n/// ```\n"), 1);
        assert_eq!(problems("a.md", "```rust,ignore\nx\n```\n"), 1);
    }

    #[test]
    fn other_fences_and_words_are_not() {
        assert_eq!(problems("a.md", "```rust,no_run\nx\n```\nplease ignore this\n"), 0);
        assert_eq!(problems("a.rs", "// ignore\nlet ignore = 1;\n"), 0);
        assert_eq!(problems("a.toml", "ignore = true\n"), 0);
    }
}
