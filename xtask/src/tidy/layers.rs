//! Who may depend on whom: the table of ARCHITECTURE.md. Dependencies of tests and examples are free.

use super::Problems;
use crate::workspace::Package;

/// Each published package, and the packages of the workspace that it may use.
const MAY_DEPEND_ON: &[(&str, &[&str])] = &[
    ("sidetone-core", &[]),
    ("sidetone-pipeline", &["sidetone-core"]),
    ("sidetone-middleware", &["sidetone-core", "sidetone-pipeline"]),
    ("sidetone-otel-export", &["sidetone-core", "sidetone-pipeline"]),
    ("sidetone-ebpf-capture", &["sidetone-core", "sidetone-pipeline"]),
    ("sidetone-testkit", &["sidetone-core"]),
    (
        "sidetone",
        &["sidetone-core", "sidetone-pipeline", "sidetone-middleware", "sidetone-otel-export", "sidetone-ebpf-capture"],
    ),
    (
        "sidetone-cli",
        &[
            "sidetone",
            "sidetone-core",
            "sidetone-pipeline",
            "sidetone-middleware",
            "sidetone-otel-export",
            "sidetone-ebpf-capture",
            "sidetone-testkit",
        ],
    ),
];

pub(super) fn find(packages: &[Package]) -> Problems {
    packages.iter().filter(|package| package.is_published).flat_map(problems_of).collect()
}

fn problems_of(package: &Package) -> Problems {
    let Some((_, allowed)) = MAY_DEPEND_ON.iter().find(|(name, _)| *name == package.name) else {
        return vec![format!("{} is published and has no line in the table of xtask/src/tidy/layers.rs", package.name)];
    };
    let forbidden = package.internal_dependencies.iter().filter(|name| !allowed.contains(&name.as_str()));
    forbidden.map(|name| format!("{} depends on {name}, which lies above or beside it", package.name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, dependencies: &[&str]) -> Package {
        Package {
            name: name.to_owned(),
            is_published: true,
            internal_dependencies: dependencies.iter().map(|&name| name.to_owned()).collect(),
            ..Package::default()
        }
    }

    #[test]
    fn a_dependency_upwards_is_found() {
        assert_eq!(find(&[package("sidetone-pipeline", &["sidetone-core"])]), Problems::new());
        assert_eq!(find(&[package("sidetone-core", &["sidetone-pipeline"])]).len(), 1);
        assert_eq!(find(&[package("sidetone-middleware", &["sidetone-core", "sidetone-otel-export"])]).len(), 1);
    }

    #[test]
    fn a_new_package_needs_a_line_unless_it_is_not_published() {
        let mut new = package("sidetone-new", &[]);
        assert_eq!(find(std::slice::from_ref(&new)).len(), 1);
        new.is_published = false;
        assert_eq!(find(&[new]), Problems::new());
    }
}
