//! The HTTP side: metrics, health, the flows as JSON, a page for people, and one order: to hand a flow over.

mod api;
mod assets;
mod inspection;
mod order;
mod page;
mod server;
mod stream;

use std::convert::Infallible;
use std::sync::Arc;

use http_body_util::channel::Channel;
use http_body_util::{Either, Full};
use hyper::body::{Body, Bytes};
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Method, Request, Response, StatusCode};
use prometheus::Registry;

use stream::Stream;

use crate::metrics;
use crate::orders::Orders;
use crate::pulse::Pulse;
use crate::status::Board;

pub(crate) use server::Server;

const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const JSON: &str = "application/json";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";
const EVENTS: &str = "text/event-stream";

/// What a browser may do with what it gets here: run scripts and styles from here, and ask nobody else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/// The number of the last event that a client of `/api/v1/stream` has seen.
const LAST_EVENT_ID: &str = "last-event-id";

type Reply = Response<Either<Full<Bytes>, Channel<Bytes>>>;

/// What there is to show.
pub(crate) struct Site {
    board: Arc<Board>,
    registry: Registry,
    pulse: Pulse,
    orders: Orders,
    stream: Stream,
}

impl Site {
    /// A site that shows the board.
    ///
    /// # Errors
    /// As [`metrics::registry`].
    pub(crate) fn new(board: Arc<Board>, pulse: Pulse, orders: Orders) -> prometheus::Result<Self> {
        let stream = Stream::new(Arc::clone(&board));
        Ok(Self { registry: metrics::registry(Arc::clone(&board))?, board, pulse, orders, stream })
    }

    /// Answers a request.
    async fn answer<B: Body>(&self, request: Request<B>) -> Result<Reply, Infallible> {
        if let Some(flow) = order::flow_of(request.uri().path()) {
            return Ok(match *request.method() {
                Method::POST => {
                    let query = request.uri().query().unwrap_or_default();
                    order::hand_over(&self.orders, &flow, query, request.headers()).await
                }
                _ => not_allowed("POST"),
            });
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return Ok(not_allowed("GET, HEAD"));
        }
        Ok(match request.uri().path() {
            "/" => reply(StatusCode::OK, HTML, page::render(&self.board.views(), self.board.uptime())),
            "/metrics" => self.metrics().await,
            "/healthz" => self.health().await,
            "/readyz" => self.readiness(),
            "/api/v1/flows" => self.flows(),
            "/api/v1/stream" => self.events(request.headers()),
            path => match inspection::asked(path) {
                Some((flow, form)) => inspection::answer(&self.board.views(), &flow, form),
                None => asset(path),
            },
        })
    }

    async fn metrics(&self) -> Reply {
        // Who answers has published; of a thread that does not, there is what it published last.
        let _ = self.pulse.check().await;
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

    fn events(&self, headers: &HeaderMap) -> Reply {
        let seen = headers.get(LAST_EVENT_ID).and_then(|number| number.to_str().ok()?.parse().ok());
        let Some(events) = self.stream.open(seen.unwrap_or(0)) else {
            return reply(StatusCode::SERVICE_UNAVAILABLE, TEXT, "too many clients listen here already\n");
        };
        let mut reply = with_headers(StatusCode::OK, EVENTS, Either::Right(events));
        // Coming back on a new connection, a client has the whole life of it before it.
        reply.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        reply
    }
}

fn asset(path: &str) -> Reply {
    match assets::find(path) {
        Some(asset) => reply(StatusCode::OK, asset.content, asset.text),
        None => reply(StatusCode::NOT_FOUND, TEXT, not_found(path)),
    }
}

fn reply(status: StatusCode, content: &'static str, body: impl Into<Bytes>) -> Reply {
    with_headers(status, content, Either::Left(Full::new(body.into())))
}

fn with_headers(status: StatusCode, content: &'static str, body: Either<Full<Bytes>, Channel<Bytes>>) -> Reply {
    let mut reply = Response::new(body);
    *reply.status_mut() = status;
    let headers: [(HeaderName, &'static str); 5] = [
        (CONTENT_TYPE, content),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
    ];
    reply.headers_mut().extend(headers.map(|(name, value)| (name, HeaderValue::from_static(value))));
    reply
}

fn not_found(path: &str) -> String {
    format!(
        "{path} is not here; these are: / /metrics /healthz /readyz /api/v1/flows /api/v1/flows/NAME/hand-over \
         /api/v1/flows/NAME/inspection[.txt|.ansi] /api/v1/stream\n"
    )
}

fn not_allowed(methods: &'static str) -> Reply {
    let mut reply = reply(StatusCode::METHOD_NOT_ALLOWED, TEXT, format!("answered here: {methods}\n"));
    reply.headers_mut().insert(ALLOW, HeaderValue::from_static(methods));
    reply
}

#[cfg(test)]
mod tests;
