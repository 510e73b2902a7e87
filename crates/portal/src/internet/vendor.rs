//! The vendors' part of the internet zone: a vendor's people send signed packages in, read the
//! report of the gate, take offers back, and keep the keys that their packages are checked with;
//! anybody may apply to become a vendor.
//! They reach the database of publishing alone, as their vendor; judging and offering is the
//! executor's.

mod assisted;
mod key;
mod one_time_code;
mod password;
mod registration;
mod rollout;
mod sandbox;
mod submission;
mod tie;

use std::sync::Arc;

use axum::routing::on;
use base::said;
use base::said::Said;
use office::access::role;
use store::market::FILE_BYTES;

use super::InternetState;
use crate::entrance::{People, VENDORS};
use crate::member::{Body, Member, Zone, sign_in};
use crate::route::Access::{Beginning, Open, Renewing, Signed};
use crate::route::Leaves::{Change, Nothing, Opening};
use crate::route::{Access, Page};

/// Who may publish.
const PUBLISHERS: Access = Access::Roles(&[role::PUBLISHER]);
/// The largest application to become a vendor, in bytes.
const APPLICATION: usize = 1 << 14;
/// The largest file that is taken in, and a little for the form around it.
const LARGEST: usize = FILE_BYTES + (1 << 16);

impl Zone for InternetState {
    const NAME: &'static str = "vendor";
    const TITLE: (&'static str, &'static str) = ("事業者の窓口", "Vendors");
    const COOKIE: &'static str = "kumoi_vendor";
    const BASE: &'static str = "/vendors";
    const PEOPLE: &'static People = &VENDORS;
    const RENEWS: bool = true;
    const MENU: &'static [(&'static str, &'static str, &'static str)] = &[
        ("", "提出と公開", "Submissions"),
        ("/publish", "業務システムを提出する", "Send a package in"),
        ("/sandbox", "検証環境", "Sandbox"),
        ("/rollouts", "段階的な配信", "Roll-outs"),
        ("/keys", "検証鍵", "Keys"),
        ("/password", "パスワード", "Password"),
        ("/assisted", "運用管理補助者として", "As an assistant"),
    ];

    fn body(&self, id: &str) -> Option<Arc<Body>> {
        self.vendors.get(id).cloned()
    }

    fn secure(&self) -> bool {
        self.secure_cookies()
    }

    fn bodies(&self) -> Vec<Arc<Body>> {
        self.vendors.values().cloned().collect()
    }

    fn elsewhere() -> Said {
        said!(
            "ワンタイムパスワードの登録をやり直す必要があります。デジタル庁に申し出てください",
            "Your one-time codes must be set up anew: ask the Agency"
        )
    }
}

/// Somebody of a vendor.
type Seller = Member<InternetState>;

/// Whether somebody may send in, withdraw, and keep keys: who may not is shown no form for it.
fn publishes(seller: &Seller) -> bool {
    seller.actor.has(role::PUBLISHER)
}

/// Every page of the vendors' part. What is done leaves its row beside the submission or key.
pub static PAGES: &[Page<InternetState>] = &[
    Page::get("/vendors", Open, Nothing, |f| on(f, sign_in::entrance::<InternetState>)),
    Page::get("/vendors/register", Open, Nothing, |f| on(f, registration::form)),
    Page::post("/vendors/register", Open, Opening, |f| on(f, registration::apply))
        .largest(APPLICATION),
    Page::get("/vendors/register/state", Open, Nothing, |f| on(f, registration::state_form)),
    Page::post("/vendors/register/state", Open, Opening, |f| on(f, registration::state))
        .largest(APPLICATION),
    Page::get("/vendors/{organisation}/sign-in", Open, Nothing, |f| {
        on(f, sign_in::form::<InternetState>)
    }),
    Page::post("/vendors/{organisation}/sign-in", Open, Opening, |f| {
        on(f, sign_in::submit::<InternetState>)
    }),
    Page::post("/vendors/{organisation}/sign-out", Signed, Change, |f| {
        on(f, sign_in::sign_out::<InternetState>)
    }),
    Page::get("/vendors/{organisation}", Signed, Nothing, |f| on(f, submission::all)),
    Page::get("/vendors/{organisation}/publish", PUBLISHERS, Nothing, |f| on(f, submission::form)),
    Page::post("/vendors/{organisation}/publish", PUBLISHERS, Change, |f| on(f, submission::send))
        .largest(LARGEST),
    Page::get("/vendors/{organisation}/submissions/{submission}", Signed, Nothing, |f| {
        on(f, submission::one)
    }),
    Page::post(
        "/vendors/{organisation}/submissions/{submission}/withdraw",
        PUBLISHERS,
        Change,
        |f| on(f, submission::withdraw),
    ),
    Page::post("/vendors/{organisation}/submissions/{submission}/drop", PUBLISHERS, Change, |f| {
        on(f, submission::take_back)
    }),
    Page::get(
        "/vendors/{organisation}/submissions/{submission}/rollout",
        PUBLISHERS,
        Nothing,
        |f| on(f, rollout::form),
    ),
    Page::post(
        "/vendors/{organisation}/submissions/{submission}/rollout",
        PUBLISHERS,
        Change,
        |f| on(f, rollout::ask),
    ),
    Page::get("/vendors/{organisation}/sandbox", Signed, Nothing, |f| on(f, sandbox::all)),
    Page::get("/vendors/{organisation}/sandbox/package", PUBLISHERS, Nothing, |f| {
        on(f, sandbox::form)
    }),
    Page::post("/vendors/{organisation}/sandbox/package", PUBLISHERS, Change, |f| {
        on(f, sandbox::send)
    })
    .largest(LARGEST),
    Page::get("/vendors/{organisation}/sandbox/{step}", PUBLISHERS, Nothing, |f| {
        on(f, sandbox::confirm)
    }),
    Page::post("/vendors/{organisation}/sandbox/{step}", PUBLISHERS, Change, |f| {
        on(f, sandbox::ask)
    }),
    Page::get("/vendors/{organisation}/rollouts", Signed, Nothing, |f| on(f, rollout::all)),
    Page::get("/vendors/{organisation}/rollouts/{rollout}", Signed, Nothing, |f| {
        on(f, rollout::one)
    }),
    Page::post("/vendors/{organisation}/rollouts/{rollout}/resume", PUBLISHERS, Change, |f| {
        on(f, rollout::resume)
    }),
    Page::post("/vendors/{organisation}/rollouts/{rollout}/stop", PUBLISHERS, Change, |f| {
        on(f, rollout::stop)
    }),
    Page::get("/vendors/{organisation}/one-time-code", Beginning, Nothing, |f| {
        on(f, one_time_code::form)
    }),
    Page::post("/vendors/{organisation}/one-time-code", Beginning, Change, |f| {
        on(f, one_time_code::confirm)
    }),
    Page::get("/vendors/{organisation}/password", Renewing, Nothing, |f| on(f, password::form)),
    Page::post("/vendors/{organisation}/password", Renewing, Change, |f| on(f, password::change)),
    Page::get("/vendors/{organisation}/assisted", Signed, Nothing, |f| on(f, assisted::all)),
    Page::get("/vendors/{organisation}/keys", Signed, Nothing, |f| on(f, key::all)),
    Page::post("/vendors/{organisation}/keys", PUBLISHERS, Change, |f| on(f, key::add)),
    Page::post("/vendors/{organisation}/keys/{key}/revoke", PUBLISHERS, Change, |f| {
        on(f, key::revoke)
    }),
];

#[cfg(test)]
mod tests;
