//! A sender that goes on in the background.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use super::Sender;

/// Sends on a thread of its own until it is stopped or dropped.
#[derive(Debug)]
pub struct Feed {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<u32>>,
}

impl Feed {
    /// Sends `payloads` evenly spread, so many a second.
    pub fn start<I>(sender: Sender, per_second: u32, payloads: I) -> Self
    where
        I: IntoIterator<Item: AsRef<[u8]>> + Send + 'static,
    {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut count = 0;
            let until_stopped = payloads.into_iter().take_while(|_| !stopped.load(Ordering::Relaxed));
            sender.send_at(per_second, until_stopped.inspect(|_| count += 1));
            count
        });
        Self { stop, thread: Some(thread) }
    }

    /// Stops, and says how many were sent.
    ///
    /// # Panics
    /// When the sending did.
    pub fn stop(mut self) -> u32 {
        self.end().expect("a feed is stopped once")
    }

    fn end(&mut self) -> Option<u32> {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.take().map(|thread| thread.join().expect("a sender that does not panic"))
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.end();
    }
}
