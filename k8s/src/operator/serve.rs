//! The operator's own HTTP: `/metrics` and `/healthz`.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Body, Bytes};
use hyper::header::CONTENT_TYPE;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

use super::metrics::Metrics;

/// How long a connection lives at most.
const CONNECTION_LIFE: Duration = Duration::from_secs(60);
/// How long a client may take to send a request.
const REQUEST_PATIENCE: Duration = Duration::from_secs(10);
/// Pause after the system refused to take a connection.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Listens at `address`.
///
/// # Errors
/// When it is taken.
pub async fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(address).await
}

/// Answers for ever.
pub async fn serve(listener: TcpListener, metrics: Metrics) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => drop(tokio::spawn(converse(stream, metrics.clone()))),
            Err(_) => sleep(ACCEPT_PAUSE).await,
        }
    }
}

async fn converse(stream: TcpStream, metrics: Metrics) {
    let service = service_fn(|request| {
        let answer = answer(&request, &metrics);
        async move { Ok::<_, Infallible>(answer) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(REQUEST_PATIENCE);
    // A client that breaks off or sends nonsense gets no answer and needs none.
    let _ = timeout(CONNECTION_LIFE, http.serve_connection(TokioIo::new(stream), service)).await;
}

fn answer<B: Body>(request: &Request<B>, metrics: &Metrics) -> Response<Full<Bytes>> {
    match request.uri().path() {
        // That it answers is what is asked: an API server that is away is no reason to be started again.
        "/healthz" => reply(StatusCode::OK, "ok\n".to_owned()),
        "/metrics" => match metrics.text() {
            Ok(text) => reply(StatusCode::OK, text),
            Err(error) => reply(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
        },
        _ => reply(StatusCode::NOT_FOUND, "there are /metrics and /healthz\n".to_owned()),
    }
}

fn reply(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let mut reply = Response::new(Full::new(Bytes::from(text)));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, hyper::header::HeaderValue::from_static(prometheus::TEXT_FORMAT));
    reply
}
