//! How a contract stands and what to do next, in plain words. Nothing is changed here.

use store::control::{Act, Contract};

use crate::component::day::day_text;
use crate::component::notice::Tone;
use crate::lgwan::Buyer;

/// A contract with all that stands around it.
pub(super) struct Scene {
    pub(super) contract: Contract,
    pub(super) acts: Vec<Act>,
    /// The digest of the report that it may be confirmed by; `None` where there is no such report.
    pub(super) report: Option<String>,
    /// How far the organisation's 消去 has come.
    pub(super) deletion: Option<String>,
    /// Names of the systems in service that rely on this one.
    pub(super) relying: Vec<String>,
    /// The contract that waits to take its place.
    pub(super) waiting: Option<i64>,
}

impl Scene {
    /// Why the platform could not open it, where that is its last word.
    pub(super) fn refusal(&self) -> Option<&str> {
        let last = self.acts.last().filter(|_| self.contract.state == "締結")?;
        (last.act == cloud::REFUSED).then_some(last.note.as_str())
    }

    /// 移行中: the records go over, or have; the contract cannot be withdrawn then.
    pub(super) fn is_moving(&self) -> bool {
        let mut marks = self.acts.iter().filter(|one| ["移行中", "移行待ち"].contains(&&*one.act));
        ["締結", "移行待ち"].contains(&self.contract.state.as_str())
            && marks.next_back().is_some_and(|one| one.act == "移行中")
    }
}

/// What the reader should know.
pub(super) struct Standing {
    pub(super) tone: Tone,
    pub(super) heading: String,
    pub(super) body: String,
}

fn told(tone: Tone, heading: &str, body: &str) -> Standing {
    Standing { tone, heading: heading.to_owned(), body: body.to_owned() }
}

/// What the reader should know of a contract now.
pub(super) fn standing(buyer: &Buyer, scene: &Scene) -> Vec<Standing> {
    match scene.contract.state.as_str() {
        "起案" | "決裁済" => unsigned(buyer, scene).into_iter().collect(),
        "締結" => vec![signed(buyer, scene)],
        "移行待ち" => vec![changing(buyer, scene)],
        "提供中" => {
            let replaced = scene.waiting.map(|id| {
                let ja = format!("契約 {id} に替わるのを待っています");
                let en = format!("Contract {id} waits to take its place");
                let body = buyer.say(
                    "記録を移し終えるまで、このシステムを使い続けます。",
                    "Until the records have gone over this system stays in service.",
                );
                told(Tone::Information, buyer.say(&ja, &en), body)
            });
            ending(buyer, scene).into_iter().chain(replaced).collect()
        }
        "終了" => vec![over(buyer, scene)],
        _ => Vec::new(),
    }
}

/// An offer that can be decided on no more, or not yet.
fn unsigned(buyer: &Buyer, scene: &Scene) -> Option<Standing> {
    let offer = &scene.contract.offer;
    let (tone, heading, body) = match (offer.withdrawn_at, offer.conforms, offer.replaced_at) {
        (Some(_), ..) => (
            Tone::Warning,
            buyer.say("事業者がこの申出を取り下げました", "The vendor has withdrawn this offer"),
            buyer.say(
                "決裁も締結もできません。取り下げて、カタログから選び直してください。",
                "It can be neither decided nor signed. Withdraw it and choose again.",
            ),
        ),
        (None, Some(false), _) => (
            Tone::Warning,
            buyer.say("この申出は適合していません", "This offer does not conform"),
            buyer.say(
                "決裁も締結もできません。取り下げて、カタログから選び直してください。",
                "It can be neither decided nor signed. Withdraw it and choose again.",
            ),
        ),
        (None, None, _) => (
            Tone::Information,
            buyer.say("適合性を審査しています", "Conformity is being checked"),
            buyer.say(
                "決裁は、適合と判定されてからです。",
                "It can be decided once it is found conforming.",
            ),
        ),
        (None, Some(true), Some(_)) => (
            Tone::Information,
            buyer.say("事業者は新しい版を公開しています", "The vendor offers a newer version"),
            buyer.say(
                "この版のまま決裁と締結ができます。新しい版にするときは、取り下げて起案し直してください。",
                "This version can still be decided and signed. For the newer one withdraw this and \
                 draft anew.",
            ),
        ),
        (None, Some(true), None) => return None,
    };
    Some(told(tone, heading, body))
}

fn signed(buyer: &Buyer, scene: &Scene) -> Standing {
    if scene.is_moving() {
        let body = buyer.say(
            "記録を新しい製品に移しています。基盤の担当が終えると、この契約が提供中になります。それまでは\
             取り下げられません（戻すときは基盤の担当に頼んでください）。",
            "The records are going over to the new package. When the platform's operators end it, \
             this contract is in service. Until then it cannot be withdrawn; ask the operators to \
             go back.",
        );
        let heading = buyer.say("事業者の変更の途中です", "The change of vendor is under way");
        return told(Tone::Information, heading, body);
    }
    match scene.refusal() {
        None => told(
            Tone::Information,
            buyer.say(
                "締結しました。環境を開いています。数秒後にこの頁を開き直してください。",
                "Signed. The system is being opened; look again in a few seconds.",
            ),
            "",
        ),
        Some(why) => {
            let ja = format!(
                "理由: {why}。もう一度試すか、事業者と話したうえで理由を付けて取り下げてください。\
                 いま使っているシステムは変わっていません。"
            );
            let en = format!(
                "Why: “{why}”. Try again, or withdraw it with a reason after talking to the vendor. \
                 What is in service has not changed."
            );
            let heading = buyer.say("提供を始められません", "It cannot be brought into service");
            told(Tone::Warning, heading, buyer.say(&ja, &en))
        }
    }
}

