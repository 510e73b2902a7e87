//! Judging aside: what a vendor sent in is read in a thread of its own with a deadline, so that
//! nothing in it holds up the executor. What comes of it is the package's doing only when it is in
//! the report; a thread that ends in no report is the platform's trouble.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;

use super::{Judge, Reading};
use crate::CloudError;
use crate::gate::Report;

/// Far above what the largest package that is let in takes.
const DEADLINE: Duration = Duration::from_secs(120);
/// What is read recurses within limits; this is well above them.
const STACK: usize = 16 << 20;

/// A package that was read, and the report as far as no installation is needed.
pub struct Examined {
    /// What was read.
    pub reading: Reading,
    /// The report.
    pub report: Report,
}

/// Reads and judges aside. Threads cannot be stopped: `places` says how many there may be, those
/// that outlived their deadline among them.
///
/// # Errors
/// [`CloudError::Judging`] when there is no report in time.
pub async fn examine(
    judge: &Judge,
    places: &Arc<Semaphore>,
    read: impl FnOnce() -> Reading + Send + 'static,
) -> Result<Examined, CloudError> {
    let judge = judge.clone();
    let work = move || {
        let reading = read();
        let report = judge.report(&reading);
        Examined { reading, report }
    };
    aside(places, DEADLINE, work).await
}

/// Runs `work` in a thread of its own, which the end of the program does not wait for.
pub(super) async fn aside<T: Send + 'static>(
    places: &Arc<Semaphore>,
    deadline: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, CloudError> {
    let judging = |why: String| CloudError::Judging(why);
    let late = || judging(format!("判定の計算が {} 秒で終わりません", deadline.as_secs()));
    let place = timeout(deadline, Arc::clone(places).acquire_owned()).await.map_err(|_| late())?;
    let place = place.map_err(|error| judging(error.to_string()))?;
    let (done, told) = oneshot::channel();
    let thread = thread::Builder::new().name("judging".to_owned()).stack_size(STACK);
    let begun = thread.spawn(move || {
        let found = work();
        drop(place);
        // Nobody waits any more when it is late.
        let _ = done.send(found);
    });
    begun.map_err(|error| judging(format!("判定のスレッドを始められません（{error}）")))?;
    match timeout(deadline, told).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(_)) => Err(judging("判定の計算が途中で落ちました".to_owned())),
        Err(_) => Err(late()),
    }
}
