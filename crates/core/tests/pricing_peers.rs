//! What MLflow and genai-prices say that uncached text costs, against what we say: each difference is a named one.
//!
//! `conformance/invoices/peers.py` asks them; `SIDETONE_BLESS=1` writes `differences.tsv` anew, with `?` where the reason
//! is to be given.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests; these read recorded figures"
)]

use std::collections::BTreeMap;
use std::path::PathBuf;

use sidetone_core::event::Usage;
use sidetone_core::pricing::{Prices, Tier};

/// The reason of a difference that nobody has looked at.
const UNNAMED: &str = "?";

const HEAD: &str = "\
# Where MLflow or genai-prices say something else than we do: 1,000 tokens of input and as many of output as the column says.
# Our price is that of the source and date in front of `reason` (crates/core/src/pricing/prices.json has the version); theirs is of the
# day that MLflow's catalogue gives for the model, or of the package genai-prices as a whole. Reasons are explained in README.md.
# provider\tmodel\toutput tokens\tours\tpeer\ttheirs\ttheir date\tour source\tour date\treason
";

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../conformance/invoices")
}

fn rows(file: &str) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(folder().join(file)).unwrap();
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    rows.map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

#[test]
fn every_difference_from_a_peer_is_named() {
    let prices = Prices::embedded();
    let known: BTreeMap<Vec<String>, String> = rows("differences.tsv")
        .into_iter()
        .map(|mut row| {
            let reason = row.pop().unwrap();
            (row, reason)
        })
        .collect();
    let (mut compared, mut same) = (0, 0);
    let mut found = Vec::new();
    for row in rows("peers.tsv") {
        let [provider, model, output, mlflow, date, genai] = &row[..] else { panic!("{row:?}") };
        let output: u64 = output.parse().unwrap();
        let usage = Usage { input: Some(1000), output: (output > 0).then_some(output), ..Usage::default() };
        let Ok(cost) = prices.of_tokens(provider, model, Tier::Standard, &usage) else { continue };
        for (peer, theirs, dated) in [("mlflow", mlflow, &**date), ("genai-prices", genai, "-")] {
            if theirs == "-" {
                continue;
            }
            compared += 1;
            let ours = cost.total.to_string();
            if ours == *theirs {
                same += 1;
                continue;
            }
            let (source, day) = (&cost.source.name, cost.source.date.as_deref().unwrap());
            let output = output.to_string();
            found.push(
                [provider, model, &*output, &*ours, peer, theirs, dated, source, day].map(str::to_owned).to_vec(),
            );
        }
    }
    if std::env::var_os("SIDETONE_BLESS").is_some() {
        let line = |row: &Vec<String>| {
            let reason = known.get(row).map_or(UNNAMED, String::as_str);
            format!("{}\t{reason}\n", row.join("\t"))
        };
        let lines: String = found.iter().map(line).collect();
        std::fs::write(folder().join("differences.tsv"), format!("{HEAD}{lines}")).unwrap();
        return;
    }
    println!("{compared} figures compared, {same} the same, {} named differences", found.len());
    assert!(compared > 2000, "{compared}: the peers' figures are not there");
    let readme = std::fs::read_to_string(folder().join("README.md")).unwrap();
    for row in &found {
        let reason = known.get(row).unwrap_or_else(|| panic!("not in differences.tsv: {row:?}"));
        assert!(reason != UNNAMED && readme.contains(&format!("| `{reason}` |")), "{row:?}: {reason}");
    }
    for row in known.keys() {
        assert!(found.contains(row), "in differences.tsv, and no difference: {row:?}");
    }
}
