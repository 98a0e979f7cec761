//! `ambit call`.

use serde_json::Value;

use crate::arguments::CallOptions;
use crate::print;
use crate::remote::Remote;

/// Calls a reducer and prints the commit's offset.
pub fn call(options: &CallOptions) -> anyhow::Result<()> {
    ambit_node::check_database_name(&options.database)?;
    let remote = Remote::new(&options.remote)?;
    let token = remote.token(&options.remote)?;
    let arguments: Vec<Value> = options.arguments.iter().map(|text| argument(text)).collect();
    let path = format!("database/{}/call/{}", options.database, options.reducer);
    let body = serde_json::to_vec(&arguments)?;
    let answer = remote.post(&path, &token, "application/json", &body)?;
    print(&format!("committed and durable at offset {}", answer["offset"]))
}

/// JSON, or a text for what is not.
fn argument(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn arguments_are_json_or_text() {
        for (text, expected) in [
            ("5", json!(5)),
            ("-1.5", json!(-1.5)),
            ("[1, 2]", json!([1, 2])),
            ("true", json!(true)),
            ("\"5\"", json!("5")),
            ("hello you", json!("hello you")),
            ("", json!("")),
            ("{broken", json!("{broken")),
        ] {
            assert_eq!(argument(text), expected);
        }
    }
}
