//! 研修環境: the organisation's training copy, asked for by those who contract.

use std::collections::HashMap;

use axum::Form;
use axum::extract::Path;
use axum::response::Response;
use store::control::{contract_list, deletion_own, training_of};
use store::copybook::TRAININGS;

use super::{BUYERS, Buyer};
use crate::copy_page::{self, Around, Kind};
use crate::counter::refusal::Refusal;
use crate::route::Access;

const TRAINING: Kind = Kind {
    books: &TRAININGS,
    below: "/training",
    name: ("研修環境", "Training"),
    lead: (
        "職員が練習するための、この団体の業務システムの写しです。見本の住民だけが入り、団体の住民の記録は一件も入りません。\
         費用はかかりません。",
        "A copy of this organisation's systems for its staff to practise in. Only sample people \
         are in it, never a record of a resident. It costs nothing.",
    ),
    open: ("研修環境を開く", "Open a training copy"),
    refresh: (
        ("いまの契約の版に合わせる", "Bring to the versions contracted now"),
        (
            "契約した業務や版が変わったとき、練習の中身を残したまま入れ替えます。",
            "When contracts have changed: what was practised stays.",
        ),
    ),
    renew: (
        ("研修環境を作り直す", "Make the training copy anew"),
        (
            "研修で入れた届出、証明書、設定はすべて消え、元に戻せません。見本の住民だけの初めの状態になり、いまの契約の版が\
             入ります。サインインしている人は、やり直しになります。",
            "All that was practised (notifications, certificates, settings) is lost for good. It \
             begins again with the sample people, in the versions contracted now. Who is signed in \
             has to sign in again.",
        ),
    ),
    close: (
        ("研修環境を閉じる", "Close the training copy"),
        (
            "研修で入れた届出、証明書、設定はすべて消え、元に戻せません。サインインもできなくなります。団体の業務システムと\
             住民の記録には、何も起きません。後でまた開けます。",
            "All that was practised (notifications, certificates, settings) is lost for good, and \
             nobody can sign in any more. The body's own systems and records are untouched. It can \
             be opened again later.",
        ),
    ),
    who: (
        "求められるのは、管理者、課長、係長です。",
        "An administrator, manager or chief asks for it.",
    ),
};

/// The whole page.
pub async fn all(buyer: Buyer) -> Response {
    let made = async { copy_page::shown(&buyer, &TRAINING, around(&buyer).await?, None).await };
    buyer.answer(made.await)
}

/// Asks before something is lost.
pub async fn confirm(buyer: Buyer, Path((_, step)): Path<(String, String)>) -> Response {
    buyer.answer(copy_page::confirm(&buyer, &TRAINING, &step).await)
}

/// Asks for one thing.
pub async fn ask(
    buyer: Buyer,
    Path((_, step)): Path<(String, String)>,
    Form(entered): Form<HashMap<String, String>>,
) -> Response {
    let made = async {
        training_of(&buyer.body.organisation)?;
        match copy_page::ask(&buyer, (&TRAINING, &step), &entered).await? {
            None => Ok(copy_page::seen(&buyer, &TRAINING)),
            said => {
                let around = around(&buyer).await?;
                copy_page::shown(&buyer, &TRAINING, around, said.as_ref()).await
            }
        }
    };
    buyer.answer(made.await)
}

async fn around(buyer: &Buyer) -> Result<Around<'_>, Refusal> {
    let may = matches!(BUYERS, Access::Roles(roles) if buyer.actor.require(roles).is_ok());
    Ok(Around { may, barred: barred(buyer).await?, more: None })
}

/// Why none can be opened, as the database would say.
async fn barred(buyer: &Buyer) -> Result<Option<&str>, Refusal> {
    let client = buyer.cloud().await?;
    if deletion_own(&*client).await?.is_some() {
        return Ok(Some(buyer.say(
            "消去を求めたため、開くことも作り直すこともできません。",
            "A deletion was asked for: it can be neither opened nor made anew.",
        )));
    }
    let is_served = contract_list(&*client).await?.iter().any(|one| one.state == "提供中");
    Ok((!is_served).then(|| {
        buyer.say(
            "提供中の契約がないため、開けません。契約が提供中になった後に開いてください。",
            "No contract is in service. Open it once one is.",
        )
    }))
}
