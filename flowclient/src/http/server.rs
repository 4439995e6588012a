//! The listening socket and its connections.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, anyhow};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustix::net::sockopt::set_tcp_user_timeout;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

use super::Site;

/// Connections at a time; more are closed at once, so that no crowd takes the descriptors that flows need.
const MOST_CONNECTIONS: usize = 64;
/// How long a client may take to send a request, or leave a connection idle.
const REQUEST_PATIENCE: Duration = Duration::from_secs(30);
/// How long a connection lives at most, so that clients that never read are not kept for ever.
pub(super) const CONNECTION_LIFE: Duration = Duration::from_secs(300);
/// How long a client may leave what was sent to it unread, in milliseconds; the kernel breaks off then.
const UNREAD_MILLIS: u32 = 20_000;
/// Pause after the system refused to take a connection, most likely for want of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// A socket that listens and answers nobody yet.
pub(crate) struct Server {
    listener: TcpListener,
}

impl Server {
    /// Listens at `address`.
    ///
    /// # Errors
    /// When the address is taken or not this host's; the message says which.
    pub(crate) async fn bind(address: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind(address).await.map_err(|error| {
            anyhow!(
                "--listen {address}: {error}; choose another with --listen ADDR:PORT, or do without by --listen off"
            )
        })?;
        Ok(Self { listener })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the system does not say.
    pub(crate) fn address(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers for ever.
    pub(crate) async fn serve(self, site: Arc<Site>) {
        let seats = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        let news = Arc::clone(&site);
        tokio::spawn(async move { news.stream.publish().await });
        loop {
            let Ok((stream, _)) = self.listener.accept().await else {
                sleep(ACCEPT_PAUSE).await;
                continue;
            };
            if let Ok(seat) = Arc::clone(&seats).try_acquire_owned() {
                tokio::spawn(converse(stream, Arc::clone(&site), seat));
            }
        }
    }
}

async fn converse(stream: TcpStream, site: Arc<Site>, _seat: OwnedSemaphorePermit) {
    // Where the kernel does not know the option, the life of a connection still ends.
    let _ = set_tcp_user_timeout(&stream, UNREAD_MILLIS);
    let service = service_fn(|request| site.answer(request));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(REQUEST_PATIENCE);
    // A client that breaks off or sends nonsense gets no answer and needs none.
    let _ = timeout(CONNECTION_LIFE, http.serve_connection(TokioIo::new(stream), service)).await;
}
