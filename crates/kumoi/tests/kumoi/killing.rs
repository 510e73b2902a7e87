//! Killing a command of `kumoi` with SIGKILL at random moments: how often, when, whether it hit.

use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// So many times in a row a command is killed before it may end.
const IN_A_ROW: u32 = 6;

/// How many kills a test asks for: three, or a hundred when `KUMOI_SOAK` is set; a number above one
/// says how many.
pub fn wanted() -> u32 {
    let soak = std::env::var("KUMOI_SOAK").ok();
    soak.map_or(3, |text| text.parse().ok().filter(|count| *count > 1).unwrap_or(100))
}

/// Numbers that differ from run to run, and what was killed so far.
pub struct Random {
    state: u64,
    /// How often a command was started.
    pub started: u32,
    /// How often a kill hit a running process.
    pub killed: u32,
}

impl Random {
    pub fn new() -> Random {
        Random { state: u64::from(std::process::id()), started: 0, killed: 0 }
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % bound
    }

    /// Runs a command again and again until it ends by itself; `longest` (milliseconds) is the
    /// longest that it is left alone before it is killed. Whoever was killed when all was done has
    /// nothing left to do and says `done`.
    #[track_caller]
    pub fn run(&mut self, longest: u64, done: &str, mut command: impl FnMut() -> Command) {
        for round in 0.. {
            let mut child = command()
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
                .expect("kumoi starts");
            self.started += 1;
            if round < IN_A_ROW && self.below(5) > 0 {
                std::thread::sleep(Duration::from_millis(self.below(longest)));
                // It may have ended just before.
                let _ = child.kill();
            }
            let output: Output = child.wait_with_output().expect("it ends");
            let said = String::from_utf8_lossy(&output.stderr);
            if output.status.success() || round > 0 && said.contains(done) {
                return;
            }
            assert_eq!(output.status.signal(), Some(libc::SIGKILL), "{:?}: {said}", command());
            self.killed += 1;
        }
    }
}