fn changing(buyer: &Buyer, scene: &Scene) -> Standing {
    let old = scene.contract.draft.replaces.unwrap_or_default();
    let (own, id) = (&buyer.body.organisation.id, scene.contract.id);
    if scene.is_moving() {
        let ja = format!(
            "契約 {old} の記録を移し、新しい製品で動いています。基盤の担当が終えると、契約 {old} が終わり、この契約が\
             提供中になります。それまでは取り下げられません（戻すときは基盤の担当に頼んでください）。"
        );
        let en = format!(
            "The records of contract {old} have gone over to the new package. When the platform's \
             operators end it, contract {old} ends and this one is in service. Until then it \
             cannot be withdrawn; ask the operators to go back."
        );
        let heading = buyer.say("事業者の変更の途中です", "The change of vendor is under way");
        return told(Tone::Information, heading, buyer.say(&ja, &en));
    }
    let ja = format!(
        "契約 {old} の記録を標準の項目で移します。移し終えると、契約 {old} が終わり、この契約が提供中になります。\
         それまでは契約 {old} のシステムを使い続けます。移す作業は基盤の担当が行います\
         （kumoi vendor-change --organisation {own} --contract {id}）。やめるときは、理由を付けて取り下げてください。"
    );
    let en = format!(
        "The records of contract {old} go over by the items of the standard. Then contract {old} \
         ends and this one is in service; until then the system of contract {old} is used. The \
         platform's operators do it (kumoi vendor-change --organisation {own} --contract {id}). To \
         give it up, withdraw it with a reason."
    );
    let heading = buyer.say("事業者の変更を待っています", "Waiting for the change of vendor");
    told(Tone::Information, heading, buyer.say(&ja, &en))
}

fn ending(buyer: &Buyer, scene: &Scene) -> Option<Standing> {
    let ending = scene.contract.ending.as_ref()?;
    let day = day_text(buyer.language, ending.on);
    let (tone, ja, en, body) = match &ending.decided {
        None => (
            Tone::Information,
            format!("終了の申出が決裁を待っています（終了日 {day}）"),
            format!("An end after {day} waits for its decision"),
            buyer.say(
                "決裁は、申し出た人とは別の人がします。決裁されるまで、何も変わりません。",
                "Somebody else than who asked for it decides. Until then nothing changes.",
            ),
        ),
        Some(_) => (
            Tone::Warning,
            format!("{day}まで提供します"),
            format!("In service until {day}"),
            buyer.say(
                "その翌日から画面で使えなくなります。記録は、全部を書き出し、消去を決めるまで残ります。\
                 終了日までは取り消せます。",
                "From the day after it is served no more. The records stay until everything was \
                 exported and the deletion decided. It can be called off until that day.",
            ),
        ),
    };
    Some(told(tone, buyer.say(&ja, &en), body))
}

/// A contract that is over: where its records are, and what to do next.
fn over(buyer: &Buyer, scene: &Scene) -> Standing {
    let own = &buyer.body.organisation.id;
    let (ja, en) = match scene.deletion.as_deref() {
        None => (
            format!(
                "記録は、替わった契約に移ったか、団体のデータベースに残っています。次にすること: ①全部を書き出す\
                 （kumoi export --organisation {own} --to フォルダ）。②団体のすべての業務を終えるときは、\
                 最後の書き出し（kumoi export --final）をして、二人で消去を決める（kumoi delete）。\
                 ほかの業務の契約が続く間は、この業務の記録もそのまま残ります。"
            ),
            format!(
                "The records have gone over to the contract that took its place, or stay in the \
                 organisation's database. Next: (1) export everything (kumoi export \
                 --organisation {own} --to FOLDER); (2) when all businesses end, take the last \
                 export (kumoi export --final) and let two people decide the deletion (kumoi \
                 delete). While contracts for other businesses go on, these records stay too."
            ),
        ),
        Some("凍結") => (
            "団体は凍結されました。最後の書き出し（kumoi export --final）を取り、確かめてください。".to_owned(),
            "The organisation is frozen. Take the last export (kumoi export --final) and check it."
                .to_owned(),
        ),
        Some("書出し済") => (
            "最後の書き出しが済みました。書き出しを確かめてから、消去（kumoi delete）をしてください。".to_owned(),
            "The last export was taken. Check it, then delete (kumoi delete).".to_owned(),
        ),
        Some(_) => (
            "消去が進んでいます。終わると、署名した記録が残ります。".to_owned(),
            "The deletion is under way. A signed record of it will stay.".to_owned(),
        ),
    };
    let heading = buyer.say(
        "この契約は終わりました。画面では使えません",
        "This contract is over. Its system is served no more",
    );
    told(Tone::Information, heading, buyer.say(&ja, &en))
}
