//! Samples of a time and what they say: median, 99th percentile, extremes.

use std::fmt;
use std::time::{Duration, Instant};

/// The measured times of one thing.
#[derive(Clone, Debug, Default)]
pub(super) struct Figure {
    milliseconds: Vec<f64>,
}

impl Figure {
    /// Adds a time.
    pub(super) fn add(&mut self, time: Duration) {
        self.milliseconds.push(time.as_secs_f64() * 1000.0);
    }

    /// Adds the time since `begin`.
    pub(super) fn since(&mut self, begin: Instant) {
        self.add(begin.elapsed());
    }

    /// Adds the times of another.
    pub(super) fn join(&mut self, other: Figure) {
        self.milliseconds.extend(other.milliseconds);
    }

    /// The time that `hundredths` of a hundred samples do not exceed (nearest rank); 0 without any.
    pub(super) fn percentile(&self, hundredths: usize) -> f64 {
        let mut sorted = self.milliseconds.clone();
        sorted.sort_by(f64::total_cmp);
        let rank = (sorted.len() * hundredths).div_ceil(100).max(1);
        sorted.get(rank - 1).copied().unwrap_or_default()
    }

    /// How many times there are.
    pub(super) fn count(&self) -> usize {
        self.milliseconds.len()
    }

    /// One line.
    pub(super) fn print(&self, name: &str) {
        println!("{name}: {self}");
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            out,
            "median {:.2} ms, p99 {:.2} ms, min {:.2} ms, max {:.2} ms, n {}",
            self.percentile(50),
            self.percentile(99),
            self.percentile(0),
            self.percentile(100),
            self.milliseconds.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_the_nearest() {
        let mut figure = Figure::default();
        assert_eq!(figure.percentile(50), 0.0);
        for number in (1..=200).rev() {
            figure.add(Duration::from_millis(number));
        }
        let ranks = [0, 50, 99, 100].map(|part| figure.percentile(part).round() as u32);
        assert_eq!(ranks, [1, 100, 198, 200]);
    }
}
