//! The executor's tasks: each works for ever. One that ends or panics begins again after a pause,
//! and takes nothing else with it.

use std::future::Future;
use std::time::Duration;

use tokio::task::{JoinError, JoinHandle};
use tokio::time::sleep;

/// Keeps a task at work until it is aborted: `make` begins it anew. `name` is for the log.
pub fn watched<F>(
    name: &'static str,
    pause: Duration,
    make: impl Fn() -> F + Send + 'static,
) -> JoinHandle<()>
where
    F: Future<Output = ()> + Send + 'static,
{
    tokio::spawn(async move {
        loop {
            let mut inner = Inner(tokio::spawn(make()));
            match (&mut inner.0).await {
                Ok(()) => tracing::error!(task = name, "ended; it begins again"),
                Err(error) if error.is_panic() => {
                    tracing::error!(task = name, why = words(error), "panicked; it begins again");
                }
                // The runtime ends.
                Err(_) => return,
            }
            sleep(pause).await;
        }
    })
}

/// Who stops watching stops the task.
struct Inner(JoinHandle<()>);

impl Drop for Inner {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What a panic said.
fn words(error: JoinError) -> String {
    let said = error.into_panic();
    let text = said.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| said.downcast_ref::<&str>().copied()).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Notify;
    use tokio::time::timeout;

    use super::*;

    #[tokio::test]
    async fn a_panic_of_a_task_is_its_own() {
        let (begun, fourth) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let (count, reached) = (Arc::clone(&begun), Arc::clone(&fourth));
        let task = watched("sample", Duration::from_millis(1), move || {
            let (count, reached) = (Arc::clone(&count), Arc::clone(&reached));
            async move {
                match count.fetch_add(1, Ordering::SeqCst) {
                    0 => panic!("a sample of a panic"),
                    1 => {}
                    2 => std::panic::panic_any(7_u8),
                    _ => {
                        reached.notify_one();
                        std::future::pending::<()>().await;
                    }
                }
            }
        });
        timeout(Duration::from_secs(30), fourth.notified()).await.expect("it begins again");
        assert!(!task.is_finished());
        task.abort();
        assert!(task.await.is_err_and(|error| error.is_cancelled()));
        assert_eq!(begun.load(Ordering::SeqCst), 4);
    }
}
