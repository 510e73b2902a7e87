//! `kumoi plane health`: the health of all environments on one page, for people or a monitor.

use anyhow::Result;
use base::date::day_in_japan;
use cloud::plane::execute::Limits;
use serde_json::json;
use store::control::plane as rows;

/// Shows the health; `false` when somebody has to do something.
pub(super) async fn health(control: &store::Connection, as_json: bool) -> Result<bool> {
    rows::alarm_raise(control, Limits::default().alarm.as_secs_f64()).await?;
    let health = rows::health_read(control).await?;
    if as_json {
        println!("{}", serde_json::to_string_pretty(&in_json(&health))?);
    } else {
        print!("{}", in_words(&health));
    }
    Ok(!health.needs_somebody())
}

fn in_json(health: &rows::Health) -> serde_json::Value {
    let counts = health.counts.iter().map(|it| {
        json!({"provider": it.provider, "kind": it.kind, "state": it.state, "count": it.count})
    });
    let stuck = health.stuck.iter().map(|it| {
        let work = format!("{} {}", it.act, it.part);
        json!({"blueprint": it.blueprint, "environment": it.environment, "work": work,
            "state": it.state, "attempts": it.attempts, "since": it.since.to_string(),
            "reason": it.reason})
    });
    let alarms = health.alarms.iter();
    let alarms = alarms.map(|(at, what)| json!({"since": at.to_string(), "what": what}));
    json!({
        "healthy": !health.needs_somebody(),
        "environments": counts.collect::<Vec<_>>(),
        "steps": {"begun": health.begun, "waiting": health.waiting,
            "oldest": health.stuck.first().map(|it| it.since.to_string())},
        "stuck": stuck.collect::<Vec<_>>(),
        "alarms": alarms.collect::<Vec<_>>(),
    })
}

fn in_words(health: &rows::Health) -> String {
    let mut out = String::new();
    for it in &health.counts {
        out += &format!("{} {} {}: {}\n", it.provider, it.kind, it.state, it.count);
    }
    if health.counts.is_empty() {
        out += "台帳に環境がまだありません\n";
    }
    out += &format!("始めて済んでいない手順 {}、順番待ち {}\n", health.begun, health.waiting);
    for it in &health.stuck {
        let reason = it.reason.as_deref().map(|it| format!("（{it}）")).unwrap_or_default();
        out += &format!(
            "{} {} {}: 青写真 {}、{} から、{} 回目{reason}\n",
            it.state,
            it.environment,
            format_args!("{} {}", it.act, it.part),
            it.blueprint,
            day_in_japan(it.since),
            it.attempts
        );
    }
    for (at, what) in &health.alarms {
        out += &format!("警報 {at} {what}\n");
    }
    out += match health.needs_somebody() {
        true => "人の手が要ります: kumoi plane list、show、apply で確かめてください\n",
        false => "人の手が要るものはありません\n",
    };
    out
}
