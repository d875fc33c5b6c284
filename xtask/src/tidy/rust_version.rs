//! `rust-version` is the lowest that the dependencies of the library crates allow, those of a few named features left out.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::Problems;
use crate::run::Failed;
use crate::workspace::{self, Package, array, string};

/// Published packages that are no libraries for applications.
const NO_LIBRARIES: &[&str] = &["sidetone-cli", "sidetone-testkit"];

/// Dependencies of opt-in features that need a newer compiler than the rest; the feature's documentation says so.
const NEWER: &[(&str, &str)] = &[("rig-reqwest", "feature `rig`: rig states 1.95")];

/// What our own sources need whatever the dependencies allow: chains of `if let` in edition 2024.
const OWN_MINIMUM: Version = Version(1, 88, 0);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version(u32, u32, u32);

pub(super) fn find(packages: &[Package]) -> Result<Problems, Failed> {
    let metadata = workspace::metadata(&["--all-features", "--filter-platform", "x86_64-unknown-linux-gnu"])?;
    let is_library = |name: &str| packages.iter().any(|package| package.name == name && package.is_published);
    let libraries = packages.iter().map(|package| package.name.as_str()).filter(|name| is_library(name));
    Ok(problems(&metadata, &libraries.filter(|name| !NO_LIBRARIES.contains(name)).collect::<Vec<_>>()))
}

fn problems(metadata: &Json, libraries: &[&str]) -> Problems {
    let packages: BTreeMap<&str, &Json> =
        array(&metadata["packages"]).iter().filter_map(|package| Some((package["id"].as_str()?, package))).collect();
    let is_library = |id: &&str| libraries.contains(&packages[id]["name"].as_str().unwrap_or_default());
    let roots: Vec<&str> = packages.keys().copied().filter(is_library).collect();

    let is_newer =
        |id: &str| NEWER.iter().any(|(name, _)| packages.get(id).is_some_and(|package| package["name"] == *name));
    let needed = dependencies(metadata, &roots, is_newer).into_iter().filter_map(|id| {
        let package = packages.get(id)?;
        Some((version(package)?, string(&package["name"])))
    });
    let (lowest, because_of) = needed.max().unwrap_or((OWN_MINIMUM, String::new()));
    let (lowest, because_of) =
        if lowest < OWN_MINIMUM { (OWN_MINIMUM, "our own sources".to_owned()) } else { (lowest, because_of) };

    let wrong = roots.iter().filter(|id| version(packages[*id]) != Some(lowest));
    wrong
        .map(|id| {
            let package = packages[id];
            let Version(major, minor, _) = lowest;
            let (name, stated) = (&package["name"], &package["rust_version"]);
            format!("{name} states rust-version {stated}, but the lowest is {major}.{minor} because of {because_of}")
        })
        .collect()
}

/// Everything that is compiled for the roots, without the roots and without what only their tests need.
fn dependencies<'a>(metadata: &'a Json, roots: &[&'a str], is_left_out: impl Fn(&str) -> bool) -> BTreeSet<&'a str> {
    let nodes: BTreeMap<&str, &Json> =
        array(&metadata["resolve"]["nodes"]).iter().filter_map(|node| Some((node["id"].as_str()?, node))).collect();
    let mut found = BTreeSet::new();
    let mut open = roots.to_vec();
    while let Some(id) = open.pop() {
        let dependencies = nodes.get(id).map_or(&[][..], |node| array(&node["deps"]));
        for dependency in dependencies {
            let is_compiled = array(&dependency["dep_kinds"]).iter().any(|kind| kind["kind"] != "dev");
            if let Some(id) =
                dependency["pkg"].as_str().filter(|id| is_compiled && !roots.contains(id) && !is_left_out(id))
                && found.insert(id)
            {
                open.push(id);
            }
        }
    }
    found
}

fn version(package: &Json) -> Option<Version> {
    let mut parts = package["rust_version"].as_str()?.split('.').map(|part| part.parse().unwrap_or(0));
    Some(Version(parts.next()?, parts.next().unwrap_or(0), parts.next().unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metadata(ours: &str, name: &str, dependency: &str, kind: &Json) -> Json {
        serde_json::json!({
            "packages": [
                { "id": "ours", "name": "sidetone-core", "rust_version": ours },
                { "id": "theirs", "name": name, "rust_version": dependency },
            ],
            "resolve": { "nodes": [
                { "id": "ours", "deps": [{ "pkg": "theirs", "dep_kinds": [{ "kind": kind }] }] },
                { "id": "theirs", "deps": [] },
            ] },
        })
    }

    #[test]
    fn a_version_that_dependencies_do_not_allow_or_do_not_need_is_found() {
        let problems = |ours: &str, dependency: &str, kind: Json| {
            problems(&metadata(ours, "bytes", dependency, &kind), &["sidetone-core"]).len()
        };
        assert_eq!(problems("1.90", "1.90.0", Json::Null), 0);
        assert_eq!(problems("1.89", "1.90", Json::Null), 1);
        assert_eq!(problems("1.91", "1.90", Json::Null), 1);
        assert_eq!(problems("1.88", "1.70", Json::Null), 0);
        assert_eq!(problems("1.88", "1.90", "dev".into()), 0);
        assert_eq!(problems("1.88", "1.90", "build".into()), 1);
    }

    #[test]
    fn a_named_newer_dependency_is_left_out() {
        for (name, reason) in NEWER {
            assert!(!reason.is_empty());
            assert_eq!(problems(&metadata("1.88", name, "1.99", &Json::Null), &["sidetone-core"]), Problems::new());
        }
    }
}
