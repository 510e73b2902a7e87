//! The words of the internet zone. Display texts of the view go in as they are.

mod own;

use maud::{Markup, html};
use store::organisation::Organisation;

use super::home::Standing;
use super::scene::Scene;
use super::session::Resident;
use crate::component::form::{ButtonKind, button_link};
use crate::component::language::{Language, pick};
use crate::component::notice::{Notice, Tone, notice};
use crate::component::page::{Layout, NavigationItem, Page, UserBox, section};

const SERVICE: &str = "雲居 住民ページ";
const SERVICE_EN: &str = "Kumoi for residents";

/// Which page of the own record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// 自分の記録.
    Record,
    /// お知らせ.
    Notices,
    /// 誰が見たか.
    Looks,
}

/// What went wrong, for the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The authenticator does not answer.
    Authenticator,
    /// What it said cannot be believed.
    Identity,
    /// The attempt is over or of another browser.
    Attempt,
    /// The resident gave up.
    Cancelled,
    /// A form from elsewhere.
    Forged,
    /// Our own failure.
    Service,
}

/// The name of an organisation in the reader's language.
fn name(language: Language, organisation: &Organisation) -> &str {
    pick(language, &organisation.name, &organisation.name_en)
}

/// Who is here.
pub fn entrance(language: Language, sample: bool, places: &[&Organisation]) -> Markup {
    let content = html! {
        p { (pick(language,
            "お住まいの市区町村が持つご自分の記録を確かめるページです。お知らせと、記録を見た職員の\
             役割と目的も確かめられます。",
            "See what your municipality records about you, its notices to you, and in which role \
             and for which purpose officials looked at your record.")) }
        p { (pick(language,
            "ログインにはマイナンバーカードを使います。パスワードはありません。",
            "You sign in with your Individual Number Card. There is no password.")) }
        (section(pick(language, "市区町村を選ぶ", "Choose your municipality"), html! {
            @if places.is_empty() {
                p { (pick(language, "利用できる市区町村はまだありません。",
                    "No municipality is open here yet.")) }
            }
            ul { @for place in places {
                li { a href={ "/" (place.id) "/" } { (name(language, place)) } }
            } }
        }))
    };
    let title = pick(language, "住民の入口", "Entrance for residents");
    plain(language, sample, title, content)
}

/// 404.
pub fn not_found(language: Language, sample: bool) -> Markup {
    let content = html! {
        p { (pick(language,
            "アドレスに誤りがないか確かめて、最初のページからやり直してください。",
            "Check the address, or start again from the first page.")) }
        p { a href="/" { (pick(language, "最初のページへ", "First page")) } }
    };
    let title = pick(language, "ページが見つかりません", "Page not found");
    plain(language, sample, title, content)
}

fn plain(language: Language, sample: bool, title: &str, content: Markup) -> Markup {
    let other = language_href(language);
    let page = Page {
        sample,
        layout: Layout::Resident,
        language_href: &other,
        ..Page::new(language, pick(language, SERVICE, SERVICE_EN), title, content)
    };
    page.render()
}

fn language_href(language: Language) -> String {
    format!("?lang={}", language.other().tag())
}

/// A page of an organisation.
fn framed(scene: &Scene, title: &str, user: Option<&Resident>, shown: Body<'_>) -> Markup {
    let language = scene.visit.language;
    let organisation = &scene.place.organisation;
    let (home, sign_out) = (scene.address(""), scene.address("sign-out"));
    let csrf = user.map(Resident::csrf).unwrap_or_default();
    let links: Vec<(Shown, String)> =
        [(Shown::Record, "home"), (Shown::Notices, "notices"), (Shown::Looks, "looks")]
            .map(|(page, below)| (page, scene.address(below)))
            .into();
    let mut navigation = Vec::new();
    if let Some(current) = shown.current {
        for (page, href) in &links {
            let label = heading(language, *page);
            navigation.push(NavigationItem { href, label, current: *page == current });
        }
    }
    let page = Page {
        home: &home,
        zone: pick(language, "住民", "Residents"),
        sample: organisation.sample,
        language_href: shown.language_href,
        layout: Layout::Resident,
        user: user.map(|resident| UserBox {
            name: &resident.content.name,
            role: "",
            sign_out: &sign_out,
            csrf: &csrf,
        }),
        navigation,
        ..Page::new(language, name(language, organisation), title, shown.content)
    };
    page.render()
}

struct Body<'a> {
    content: Markup,
    current: Option<Shown>,
    language_href: &'a str,
}

fn heading(language: Language, shown: Shown) -> &'static str {
    match shown {
        Shown::Record => pick(language, "自分の記録", "My record"),
        Shown::Notices => pick(language, "お知らせ", "Notices"),
        Shown::Looks => pick(language, "誰が見たか", "Who looked"),
    }
}

