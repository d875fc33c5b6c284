//! Attributes that hold JSON text, as values: what isn't told in the same bytes may be the same.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::differences::Differences;
use super::{cases, fields};

/// Both sets of cases: the cases' folder, and that of the golden files of one variant.
pub(crate) fn sets(variant: &str) -> [(PathBuf, PathBuf); 2] {
    let golden = |folder: &Path| folder.join("golden").join(variant);
    [(cases::folder(), golden(&cases::conformance())), (cases::further().join("cases"), golden(&cases::further()))]
}

/// Holds a dialect to its package's golden files over both sets of cases, content off and on: one span each, and but for the named
/// differences the same.
pub(crate) fn hold(dialect: &'static str, variant: &'static str, is_json: fn(&str) -> bool) {
    let mut differences = Differences::load(dialect, variant);
    let mut held = 0;
    for (content, folder) in cases::MODES {
        for (cases, golden) in sets(variant) {
            for document in cases::replay_in(dialect, content, &[], &[&cases]) {
                let case = document["case"].as_str().unwrap().to_owned();
                let golden = cases::document(&golden.join(folder).join(format!("{case}.json")));
                assert_eq!(golden["spans"].as_array().unwrap().len(), 1, "{case}");
                let (golden, ours) = (of(golden, is_json), of(document, is_json));
                differences.check(&case, content, &fields::compare(&golden, &ours));
                held += 1;
            }
        }
    }
    assert_eq!(held, 92, "46 cases, twice");
    differences.finish();
}

/// JSON text of a span as a value, whose members that are null are none: the schemas' default, which some of the packages write.
/// Text that isn't JSON stays.
pub(crate) fn of(mut document: Value, is_json: impl Fn(&str) -> bool) -> Value {
    let attributes = document.pointer_mut("/spans/0/attributes").and_then(Value::as_object_mut);
    for (name, value) in attributes.into_iter().flatten() {
        if is_json(name)
            && let Ok(json) = serde_json::from_str(value["string"].as_str().unwrap())
        {
            *value = json!({"kvlist": {"json": without_nulls(json)}});
        }
    }
    document
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.into_iter().filter(|(_, value)| !value.is_null());
            json!({"kvlist": kept.map(|(key, value)| (key, without_nulls(value))).collect::<serde_json::Map<_, _>>()})
        }
        Value::Array(values) => json!({"array": values.into_iter().map(without_nulls).collect::<Vec<_>>()}),
        other => json!({"string": other}),
    }
}
