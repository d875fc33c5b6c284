//! Nothing in the repository names a folder of the machine it was written on, a package registry, or a file outside.

use super::Problems;
use crate::workspace::File;

/// Text that no file may hold, and what it is. Cut in two so that this file doesn't hold it either.
const FORBIDDEN: &[([&str; 2], &str)] = &[
    (["../", "shared"], "a folder outside the repository"),
    (["/wo", "rk/"], "a folder of one machine"),
    (["/ro", "ot/"], "a folder of one machine"),
    (["/ho", "me/"], "a folder of one machine"),
    (["index.", "crates.io"], "a registry's host"),
    (["static.", "crates.io"], "a registry's host"),
    (["pypi", ".org"], "a registry's host"),
    (["files.python", "hosted.org"], "a registry's host"),
    (["proxy.go", "lang.org"], "a registry's host"),
    (["sum.go", "lang.org"], "a registry's host"),
    (["registry.npm", "js.org"], "a registry's host"),
    (["repo.maven", ".apache.org"], "a registry's host"),
    (["deb.deb", "ian.org"], "a registry's host"),
];

pub(super) fn find(files: &[File]) -> Problems {
    files.iter().flat_map(problems_of).collect()
}

fn problems_of(file: &File) -> Problems {
    let mut problems = Problems::new();
    for (halves, what) in FORBIDDEN {
        let text = halves.concat();
        for (index, line) in file.text.lines().enumerate().filter(|(_, line)| line.contains(&text)) {
            // `/ro` + `ot/` within a longer path, such as a URL's, is no folder of a machine.
            if text.starts_with('/') && !begins_a_path(line, &text) {
                continue;
            }
            problems.push(format!("{}:{}: `{text}` is {what}", file.path, index + 1));
        }
    }
    problems
}

fn begins_a_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|before| !(before.is_alphanumeric() || "._-}/*".contains(before)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: String) -> usize {
        find(&[File { path: "a.md".to_owned(), text }]).len()
    }

    #[test]
    fn each_forbidden_text_is_found() {
        for (halves, _) in FORBIDDEN {
            assert_eq!(problems(format!("see {}x", halves.concat())), 1, "{halves:?}");
        }
    }

    #[test]
    fn the_same_letters_inside_a_longer_path_are_none() {
        let folder = ["/ho", "me/"].concat();
        assert_eq!(problems(format!("https://example.com{folder}page")), 0);
        assert_eq!(problems(format!("cd {folder}me")), 1);
        assert_eq!(problems("crates.io, shared, work".to_owned()), 0);
    }
}
