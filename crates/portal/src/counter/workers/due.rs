//! When what falls due for one organisation. Times only: does no work and asks nobody.

use std::time::Duration;

use tokio::time::Instant;

use super::watch::News;

/// How often everything is looked at without a reason: what no hint told, views compared.
pub const SWEEP: Duration = Duration::from_secs(300);
/// Between the first sweeps of two organisations, so that a start leaves room for the counters.
const PACE: Duration = Duration::from_millis(200);
/// How long news in journal and audit may wait for their seal. The server's count of them is up to
/// ten seconds late: together within half a minute.
const SEAL: Duration = Duration::from_secs(15);
/// How long changes may wait to be published while no resident is there to read them.
const EXCHANGE: Duration = Duration::from_secs(60);
/// How often everything is looked at while nobody can tell where something happened.
const BLIND: Duration = Duration::from_secs(2);

/// What is to be done next, by when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// Reactions and timers.
    pub work: Instant,
    /// Sealing of journal and audit.
    pub seal: Instant,
    /// The exchange with the front database.
    pub exchange: Instant,
}

impl Due {
    /// Everything once, one organisation after the other.
    pub fn start(now: Instant, number: usize) -> Due {
        let at = now + PACE * u32::try_from(number).unwrap_or(u32::MAX / 1024);
        Due { work: at, seal: at, exchange: at }
    }

    /// The first of all.
    pub fn first(&self) -> Instant {
        self.work.min(self.seal).min(self.exchange)
    }

    /// News bring forward what they give a reason for, and never put anything off.
    pub fn note(&mut self, news: News, now: Instant) {
        match news {
            News::Work => {
                self.work = now;
                self.exchange = self.exchange.min(now + EXCHANGE);
            }
            News::Registers => self.seal = self.seal.min(now + SEAL),
            News::Front => self.exchange = now,
            News::Blind => {
                for due in [&mut self.work, &mut self.seal, &mut self.exchange] {
                    *due = (*due).min(now + BLIND);
                }
            }
        }
    }

    /// Jobs were looked for: the next falls due after `next`; some may have written events.
    pub fn worked(&mut self, (next, wrote): (Option<Duration>, bool), now: Instant) {
        self.work = now + next.unwrap_or(SWEEP).min(SWEEP);
        if wrote {
            self.exchange = self.exchange.min(now + EXCHANGE);
        }
    }

    /// Journal and audit are sealed.
    pub fn sealed(&mut self, now: Instant) {
        self.seal = now + SWEEP;
    }

    /// The front database was visited.
    pub fn exchanged(&mut self, now: Instant) {
        self.exchange = now + SWEEP;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is due in how many seconds (work, seal, exchange) after everything was done and this
    /// was told ten seconds later, each a second after the other.
    #[track_caller]
    fn check(news: &[News], expect: [u64; 3]) {
        let begin = Instant::now();
        let mut due = Due::start(begin, 0);
        due.worked((None, false), begin);
        due.sealed(begin);
        due.exchanged(begin);
        for (second, one) in (10..).zip(news) {
            due.note(*one, begin + Duration::from_secs(second));
        }
        let seconds = |at: Instant| (at - begin).as_secs();
        assert_eq!([due.work, due.seal, due.exchange].map(seconds), expect, "{news:?}");
        assert_eq!(seconds(due.first()), expect.into_iter().min().unwrap_or_default());
    }

    #[test]
    fn without_a_reason_everything_is_swept_every_five_minutes() {
        check(&[], [300, 300, 300]);
    }

    #[test]
    fn what_was_read_is_sealed_and_wakes_nothing_else() {
        check(&[News::Registers], [300, 25, 300]);
        check(&[News::Registers, News::Registers, News::Registers], [300, 25, 300]);
    }

    #[test]
    fn an_event_is_worked_on_at_once_and_published_within_a_minute() {
        check(&[News::Work], [10, 300, 70]);
        check(&[News::Work, News::Work, News::Registers], [11, 27, 70]);
    }

    #[test]
    fn a_visitor_is_served_at_once() {
        check(&[News::Front], [300, 300, 10]);
        check(&[News::Work, News::Front, News::Work], [12, 300, 11]);
    }

    #[test]
    fn who_sees_nothing_looks_everywhere() {
        check(&[News::Blind], [12, 12, 12]);
    }

    #[test]
    fn jobs_say_when_they_fall_due() {
        let now = Instant::now();
        let mut due = Due::start(now, 3);
        assert_eq!(due.first(), now + 3 * PACE);
        due.exchanged(now);
        due.worked((Some(Duration::from_secs(7)), false), now);
        assert_eq!((due.work - now, due.exchange - now), (Duration::from_secs(7), SWEEP));
        due.worked((Some(Duration::MAX), true), now);
        assert_eq!((due.work - now, due.exchange - now), (SWEEP, EXCHANGE));
    }
}
