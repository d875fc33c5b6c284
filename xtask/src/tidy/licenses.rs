//! Every dependency comes from the registry, under a license that `deny.toml` allows.

use super::Problems;
use crate::run::Failed;
use crate::workspace::{self, File, array, string};

pub(super) fn find(files: &[File]) -> Result<Problems, Failed> {
    let deny = files.iter().find(|file| file.path == "deny.toml");
    let allowed = deny.map(|deny| allowed(&deny.text)).unwrap_or_default();
    if allowed.is_empty() {
        return Err(Failed("deny.toml has no list `allow = [` of licenses".to_owned()));
    }
    let metadata = workspace::metadata(&["--all-features"])?;
    let dependencies = array(&metadata["packages"]).iter().map(|package| Dependency {
        name: string(&package["name"]),
        license: string(&package["license"]),
        source: package["source"].as_str().map(str::to_owned),
    });
    Ok(dependencies.flat_map(|dependency| problems_of(&dependency, &allowed)).collect())
}

struct Dependency {
    name: String,
    license: String,
    /// `None` for a package of the workspace.
    source: Option<String>,
}

fn problems_of(dependency: &Dependency, allowed: &[String]) -> Problems {
    let mut problems = Problems::new();
    if dependency.source.as_ref().is_some_and(|source| !source.starts_with("registry+")) {
        problems.push(format!("{} does not come from the registry", dependency.name));
    }
    if !is_allowed(&dependency.license, allowed) {
        problems
            .push(format!("{} has the license `{}`; deny.toml allows none of it", dependency.name, dependency.license));
    }
    problems
}

/// The quoted words of the list `allow = [ … ]`.
fn allowed(deny: &str) -> Vec<String> {
    let list = deny.split_once("\nallow = [").and_then(|(_, rest)| rest.split_once(']')).map_or("", |(list, _)| list);
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// Whether an SPDX expression can be fulfilled with allowed licenses: AND binds closer than OR.
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut words = words.as_slice();
    let fulfilled = any_of(&mut words, allowed);
    fulfilled && words.is_empty()
}

fn any_of(words: &mut &[&str], allowed: &[String]) -> bool {
    let mut fulfilled = all_of(words, allowed);
    while let ["OR", rest @ ..] = *words {
        *words = rest;
        fulfilled |= all_of(words, allowed);
    }
    fulfilled
}

fn all_of(words: &mut &[&str], allowed: &[String]) -> bool {
    let mut fulfilled = one(words, allowed);
    while let ["AND", rest @ ..] = *words {
        *words = rest;
        fulfilled &= one(words, allowed);
    }
    fulfilled
}

fn one(words: &mut &[&str], allowed: &[String]) -> bool {
    let (fulfilled, rest) = match *words {
        ["(", rest @ ..] => {
            let mut inner = rest;
            let fulfilled = any_of(&mut inner, allowed);
            (fulfilled, inner.strip_prefix(&[")"]).unwrap_or(&[]))
        }
        [license, "WITH", exception, rest @ ..] => (allowed.contains(&format!("{license} WITH {exception}")), rest),
        [license, rest @ ..] => (allowed.iter().any(|allowed| allowed == license), rest),
        [] => (false, [].as_slice()),
    };
    *words = rest;
    fulfilled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(license: &str, source: Option<&str>) -> usize {
        let allowed = allowed("[licenses]\nallow = [\n  \"MIT\", # a comment\n  \"Apache-2.0\",\n]\n");
        let dependency =
            Dependency { name: "a".to_owned(), license: license.to_owned(), source: source.map(str::to_owned) };
        problems_of(&dependency, &allowed).len()
    }

    #[test]
    fn a_license_that_is_not_allowed_is_found() {
        for good in ["MIT", "MIT OR GPL-3.0", "MIT/Apache-2.0", "(MIT OR GPL-3.0) AND Apache-2.0", "MIT OR X AND Y"] {
            assert_eq!(problems(good, None), 0, "{good}");
        }
        for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT OR X) AND Y", "Apache-2.0 WITH LLVM-exception", "MIT)"] {
            assert_eq!(problems(bad, None), 1, "{bad}");
        }
    }

    #[test]
    fn a_dependency_from_elsewhere_is_found() {
        assert_eq!(problems("MIT", Some("registry+https://example.com/index")), 0);
        assert_eq!(problems("MIT", Some("git+https://example.com/repository")), 1);
    }
}
