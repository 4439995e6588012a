//! What is written in an object, with the fields of another schema.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::case::{camel_case, snake_case};

/// The fields of a `T` as they stand in an object, read only when they are asked for: what cannot be read must not keep the
/// others from being listed.
///
/// In files fields are called `as_this`, in objects `asThis`; apart from that the schema is the same.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub struct Written<T> {
    fields: Map<String, Value>,
    #[serde(skip)]
    what: PhantomData<fn() -> T>,
}

/// How a schema differs in objects from what it is in files.
pub trait InObjects {
    /// Fields that a person does not say there, by their names in files.
    const HIDDEN: &'static [&'static str];

    /// Changes what Kubernetes cannot express; the properties are called as in objects.
    fn adapt(_properties: &mut Map<String, Value>) {}
}

impl<T> Written<T> {
    /// The fields, by their names in the object.
    pub const fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }

    /// A text field, by its name in the object.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field)?.as_str()
    }
}

impl<T: DeserializeOwned> Written<T> {
    /// Reads it.
    ///
    /// # Errors
    /// What is wrong, in a sentence, after the name of its field where that is known.
    pub fn read(&self) -> Result<T, String> {
        let fields = self.fields.iter().map(|(name, value)| (snake_case(name), value.clone())).collect();
        serde_json::from_value(Value::Object(fields)).map_err(|error| error.to_string())
    }
}

impl<T> Clone for Written<T> {
    fn clone(&self) -> Self {
        self.fields.clone().into()
    }
}

impl<T> fmt::Debug for Written<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.fields.fmt(f)
    }
}

impl<T> PartialEq for Written<T> {
    fn eq(&self, other: &Self) -> bool {
        self.fields == other.fields
    }
}

impl<T> From<Map<String, Value>> for Written<T> {
    fn from(fields: Map<String, Value>) -> Self {
        Self { fields, what: PhantomData }
    }
}

impl<T: JsonSchema + InObjects> JsonSchema for Written<T> {
    fn schema_name() -> Cow<'static, str> {
        format!("Written{}", T::schema_name()).into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = T::json_schema(generator);
        schema.remove("additionalProperties");
        if let Some(required) = schema.get_mut("required").and_then(Value::as_array_mut) {
            required.iter_mut().for_each(|name| *name = camel_case(name.as_str().unwrap_or_default()).into());
        }
        if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
            let shown = std::mem::take(properties).into_iter().filter(|(name, _)| !T::HIDDEN.contains(&&**name));
            properties.extend(shown.map(|(name, property)| (camel_case(&name), for_objects(property))));
            T::adapt(properties);
        }
        schema
    }
}

/// A default is told and not filled in: objects stay as they were written.
fn for_objects(mut property: Value) -> Value {
    let Some(keywords) = property.as_object_mut() else { return property };
    let examples = keywords.remove("examples").and_then(|examples| examples.get(0).cloned());
    let default = keywords.remove("default").filter(|default| !default.is_null() && default != "");
    let told = [("by default", default), ("for example", examples)].into_iter();
    let told: Vec<_> = told.filter_map(|(what, value)| Some(format!("{what} {}", plain(&value?)))).collect();
    if let (Some(Value::String(description)), false) = (keywords.get_mut("description"), told.is_empty()) {
        *description = format!("{} ({})", description.trim_end_matches('.'), told.join("; "));
    }
    // Kubernetes knows no formats of unsigned numbers.
    keywords.remove("format");
    property
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}