/// The page with the button.
pub fn door(scene: &Scene) -> Markup {
    let language = scene.visit.language;
    let content = html! {
        p { (pick(language,
            "マイナンバーカードで本人確認をします。カードの氏名・住所・生年月日・性別を、この団体の\
             記録と照合します。個人番号（マイナンバー）は使いません。",
            "You prove who you are with your Individual Number Card. Its name, address, date of \
             birth and sex are matched with the record here. Your Individual Number is not \
             used.")) }
        p { (button_link(
            ButtonKind::Primary,
            pick(language, "カードでログイン", "Sign in with your card"),
            &scene.address("sign-in"),
        )) }
        p { (pick(language,
            "共用の端末では、終わったら必ずログアウトしてください。30分で自動的にログアウトします。",
            "On a shared device, sign out when you are done. You are signed out after 30 \
             minutes.")) }
    };
    let href = language_href(language);
    let body = Body { content, current: None, language_href: &href };
    framed(scene, pick(language, "ログイン", "Sign in"), None, body)
}

/// What went wrong and what to do.
pub fn trouble(scene: &Scene, trouble: Trouble) -> Markup {
    let language = scene.visit.language;
    let (title, body) = trouble_words(language, trouble);
    let content = html! {
        p { (body) }
        p { a href=(scene.address("")) { (pick(language, "ログインのページへ", "Back to sign-in")) } }
    };
    framed(scene, title, None, Body { content, current: None, language_href: "" })
}

fn trouble_words(language: Language, trouble: Trouble) -> (&'static str, &'static str) {
    let (ja, en) = match trouble {
        Trouble::Authenticator => (
            ("認証サービスに接続できません", "しばらく待ってから、もう一度ログインしてください。"),
            ("The authenticator does not answer", "Please wait a little and sign in again."),
        ),
        Trouble::Identity => (
            (
                "本人確認の結果を確認できませんでした",
                "ログインはしていません。もう一度、最初からやり直してください。",
            ),
            ("Your identity could not be confirmed", "You are not signed in. Start again."),
        ),
        Trouble::Attempt => (
            (
                "ログインの手続が途中で切れました",
                "時間がたったか、別のブラウザで開かれました。もう一度ログインしてください。",
            ),
            (
                "The sign-in was interrupted",
                "It took too long or was opened in another browser. Sign in again.",
            ),
        ),
        Trouble::Cancelled => (
            (
                "ログインを取りやめました",
                "ログインはしていません。必要なときにやり直してください。",
            ),
            ("You did not sign in", "Nothing has happened. Sign in when you wish."),
        ),
        Trouble::Forged => (
            (
                "送信を受け付けられません",
                "このページから送信されたものか確認できません。ページを開き直してください。",
            ),
            ("Not accepted", "The form was not sent from this page. Open the page again."),
        ),
        Trouble::Service => (
            ("ただいま利用できません", "しばらく待ってから、もう一度お試しください。"),
            ("Not available now", "Please wait a little and try again."),
        ),
    };
    match language {
        Language::Japanese => ja,
        Language::English => en,
    }
}

/// A page of a signed-in resident.
pub fn home(scene: &Scene, resident: &Resident, standing: &Standing, shown: Shown) -> Markup {
    let language = scene.visit.language;
    let href = language_href(language);
    let body = |content, current| Body { content, current, language_href: &href };
    match standing {
        Standing::Linked(view, published_at) => {
            let content = own::linked(language, view, *published_at, shown);
            let title = heading(language, shown);
            framed(scene, title, Some(resident), body(content, Some(shown)))
        }
        other => {
            let (title, tone, words) = standing_words(language, other);
            let told = Notice { body: words, ..Notice::new(tone, title) };
            let content = html! {
                (notice(language, &told))
                @if matches!(other, Standing::Waiting) {
                    p { a href=(scene.address("home")) {
                        (pick(language, "もう一度確かめる", "Check again"))
                    } }
                }
            };
            let title = pick(language, "記録との照合", "Matching your record");
            framed(scene, title, Some(resident), body(content, None))
        }
    }
}

fn standing_words(language: Language, standing: &Standing) -> (&'static str, Tone, &'static str) {
    match standing {
        Standing::Matching => (
            pick(language, "職員が照合しています", "A clerk is matching your record"),
            Tone::Information,
            pick(
                language,
                "カードの内容と記録に違いがあるため、職員が確認しています。数日後にもう一度ログイン\
                 してください。",
                "Card and record differ in part, so a clerk is looking. Sign in again in a few \
                 days.",
            ),
        ),
        Standing::Mismatch => (
            pick(language, "一致する記録がありません", "No record agrees with your card"),
            Tone::Warning,
            pick(
                language,
                "この団体にお住まいの場合は、カードの住所が新しいか確かめて窓口にお問い合わせ\
                 ください。",
                "If you live here, check that your card shows your present address and ask at the \
                 counter.",
            ),
        ),
        Standing::Ended => (
            pick(language, "記録は終了しています", "The record is closed"),
            Tone::Information,
            pick(
                language,
                "この団体の記録は閉じられています。",
                "The record here was closed, for example because you moved away.",
            ),
        ),
        Standing::Waiting | Standing::Linked(..) => (
            pick(language, "記録と照合しています", "Matching your record"),
            Tone::Information,
            pick(
                language,
                "数秒かかります。このページは自動で更新されます。",
                "This takes a few seconds. The page reloads by itself.",
            ),
        ),
    }
}
