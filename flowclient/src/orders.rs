//! What the HTTP side has the supervisor do.

use relay::drive::{HandOverAnswer, HandOverError};
use relay::pair::message::InstanceId;
use thiserror::Error;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::sync::oneshot;

/// Orders that may wait for the supervisor.
const WAITING: usize = 32;

/// Why an order was not carried out.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum OrderError {
    /// There is no such flow.
    #[error("there is no flow {0:?}")]
    NoFlow(String),
    /// The flow cannot or does not.
    #[error(transparent)]
    HandOver(#[from] HandOverError),
    /// Nobody takes orders.
    #[error("the supervisor does not take orders")]
    Busy,
}

/// Gives orders.
#[derive(Clone)]
pub(crate) struct Orders(Sender<Order>);

/// An order that waits for the supervisor: hand over this flow.
pub(crate) struct Order {
    /// Name of the flow.
    pub(crate) flow: String,
    /// The instance that is to go on, and no other.
    pub(crate) to: Option<InstanceId>,
    answer: oneshot::Sender<Result<(), OrderError>>,
}

impl Orders {
    /// A way to give orders, and what the supervisor must carry out.
    pub(crate) fn new() -> (Self, Receiver<Order>) {
        let (orders, given) = channel(WAITING);
        (Self(orders), given)
    }

    /// Has this instance of a flow hand over to another, or to `to` and no other; returns when that is on air.
    ///
    /// # Errors
    /// [`OrderError`] says why this instance is on air as before, or was not.
    pub(crate) async fn hand_over(&self, flow: &str, to: Option<InstanceId>) -> Result<(), OrderError> {
        let (answer, answered) = oneshot::channel();
        let order = Order { flow: flow.to_owned(), to, answer };
        self.0.try_send(order).map_err(|_| OrderError::Busy)?;
        answered.await.unwrap_or_else(|_| Err(HandOverError::Ended.into()))
    }
}

impl Order {
    /// Where the flow's thread is to say what came of it.
    pub(crate) fn answer(self) -> HandOverAnswer {
        // Whoever asked may have lost patience.
        Box::new(|result| drop(self.answer.send(result.map_err(OrderError::HandOver))))
    }

    /// There is no such flow.
    pub(crate) fn refuse(self) {
        let refusal = OrderError::NoFlow(self.flow);
        // As above.
        let _ = self.answer.send(Err(refusal));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_orders_gets_what_came_of_it() {
        let (orders, mut given) = Orders::new();
        let supervisor = async {
            given.recv().await.unwrap().answer()(Ok(()));
            given.recv().await.unwrap().answer()(Err(HandOverError::TakenBack));
            given.recv().await.unwrap().refuse();
            drop(given.recv().await.unwrap().answer());
        };
        let flow = || orders.hand_over("ch7", None);
        let (_, results) = tokio::join!(supervisor, async { [flow().await, flow().await, flow().await, flow().await] });
        let refusal = |error: HandOverError| Err(OrderError::HandOver(error));
        let unknown = Err(OrderError::NoFlow("ch7".to_owned()));
        assert_eq!(results, [Ok(()), refusal(HandOverError::TakenBack), unknown, refusal(HandOverError::Ended)]);
    }

    #[tokio::test]
    async fn a_supervisor_that_is_gone_is_told() {
        let (orders, given) = Orders::new();
        drop(given);
        assert_eq!(orders.hand_over("ch7", None).await, Err(OrderError::Busy));
    }
}
