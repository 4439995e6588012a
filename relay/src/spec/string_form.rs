//! URLs in files and schemas: each is a string there.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Bitrate, FileInput, Input, Interface, Output, Source, TestInput};

/// Reads a string by [`FromStr`], so that what is wrong is said where it stands in the file.
struct Parsed<T>(&'static str, PhantomData<T>);

impl<T: FromStr<Err: fmt::Display>> Visitor<'_> for Parsed<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

macro_rules! string_form {
    ($type:ident, $what:literal, [$($example:literal),+]) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(Parsed($what, PhantomData))
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn inline_schema() -> bool {
                true
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "description": $what, "examples": [$($example),+] })
            }
        }
    };
}

string_form!(
    Source,
    "the URL of a source: udp:// or rtp:// [SOURCE@]ADDRESS:PORT?iface=, file:PATH?loop=, test:PATTERN?bitrate=&label=&name=",
    [
        "udp://239.9.9.9:5000?iface=eth0",
        "rtp://[2001:db8::1]@[ff3e::7]:5000",
        "file:/media/loop.ts?loop=true",
        "test:clock?bitrate=8M"
    ]
);
string_form!(
    Input,
    "the URL of a network input: udp:// or rtp:// [SOURCE@]ADDRESS:PORT?iface=",
    ["udp://239.9.9.9:5000?iface=eth0"]
);
string_form!(FileInput, "the URL of a file: file:PATH?loop=", ["file:/media/loop.ts?loop=true"]);
string_form!(
    TestInput,
    "the URL of a synthetic channel: test:PATTERN?bitrate=&label=&name=",
    ["test:clock?bitrate=8M&label=CH+7"]
);
string_form!(
    Output,
    "the URL of an output: ADDRESS:PORT, or udp:// or rtp:// ADDRESS:PORT?iface=&ttl=&dscp=&src=&loop=",
    ["239.1.1.7:5000", "rtp://[ff3e::7]:5000?iface=eth1&ttl=8"]
);
string_form!(Interface, "the name of a network interface, or an address that it has", ["eth0", "10.0.0.5"]);
string_form!(Bitrate, "a bitrate in bits a second, up to 1G", ["8M", "2500K"]);
