//! A sender that goes on in the background.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::{self, JoinHandle};

use super::{Sender, until};

/// Sends on a thread of its own until it is stopped or dropped.
#[derive(Debug)]
pub struct Feed {
    stop: Arc<AtomicBool>,
    sent: Arc<AtomicU32>,
    thread: Option<JoinHandle<()>>,
}

impl Feed {
    /// Sends `payloads` evenly spread, so many a second.
    pub fn start<I>(sender: Sender, per_second: u32, payloads: I) -> Self
    where
        I: IntoIterator<Item: AsRef<[u8]>> + Send + 'static,
    {
        let (stop, sent) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
        let (stopped, count) = (Arc::clone(&stop), Arc::clone(&sent));
        let thread = thread::spawn(move || {
            let until_stopped = payloads.into_iter().take_while(|_| !stopped.load(Ordering::Relaxed));
            let counted = until_stopped.inspect(|_| {
                count.fetch_add(1, Ordering::Relaxed);
            });
            sender.send_at(per_second, counted);
        });
        Self { stop, sent, thread: Some(thread) }
    }

    /// Waits until so many more were sent.
    pub fn wait_for_more(&self, count: u32) {
        let wanted = self.sent.load(Ordering::Relaxed) + count;
        until("more datagrams sent", || (self.sent.load(Ordering::Relaxed) >= wanted).then_some(()));
    }

    /// Stops, and says how many were sent.
    ///
    /// # Panics
    /// When the sending did.
    pub fn stop(mut self) -> u32 {
        self.end();
        self.sent.load(Ordering::Relaxed)
    }

    fn end(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().into_iter().for_each(|thread| thread.join().expect("a sender that does not panic"));
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.end();
    }
}
