//! Fits an embeddings answer to its request: one vector for each input, of the requested length and encoding.

use serde_json::{Value, json};

use crate::case::Case;

/// The most numbers a vector gets, and the most vectors an answer gets.
const VECTOR_MAX: usize = 4096;

/// Puts a vector for each input of `request` into the case's response; the numbers are made from the first recorded vector.
pub(super) fn fit(case: &mut Case, request: &Value) {
    let Ok(mut response) = serde_json::from_slice::<Value>(&case.response) else { return };
    let recorded: Vec<f64> = match response.pointer("/data/0/embedding").and_then(Value::as_array) {
        Some(numbers) if !numbers.is_empty() => numbers.iter().filter_map(Value::as_f64).collect(),
        _ => return,
    };
    let dimensions = request["dimensions"].as_u64().and_then(|count| usize::try_from(count).ok());
    let dimensions = dimensions.unwrap_or(recorded.len()).min(VECTOR_MAX);
    let vector = |index: usize| -> Vec<f64> {
        recorded.iter().cycle().take(dimensions).map(|number| number * (index + 1) as f64).collect()
    };
    let base64 = request["encoding_format"] == "base64";
    let encode = |numbers: Vec<f64>| match base64 {
        true => Value::from(encode_base64(&numbers.iter().flat_map(|n| (*n as f32).to_le_bytes()).collect::<Vec<_>>())),
        false => Value::from(numbers),
    };
    let data: Vec<Value> = (0..inputs(&request["input"]).min(VECTOR_MAX))
        .map(|index| json!({"object": "embedding", "index": index, "embedding": encode(vector(index))}))
        .collect();
    response["data"] = data.into();
    case.set_response(format!("{response:#}"));
}

/// How many texts there are: one, a list of them, a list of tokens, or a list of lists of tokens.
fn inputs(input: &Value) -> usize {
    match input.as_array() {
        Some(items) if !items.first().is_some_and(Value::is_number) => items.len(),
        _ => 1,
    }
}

fn encode_base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let letter = ALPHABET[(bits >> (18 - 6 * at) & 63) as usize];
            out.push(if at <= group.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn base64_is_as_in_rfc_4648() {
        for (text, encoded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(encode_base64(text.as_bytes()), encoded);
        }
    }

    #[test]
    fn inputs_are_texts_or_lists_of_tokens() {
        for (input, count) in
            [(json!("a"), 1), (json!(["a", "b"]), 2), (json!([1, 2, 3]), 1), (json!([[1], [2, 3]]), 2)]
        {
            assert_eq!(inputs(&input), count, "{input}");
        }
    }

    #[test]
    fn an_answer_has_at_most_so_many_vectors_and_numbers() {
        for asked in [VECTOR_MAX - 1, VECTOR_MAX, VECTOR_MAX + 1] {
            let lengths = |request: Value| {
                let mut case = Case::embedded("embeddings_float").unwrap();
                fit(&mut case, &request);
                let response: Value = serde_json::from_slice(&case.response).unwrap();
                let data = response["data"].as_array().unwrap();
                (data.len(), data[0]["embedding"].as_array().unwrap().len())
            };
            assert_eq!(lengths(json!({"input": "a", "dimensions": asked})), (1, asked.min(VECTOR_MAX)));
            let inputs = vec!["a"; asked];
            assert_eq!(lengths(json!({"input": inputs, "dimensions": 1})), (asked.min(VECTOR_MAX), 1));
        }
    }
}
