//! The catalog: which handlers (named channels) there are, and where each comes from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use relay::spec::{Handler, Source, nearest};
use serde::Deserialize;

use crate::args::CatalogArgs;
use crate::error::ConfigError;
use crate::stamp::StampedFile;

const BUILT_IN: &str = include_str!("catalog.toml");
/// Where a catalog is looked for in a folder of configurations.
const USUAL_NAME: &str = "flowclient/catalog.toml";

/// The handlers, and where they were read.
#[derive(Debug)]
pub(crate) struct Catalog {
    origin: Origin,
    handlers: BTreeMap<String, Handler>,
    watched_files: Vec<StampedFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CatalogFile {
    #[serde(default)]
    handlers: BTreeMap<String, Handler>,
}

/// Where a catalog was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    BuiltIn,
    File(PathBuf),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BuiltIn => f.write_str("the built-in catalog"),
            Self::File(path) => write!(f, "the catalog {}", path.display()),
        }
    }
}

impl Catalog {
    /// Reads the catalog that was asked for, or else the first one of the usual places, or else the built-in one.
    ///
    /// # Errors
    /// When its file cannot be read or is wrong.
    pub(crate) fn load(args: &CatalogArgs) -> Result<Self, ConfigError> {
        match &args.catalog {
            Some(path) => Self::from_places(std::slice::from_ref(path), true),
            None => Self::from_places(&usual_places(), false),
        }
    }

    fn from_places(places: &[PathBuf], required: bool) -> Result<Self, ConfigError> {
        let could_appear = places.iter().filter(|path| path.parent().is_some_and(Path::is_dir));
        let stamped: Vec<_> = could_appear.cloned().map(StampedFile::now).collect();
        let found = places.iter().position(|path| required || path.exists());
        let (origin, text) = match found {
            Some(index) => (Origin::File(places[index].clone()), read(&places[index])?),
            None => (Origin::BuiltIn, BUILT_IN.to_owned()),
        };
        let file: CatalogFile = toml::from_str(&text)
            .map_err(|error| ConfigError::new(format!("{origin}: {}", error.to_string().trim_end())))?;
        // A file that appears in a place before this one would be the catalog then.
        let looked_at = &places[..found.map_or(places.len(), |index| index + 1)];
        let is_watched = |file: &StampedFile| looked_at.iter().any(|path| path == file.path());
        let watched_files = stamped.into_iter().filter(is_watched).collect();
        Ok(Self { origin, handlers: file.handlers, watched_files })
    }

    /// The source of a handler.
    ///
    /// # Errors
    /// When there is none of that name: names the nearest and lists all.
    pub(crate) fn source(&self, handler: &str) -> Result<Source, String> {
        let found = self.handlers.get(handler).map(|handler| handler.source.clone());
        found.ok_or_else(|| self.no_such_handler(handler))
    }

    fn no_such_handler(&self, handler: &str) -> String {
        let names: Vec<&str> = self.handlers.keys().map(String::as_str).collect();
        let meant = nearest(handler, names.iter().copied());
        let meant = meant.map(|name| format!(" (did you mean {name:?}?)")).unwrap_or_default();
        let listed = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        format!("{handler:?}: no such handler in {}{meant}; there are: {listed}", self.origin)
    }

    /// Where it was read.
    pub(crate) const fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The handlers, by name.
    pub(crate) const fn handlers(&self) -> &BTreeMap<String, Handler> {
        &self.handlers
    }

    /// Files that make it another catalog when they change.
    pub(crate) fn watched_files(&self) -> &[StampedFile] {
        &self.watched_files
    }
}

fn read(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path)
        .map_err(|error| ConfigError::new(format!("cannot read the catalog {}: {error}", path.display())))
}

/// The places of the XDG base directory specification, and the system's.
fn usual_places() -> Vec<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let user = folder("XDG_CONFIG_HOME").or_else(|| folder("HOME").map(|home| home.join(".config")));
    user.into_iter().chain([PathBuf::from("/etc")]).map(|folder| folder.join(USUAL_NAME)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use relay::spec::{Pattern, TestInput};
    use std::fs;

    fn built_in() -> Catalog {
        Catalog::from_places(&[], false).unwrap()
    }

    #[test]
    fn the_built_in_catalog_has_nine_channels_that_tell_their_numbers() {
        let catalog = built_in();
        assert_eq!(catalog.handlers().len(), 9);
        for (number, (name, handler)) in (1..).zip(catalog.handlers()) {
            assert_eq!((name, &handler.title), (&format!("ch{number}"), &format!("Channel {number}")));
            let pattern = if number % 2 == 1 { Pattern::Clock } else { Pattern::Bars };
            let (label, name) = (format!("CH {number}"), handler.title.clone());
            assert_eq!(handler.source, Source::Test(TestInput { pattern, bitrate: 2_000_000, label, name }));
        }
    }

    #[test]
    fn an_unknown_handler_names_the_nearest_and_lists_all() {
        let refusal = built_in().source("ch77").unwrap_err();
        assert!(refusal.contains("\"ch77\"") && refusal.contains("did you mean \"ch7\"?"), "{refusal}");
        assert!(refusal.ends_with("there are: ch1, ch2, ch3, ch4, ch5, ch6, ch7, ch8, ch9"), "{refusal}");
    }

    #[test]
    fn the_first_place_that_has_a_catalog_wins_and_an_earlier_one_is_watched() {
        let folder = tempfile::tempdir().unwrap();
        let [first, second, third] = ["1", "2", "3"].map(|name| folder.path().join(name));
        fs::write(&second, "[handlers.news]\nsource = 'udp://239.9.9.9:5000'").unwrap();
        fs::write(&third, "broken").unwrap();
        let catalog = Catalog::from_places(&[first.clone(), second.clone(), third], false).unwrap();
        assert_eq!(catalog.source("news"), Ok("udp://239.9.9.9:5000".parse().unwrap()));
        assert_eq!(catalog.origin(), &Origin::File(second.clone()));
        assert_eq!(catalog.watched_files(), [first, second].map(StampedFile::now));
    }

    #[test]
    fn a_wrong_catalog_is_shown_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("catalog.toml");
        fs::write(&path, "[handlers.news]\nsource = 'udp://239.9.9.9'").unwrap();
        let refusal = Catalog::from_places(std::slice::from_ref(&path), true).unwrap_err().to_string();
        for words in [&*path.to_string_lossy(), "line 2", "a port is missing; write 239.9.9.9:5000"] {
            assert!(refusal.contains(words), "{refusal}");
        }
    }
}
