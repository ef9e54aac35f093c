//! `schema`.
use serde_json::json;

use super::sound;

#[test]
fn a_schema_is_a_file_or_a_table() {
    let shown = |value: &str| {
        let text = format!("[services.a]\nupstreams = \"http://a\"\nroutes = {{ match = \"/a\", schema = {value} }}");
        sound(&text).redacted()["services"]["a"]["routes"][0]["schema"].clone()
    };
    let file = "\"src/config/tests/user.schema.json\"";
    assert_eq!(shown(file), shown(&format!("{{ file = {file} }}")));
    assert_eq!(shown(file)["max_body"], json!("64KiB"));
}
