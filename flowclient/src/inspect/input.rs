//! What is to be inspected.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use relay::spec::{FileInput, Source};

use super::refuse;

/// What is to be inspected.
#[derive(Debug, PartialEq)]
pub(super) enum Input {
    /// A capture, read as fast as it goes; of network traffic, the flow to this address.
    Capture { path: PathBuf, flow: Option<SocketAddr> },
    /// What comes in, or is played, as time goes by.
    Live(Source),
}

impl Input {
    /// A file that exists is one, whatever it is called; else what has a scheme is a URL.
    ///
    /// # Errors
    /// When it is neither, or options do not fit it.
    pub(super) fn parse(text: &str, flow: Option<SocketAddr>) -> anyhow::Result<Self> {
        let input = Self::of(text, flow)?;
        match (&input, flow) {
            (Self::Live(_), Some(_)) => {
                Err(refuse("--flow chooses among the flows of a pcap or pcapng file; leave it out"))
            }
            _ => Ok(input),
        }
    }

    fn of(text: &str, flow: Option<SocketAddr>) -> anyhow::Result<Self> {
        if text == "-" {
            return Ok(Self::Capture { path: PathBuf::from("/dev/stdin"), flow });
        }
        if Path::new(text).exists() {
            return Ok(Self::Capture { path: text.into(), flow });
        }
        match text.parse() {
            Ok(Source::File(FileInput { path, looped: false })) => Ok(Self::Capture { path, flow }),
            Ok(source) => Ok(Self::Live(source)),
            Err(error) if has_scheme(text) => Err(refuse(error)),
            Err(_) => Err(refuse(format_args!(
                "there is no file {text:?}; give a ts, m2ts, pcap or pcapng file, or a URL: udp://, rtp://, file: or test:"
            ))),
        }
    }
}

fn has_scheme(text: &str) -> bool {
    text.contains("://") || ["udp:", "rtp:", "file:", "test:"].iter().any(|scheme| text.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        Input::of(text, None).unwrap_err().to_string()
    }

    #[test]
    fn a_file_is_read_and_a_url_is_listened_to() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        let capture = Input::Capture { path: file.path().to_owned(), flow: None };
        assert_eq!(Input::of(path, None).unwrap(), capture);
        assert_eq!(Input::of(&format!("file:{path}"), None).unwrap(), capture);
        for url in ["udp://239.1.1.1:5000", "rtp://239.1.1.1:5000", "239.1.1.1:5000", "test:", "file:a.ts?loop=true"] {
            assert_eq!(Input::of(url, None).unwrap(), Input::Live(url.parse().unwrap()));
        }
    }

    #[test]
    fn what_is_neither_is_refused_with_what_would_be_right() {
        assert!(problem("/nowhere/a.ts").contains("udp://, rtp://, file: or test:"));
        assert!(problem("239.1.1.1").contains("udp://, rtp://, file: or test:"));
        assert!(problem("udp://239.1.1.1").contains("a port is missing"));
        assert!(problem("srt://10.0.0.1:5000").contains("not supported yet"));
    }
}
