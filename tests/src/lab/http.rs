//! As much of HTTP as a scrape needs.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::NetNs;

/// An HTTP response.
#[derive(Clone, Debug)]
pub struct Response {
    /// Status code.
    pub status: u16,
    /// Body, as text.
    pub body: String,
}

/// GETs `path` from a server in `namespace`.
///
/// # Errors
/// When nobody answers, or not in HTTP.
pub fn get(namespace: &NetNs, server: SocketAddr, path: &str) -> io::Result<Response> {
    ask(namespace, server, "GET", path)
}

/// Sends an empty POST to `path` of a server in `namespace`.
///
/// # Errors
/// When nobody answers, or not in HTTP.
pub(super) fn post(namespace: &NetNs, server: SocketAddr, path: &str) -> io::Result<Response> {
    ask(namespace, server, "POST", path)
}

fn ask(namespace: &NetNs, server: SocketAddr, method: &str, path: &str) -> io::Result<Response> {
    let mut stream = namespace.inside(|| TcpStream::connect(server))?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    // In one piece: a server that reads once has the whole of it.
    stream.write_all(format!("{method} {path} HTTP/1.0\r\nHost: {server}\r\nConnection: close\r\n\r\n").as_bytes())?;
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    parse(&text).ok_or_else(|| io::Error::other(format!("not HTTP: {text}")))
}

fn parse(text: &str) -> Option<Response> {
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Response { status, body: body.to_owned() })
}
