//! Asks instances how they stand.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::HOST;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::report::Report;

/// How long an instance may take to answer. One that takes longer may be on air all the same: it is only not known.
const PATIENCE: Duration = Duration::from_secs(2);
/// Most bytes of an answer.
const MOST_BYTES: usize = 1 << 20;

/// Why nothing is known of an instance.
#[derive(Debug, Error)]
pub enum AskError {
    /// It does not answer in time.
    #[error("no answer within {PATIENCE:?}")]
    Silent,
    /// It cannot be reached.
    #[error("cannot be reached: {0}")]
    Unreachable(#[from] std::io::Error),
    /// The conversation broke off.
    #[error("{0}")]
    Broken(#[from] hyper::Error),
    /// It answers something else.
    #[error("answered {0}")]
    Refused(StatusCode),
    /// It answers what flowclient does not.
    #[error("the answer is not flowclient's: {0}")]
    Nonsense(String),
}

/// Whoever can ask instances.
pub trait Ask: Send + Sync + 'static {
    /// Asks the instance that answers HTTP at `address`.
    fn ask(&self, address: SocketAddr) -> impl Future<Output = Result<Report, AskError>> + Send;
}

/// Asks over the network.
#[derive(Clone, Copy, Debug, Default)]
pub struct OverHttp;

impl Ask for OverHttp {
    async fn ask(&self, address: SocketAddr) -> Result<Report, AskError> {
        timeout(PATIENCE, get(address)).await.map_err(|_| AskError::Silent)?
    }
}

/// Has the instance at `address` pass the air of `flow` on to the one with the number `to`; returns when that is on air.
///
/// # Errors
/// When all is as before.
pub async fn hand_over(address: SocketAddr, flow: &str, to: &str) -> Result<(), AskError> {
    let path = format!("/api/v1/flows/{flow}/hand-over?to={to}");
    timeout(PATIENCE, send(address, Method::POST, &path)).await.map_err(|_| AskError::Silent)?.map(drop)
}

async fn get(address: SocketAddr) -> Result<Report, AskError> {
    let body = send(address, Method::GET, "/api/v1/flows").await?;
    Report::read(&body).map_err(|error| AskError::Nonsense(error.to_string()))
}

async fn send(address: SocketAddr, method: Method, path: &str) -> Result<Bytes, AskError> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let request = Request::builder().method(method).uri(path).header(HOST, address.to_string());
    let request = request.body(Empty::<Bytes>::new()).map_err(|error| AskError::Nonsense(error.to_string()))?;
    let converse = async {
        let answer = sender.send_request(request).await?;
        if answer.status() != StatusCode::OK {
            return Err(AskError::Refused(answer.status()));
        }
        let body = Limited::new(answer.into_body(), MOST_BYTES).collect().await;
        Ok(body.map_err(|error| AskError::Nonsense(error.to_string()))?.to_bytes())
    };
    tokio::pin!(converse);
    tokio::pin!(connection);
    tokio::select! {
        answer = &mut converse => answer,
        ended = &mut connection => {
            // What it said before it ended may still be on its way to us.
            ended?;
            converse.await
        }
    }
}
