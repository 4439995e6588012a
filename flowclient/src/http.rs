//! The HTTP side: metrics, health, the flows as JSON, and a page for people.

mod api;
mod page;
mod server;

use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::Full;
use hyper::body::{Body, Bytes};
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use prometheus::Registry;

use crate::metrics;
use crate::pulse::Pulse;
use crate::status::Board;

pub(crate) use server::Server;

const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";

type Reply = Response<Full<Bytes>>;

/// What there is to show.
pub(crate) struct Site {
    board: Arc<Board>,
    registry: Registry,
    pulse: Pulse,
}

impl Site {
    /// A site that shows the board.
    ///
    /// # Errors
    /// As [`metrics::registry`].
    pub(crate) fn new(board: Arc<Board>, pulse: Pulse) -> prometheus::Result<Self> {
        Ok(Self { registry: metrics::registry(Arc::clone(&board))?, board, pulse })
    }

    /// Answers a request.
    async fn answer<B: Body>(&self, request: Request<B>) -> Result<Reply, Infallible> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return Ok(not_allowed());
        }
        Ok(match request.uri().path() {
            "/" => reply(StatusCode::OK, HTML, page::render(&self.board.views(), self.board.uptime())),
            "/metrics" => self.metrics(),
            "/healthz" => self.health().await,
            "/readyz" => self.readiness(),
            "/api/v1/flows" => self.flows(),
            path => reply(StatusCode::NOT_FOUND, TEXT, not_found(path)),
        })
    }

    fn metrics(&self) -> Reply {
        match metrics::render(&self.registry) {
            Ok(text) => reply(StatusCode::OK, prometheus::TEXT_FORMAT, text),
            Err(error) => reply(StatusCode::INTERNAL_SERVER_ERROR, TEXT, format!("{error}\n")),
        }
    }

    async fn health(&self) -> Reply {
        match self.pulse.check().await {
            Ok(()) => reply(StatusCode::OK, TEXT, "ok\n".to_owned()),
            Err(reason) => reply(StatusCode::SERVICE_UNAVAILABLE, TEXT, format!("{reason}\n")),
        }
    }

    fn readiness(&self) -> Reply {
        let views = self.board.views();
        let troubles = views.iter().flat_map(|flow| flow.troubles.iter().map(|why| format!("{}: {why}\n", flow.name)));
        let troubles: String = troubles.collect();
        match troubles.is_empty() {
            true => reply(StatusCode::OK, TEXT, "ready\n".to_owned()),
            false => reply(StatusCode::SERVICE_UNAVAILABLE, TEXT, troubles),
        }
    }

    fn flows(&self) -> Reply {
        match api::render(&self.board.views(), self.board.uptime()) {
            Ok(text) => reply(StatusCode::OK, JSON, text),
            Err(error) => reply(StatusCode::INTERNAL_SERVER_ERROR, TEXT, format!("{error}\n")),
        }
    }
}

fn reply(status: StatusCode, content: &'static str, body: String) -> Reply {
    let mut reply = Response::new(Full::from(body));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content));
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}

fn not_found(path: &str) -> String {
    format!("{path} is not here; these are: / /metrics /healthz /readyz /api/v1/flows\n")
}

fn not_allowed() -> Reply {
    let mut reply = reply(StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET and HEAD are answered here\n".to_owned());
    reply.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    reply
}

#[cfg(test)]
mod tests;
