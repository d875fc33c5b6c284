//! Attributes that hold JSON text, as values: what isn't told in the same bytes may be the same.

use serde_json::{Value, json};

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
