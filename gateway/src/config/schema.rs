//! `gateway schema`: the JSON Schema of `gateway.toml`, for editors.
use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::raw::RawConfig;

/// The schema of exactly the keys that are read, with descriptions and defaults.
///
/// It is of draft 7, which editors for TOML understand (taplo, Even Better TOML); a `$ref` stands in an `allOf` where a
/// description stands beside it, as that draft wants it. It knows the types and the notation of values; their bounds, and
/// what several must be together (a route that never wins), only [`super::Config::load`] does.
pub fn schema() -> Value {
    let generator = SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<RawConfig>();
    schema.insert(String::from("title"), Value::from("gateway.toml"));
    schema.to_value()
}
