//! `cargo xtask tidy`: the invariants that a machine can see, one check a line of the table.

mod crate_counts;
mod layers;
mod licenses;
mod places;
mod providers;
mod purity;
mod rust_version;
mod skips;
mod sources;

use crate::run::Failed;
use crate::workspace::{self, File, Package};

/// What the checks look at.
struct Repository {
    files: Vec<File>,
    packages: Vec<Package>,
}

/// One line for each place that is not as it must be.
type Problems = Vec<String>;

struct Check {
    name: &'static str,
    find: fn(&Repository) -> Result<Problems, Failed>,
}

const CHECKS: &[Check] = &[
    Check { name: "layers", find: |repository| Ok(layers::find(&repository.packages)) },
    Check { name: "sources", find: |repository| Ok(sources::find(&repository.files)) },
    Check { name: "providers", find: |repository| Ok(providers::find(&repository.files)) },
    Check { name: "places", find: |repository| Ok(places::find(&repository.files)) },
    Check { name: "skips", find: |repository| Ok(skips::find(&repository.files)) },
    Check { name: "purity", find: |repository| Ok(purity::find(&repository.files)) },
    Check { name: "licenses", find: |repository| licenses::find(&repository.files) },
    Check { name: "names", find: |repository| Ok(crate::semconv::problems(&repository.files)) },
    Check { name: "rust-version", find: |repository| rust_version::find(&repository.packages) },
    Check { name: "crate-counts", find: |_| crate_counts::find() },
];

pub(crate) fn check_names() -> Vec<&'static str> {
    CHECKS.iter().map(|check| check.name).collect()
}

pub(crate) fn run(names: &[String]) -> Result<(), Failed> {
    if let Some(unknown) = names.iter().find(|name| !check_names().contains(&name.as_str())) {
        return Err(Failed(format!("no check `{unknown}`; there are: {}", check_names().join(", "))));
    }
    let repository = Repository { files: workspace::files()?, packages: workspace::packages()? };
    let mut problems = Vec::new();
    for check in CHECKS.iter().filter(|check| names.is_empty() || names.iter().any(|name| name == check.name)) {
        let found = (check.find)(&repository)?;
        println!("tidy {}: {}", check.name, if found.is_empty() { "ok" } else { "NOT OK" });
        problems.extend(found.iter().map(|problem| format!("  {}: {problem}", check.name)));
    }
    if problems.is_empty() { Ok(()) } else { Err(Failed(format!("not tidy\n{}", problems.join("\n")))) }
}
