//! Runs the worked examples of a package, and no longer than a limit: their formulas come from
//! outside. Opens no database.

use std::time::{Duration, Instant};

use definition::System;

/// How long the examples of a package may take together: those of an honest one take a moment.
const EXAMPLES: Duration = Duration::from_secs(30);

/// The outcome of the worked examples of a package, which the caller has run.
#[derive(Clone, Debug, Default)]
pub struct Examples {
    /// Examples that decide otherwise than they say: file and title.
    pub differing: Vec<(String, String)>,
    /// Why they could not be run at all.
    pub broken: Option<String>,
}

impl Examples {
    /// Runs the examples of a package, for half a minute at most.
    pub fn run(system: &System) -> Examples {
        let begin = Instant::now();
        let mut differing = Vec::new();
        for example in &system.examples {
            match office::example::decide(system, example) {
                Ok(found) if found.trim_end() == example.decision.trim_end() => {}
                Ok(_) => differing.push((example.file.clone(), example.title.clone())),
                Err(error) => return Examples { differing, broken: Some(error.to_string()) },
            }
            if begin.elapsed() > EXAMPLES {
                let why = format!("計算が {} 秒で終わらない", EXAMPLES.as_secs());
                return Examples { differing, broken: Some(why) };
            }
        }
        Examples { differing, broken: None }
    }
}
