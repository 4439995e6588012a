//! The files of the page, built in: it works without any other host.

use super::{CSS, SCRIPT, SVG};

/// A built-in file.
pub(super) struct Asset {
    path: &'static str,
    pub(super) content: &'static str,
    pub(super) text: &'static str,
}

macro_rules! assets {
    ($($name:literal: $content:ident),* $(,)?) => {
        &[$(Asset {
            path: concat!("/assets/", $name),
            content: $content,
            text: include_str!(concat!("../../assets/", $name)),
        }),*]
    };
}

const ASSETS: &[Asset] = assets! {
    "icon.svg": SVG,
    "page.css": CSS,
    "start.js": SCRIPT,
    "page.js": SCRIPT,
    "stream.js": SCRIPT,
    "dom.js": SCRIPT,
    "words.js": SCRIPT,
    "verdict.js": SCRIPT,
    "past.js": SCRIPT,
    "plot.js": SCRIPT,
    "flows.js": SCRIPT,
    "state.js": SCRIPT,
    "pair.js": SCRIPT,
    "plots.js": SCRIPT,
    "lights.js": SCRIPT,
    "loss.js": SCRIPT,
    "services.js": SCRIPT,
    "log.js": SCRIPT,
};

/// The file at `path`, if there is one.
pub(super) fn find(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path == path)
}
