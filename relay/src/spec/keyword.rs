//! Choices that are written as one word.

/// Makes an enum of such choices: its names once, for reading and for writing.
macro_rules! keyword {
    (
        $(#[$doc:meta])* $name:ident: $what:literal, $unknown:ident;
        $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)*
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)*
        }

        #[doc = concat!("There is no such ", $what, ".")]
        #[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
        #[error("unknown {what} {0:?}; there are {known}", what = $what, known = $name::ALL.map($name::as_str).join(", "))]
        pub struct $unknown(String);

        impl $name {
            /// All there are.
            pub const ALL: [Self; [$($text),*].len()] = [$(Self::$variant),*];

            /// Its name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $unknown;

            fn from_str(text: &str) -> Result<Self, $unknown> {
                Self::ALL.into_iter().find(|choice| choice.as_str() == text).ok_or_else(|| $unknown(text.to_owned()))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

pub(super) use keyword;
