//! Whether the process lives: its supervisor answers and each of its threads turns.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{Receiver, Sender, UnboundedReceiver, UnboundedSender, channel, unbounded_channel};
use tokio::time::timeout;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(1);
/// Questions that may wait for the supervisor.
const WAITING: usize = 32;

/// Asks.
#[derive(Clone)]
pub(crate) struct Pulse {
    questions: Sender<Question>,
    threads: usize,
}

/// A question that waits for the supervisor.
pub(crate) struct Question(UnboundedSender<()>);

impl Question {
    /// What each thread is to call.
    pub(crate) fn answer(self) -> Arc<dyn Fn() + Send + Sync> {
        Arc::new(move || {
            // Whoever asked may have lost patience.
            let _ = self.0.send(());
        })
    }
}

impl Pulse {
    /// A pulse of a process with this many threads, and the questions that its supervisor must answer.
    pub(crate) fn new(threads: usize) -> (Self, Receiver<Question>) {
        let (questions, asked) = channel(WAITING);
        (Self { questions, threads }, asked)
    }

    /// Whether all threads answer in time; else how many did.
    pub(crate) async fn check(&self) -> Result<(), String> {
        let (answer, mut answers) = unbounded_channel();
        let mut alive = 0;
        let asked = self.questions.try_send(Question(answer)).is_ok();
        // Running out of patience is an answer too: it is in the count.
        let _ = timeout(PATIENCE, count(&mut answers, &mut alive, self.threads)).await;
        match alive == self.threads {
            true => Ok(()),
            false if !asked => Err("the supervisor does not take questions".to_owned()),
            false => Err(format!("{alive} of {} relay threads answered within {PATIENCE:?}", self.threads)),
        }
    }
}

async fn count(answers: &mut UnboundedReceiver<()>, alive: &mut usize, enough: usize) {
    while *alive < enough && answers.recv().await.is_some() {
        *alive += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn all_threads_must_answer() {
        let (pulse, mut asked) = Pulse::new(2);
        let supervisor = async {
            let answer = asked.recv().await.unwrap().answer();
            answer();
            answer();
            let answer = asked.recv().await.unwrap().answer();
            answer();
        };
        let (_, first, second) = tokio::join!(supervisor, pulse.check(), async { pulse.check().await });
        let (alive, dead) = (first.is_ok(), second.is_err());
        assert!(alive && dead);
    }

    #[tokio::test]
    async fn a_supervisor_that_is_gone_is_told() {
        let (pulse, asked) = Pulse::new(1);
        drop(asked);
        assert!(pulse.check().await.unwrap_err().contains("supervisor"));
    }
}
