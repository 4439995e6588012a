//! Outputs in files: one URL, or a list of them.

use std::fmt;

use schemars::{Schema, SchemaGenerator, json_schema};
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserializer, Serialize, Serializer};

use super::Output;

struct OneOrMany;

impl<'de> Visitor<'de> for OneOrMany {
    type Value = Vec<Output>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the URL of an output, or a list of them")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<Output>, E> {
        text.parse().map(|output| vec![output]).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<Output>, A::Error> {
        let mut outputs = Vec::new();
        while let Some(output) = list.next_element()? {
            outputs.push(output);
        }
        Ok(outputs)
    }
}

pub(super) fn serialize<S: Serializer>(outputs: &[Output], serializer: S) -> Result<S::Ok, S::Error> {
    outputs.serialize(serializer)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Output>, D::Error> {
    deserializer.deserialize_any(OneOrMany)
}

pub(super) fn schema(generator: &mut SchemaGenerator) -> Schema {
    let output = generator.subschema_for::<Output>();
    json_schema!({ "anyOf": [output, { "type": "array", "items": output }] })
}
