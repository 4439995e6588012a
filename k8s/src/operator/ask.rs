//! Asks instances how they stand.

use std::future::Future;
use std::net::SocketAddr;
use std::time::Duration;

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::HOST;
use hyper::{Request, StatusCode};
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

async fn get(address: SocketAddr) -> Result<Report, AskError> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let request = Request::get("/api/v1/flows").header(HOST, address.to_string()).body(Empty::<Bytes>::new());
    let request = request.map_err(|error| AskError::Nonsense(error.to_string()))?;
    let converse = async {
        let answer = sender.send_request(request).await?;
        if answer.status() != StatusCode::OK {
            return Err(AskError::Refused(answer.status()));
        }
        let body = Limited::new(answer.into_body(), MOST_BYTES).collect().await;
        let body = body.map_err(|error| AskError::Nonsense(error.to_string()))?.to_bytes();
        Report::read(&body).map_err(|error| AskError::Nonsense(error.to_string()))
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
