//! Work that goes on when nobody waits for it any more.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;

/// A future that runs to its end once it was polled: when it is dropped before, the rest of it becomes a task.
pub(crate) struct Detached<T: Send + 'static>(Option<Pin<Box<dyn Future<Output = T> + Send>>>);

impl<T: Send + 'static> Detached<T> {
    pub(crate) fn new(work: impl Future<Output = T> + Send + 'static) -> Self {
        Self(Some(Box::pin(work)))
    }
}

impl<T: Send + 'static> Future for Detached<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let Some(work) = &mut self.0 else { return Poll::Pending };
        let outcome = work.as_mut().poll(context);
        if outcome.is_ready() {
            self.0 = None;
        }
        outcome
    }
}

impl<T: Send + 'static> Drop for Detached<T> {
    fn drop(&mut self) {
        // Without a runtime nothing can go on: the connection is closed, and the server decides.
        if let (Some(work), Ok(runtime)) = (self.0.take(), Handle::try_current())
            && !std::thread::panicking()
        {
            drop(runtime.spawn(work));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::oneshot;

    use super::*;

    #[tokio::test]
    async fn what_was_begun_is_finished_when_nobody_waits() {
        let (begun, has_begun) = oneshot::channel();
        let (go, gone) = oneshot::channel();
        let (done, is_done) = oneshot::channel();
        let work = Detached::new(async move {
            begun.send(()).unwrap();
            gone.await.unwrap();
            done.send("done").unwrap();
        });
        let caller = tokio::spawn(work);
        has_begun.await.unwrap();
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
        go.send(()).unwrap();
        let answer = tokio::time::timeout(Duration::from_secs(30), is_done).await;
        assert_eq!(answer.unwrap(), Ok("done"));
    }

    #[tokio::test]
    async fn what_is_waited_for_gives_its_answer() {
        assert_eq!(Detached::new(async { 7 }).await, 7);
    }
}
