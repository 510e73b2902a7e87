//! One decision of the guardrails: allowed and refused requests in turn.

use std::hint::black_box;
use std::time::Instant;

use anyhow::Result;
use base::date::day_in_japan;
use cloud::guardrail::{Actor, Encryption, Guardrails, Request, Resource};
use cloud::plane::environment::Kind;
use cloud::plane::part::Act;

const ROUNDS: usize = 20;
const DECISIONS: usize = 100_000;

/// Nanoseconds a decision, over rounds of many.
pub(super) fn guardrail() -> Result<()> {
    let guardrails = Guardrails::builtin(day_in_japan(jiff::Timestamp::now()))?;
    let good = Request {
        provider: "aws",
        service: "s3",
        act: Act::Make,
        region: Some("ap-northeast-3"),
        kind: Kind::Production,
        reaches: Kind::Production,
        resource: Resource { stores: true, encryption: Encryption::Own, ..Resource::default() },
        actor: Actor { made_by: "first", approved_by: Some("second") },
    };
    let requests = [
        good,
        Request { region: Some("us-east-1"), ..good },
        Request { service: "budgets", region: None, ..good },
        Request { service: "sagemaker", ..good },
        Request { reaches: Kind::Verification, ..good },
        Request { actor: Actor { approved_by: Some("first"), ..good.actor }, ..good },
        Request { resource: Resource { public: true, ..good.resource }, ..good },
        Request { provider: "local", service: "database", region: Some("local-east"), ..good },
    ];
    let mut times: Vec<f64> = Vec::with_capacity(ROUNDS);
    let mut refused = 0;
    for _ in 0..ROUNDS {
        let begin = Instant::now();
        for at in 0..DECISIONS {
            let request = black_box(&requests[at % requests.len()]);
            refused += usize::from(guardrails.judge(request).is_some());
        }
        times.push(begin.elapsed().as_secs_f64() * 1e9 / DECISIONS as f64);
    }
    times.sort_by(f64::total_cmp);
    println!(
        "guardrail decision: median {:.0} ns, slowest of {ROUNDS} rounds {:.0} ns \
         ({DECISIONS} a round, {} rules, {:.1} % refused)",
        times[ROUNDS / 2],
        times[ROUNDS - 1],
        guardrails.rules().len(),
        refused as f64 * 100.0 / (ROUNDS * DECISIONS) as f64
    );
    Ok(())
}
