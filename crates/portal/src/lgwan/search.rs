//! The catalogue: a search over every offer in force by words, items, business, price and state,
//! page by page. A question stands in the address: it holds nothing personal. Nothing is changed.

use axum::extract::Query;
use axum::response::Response;
use base::money::Yen;
use maud::{Markup, html};
use serde::{Deserialize, Serialize};
use store::control::{Asked, Found, MOST_FOUND, business_list, offer_search};

use super::Buyer;
use super::catalogue::residents;
use super::contract::{STATES, word};
use crate::component::form::{
    ButtonKind, Choice, Field, FieldError, Width, button, error_summary, get_form, number, select,
    text,
};
use crate::component::language::pick;
use crate::component::table::{Cell, Column, Pages, Row, Table, pagination, table};
use crate::counter::refusal::Refusal;

/// How many offers a page shows.
const SHOWN: usize = 20;
/// The greatest number that may be asked for.
const GREATEST: i64 = 1_000_000_000_000;

/// What was entered, as it stands in the address.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Entered {
    text: String,
    item: String,
    business: String,
    from: String,
    to: String,
    residents: String,
    conforms: String,
    contract: String,
    page: String,
}

/// The offers that meet what is asked; all of them at first.
pub async fn all(buyer: Buyer, Query(entered): Query<Entered>) -> Response {
    buyer.answer(listed(&buyer, &entered).await)
}

/// A number as people write it; `None` for anything else, nothing for nothing.
pub(super) fn amount(text: &str) -> Option<Option<i64>> {
    let plain: String = text
        .trim()
        .chars()
        .filter(|sign| !matches!(sign, ',' | '，' | '円' | '人' | ' ' | '　'))
        .map(|sign| match sign {
            '０'..='９' => char::from_u32(u32::from(sign) - 0xFEE0).unwrap_or(sign),
            _ => sign,
        })
        .collect();
    if plain.is_empty() {
        return Some(None);
    }
    let digits = plain.bytes().all(|byte| byte.is_ascii_digit());
    let parsed = plain.parse().ok().filter(|number| digits && *number <= GREATEST);
    parsed.map(Some)
}

async fn listed(buyer: &Buyer, entered: &Entered) -> Result<Response, Refusal> {
    let wrong = buyer.say("0から1兆までの整数で入れてください", "Enter a whole number");
    let mut errors = Vec::new();
    let mut read = |field: &'static str, text: &str| match amount(text) {
        Some(number) => number,
        None => {
            errors.push(FieldError { field, message: wrong });
            None
        }
    };
    let yen = (read("from", &entered.from), read("to", &entered.to));
    let entered_residents = read("residents", &entered.residents);
    // Where no number is entered, the own one counts.
    let people = match entered_residents {
        Some(number) => Some(number),
        None => residents(buyer).await?,
    };
    // A month's price is for a number of people: without one every price would be the base alone.
    let is_priced = yen.0.is_some() || yen.1.is_some();
    if is_priced && people.is_none() && errors.iter().all(|one| one.field != "residents") {
        errors.push(FieldError {
            field: "residents",
            message: buyer.say(
                "月額で探すには、住民の数を入れてください（まだ計った日がありません）",
                "Enter the number of residents to search by price: none was metered yet",
            ),
        });
    }
    let asked = Asked {
        text: &entered.text,
        item: &entered.item,
        system: &entered.business,
        yen,
        residents: people.unwrap_or_default(),
        conforms: match entered.conforms.as_str() {
            "yes" => Some(Some(true)),
            "no" => Some(Some(false)),
            "waiting" => Some(None),
            _ => None,
        },
        contracted: match entered.contract.as_str() {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        },
    };
    let client = buyer.cloud().await?;
    let businesses = business_list(&*client).await?;
    let (found, cut) = match errors.is_empty() {
        true => offer_search(&*client, &asked, buyer.actor.today()).await?,
        false => (Vec::new(), false),
    };
    let content = html! {
        (error_summary(buyer.language, &errors))
        (form(buyer, (entered, people), &businesses, &errors))
        @if errors.is_empty() { (results(buyer, (entered, people), (&found, cut))) }
    };
    Ok(buyer.page(buyer.say("カタログ", "Catalogue"), Vec::new(), content))
}

fn form(
    buyer: &Buyer,
    (entered, people): (&Entered, Option<i64>),
    businesses: &[(String, String, String)],
    errors: &[FieldError<'_>],
) -> Markup {
    let language = buyer.language;
    let say = |ja, en| buyer.say(ja, en);
    let field = |name, ja, en| Field::new(language, name, pick(language, ja, en));
    let wrong = |name: &str| errors.iter().find(|one| one.field == name).map(|one| one.message);
    let names: Vec<Choice<'_>> = businesses
        .iter()
        .map(|(id, name, name_en)| match name_en.as_str() {
            "" => Choice::recorded(id, name),
            english => Choice::new(id, pick(language, name, english)),
        })
        .collect();
    let conforms = [
        Choice::new("yes", say("適合", "Conforms")),
        Choice::new("no", say("不適合", "Does not conform")),
        Choice::new("waiting", say("審査中", "Being checked")),
    ];
    let contracts = [
        Choice::new("yes", say("契約のある業務", "Business under contract")),
        Choice::new("no", say("契約のない業務", "Business without contract")),
    ];
    let whole = say("すべて", "All");
    let residents = match entered.residents.as_str() {
        "" => people.map(|number| number.to_string()).unwrap_or_default(),
        entered => entered.to_owned(),
    };
    let amounts = [("from", "月額（から）", "A month from"), ("to", "月額（まで）", "A month to")];
    let values = [entered.from.as_str(), entered.to.as_str()];
    let mut row: Vec<Markup> = amounts
        .iter()
        .zip(values)
        .map(|((name, ja, en), value)| {
            let one = field(name, ja, en).value(value).width(Width::Medium).error(wrong(name));
            number(&one, say("円", "yen"))
        })
        .collect();
    let size = field("residents", "住民の数", "Residents").value(&residents);
    row.push(number(&size.width(Width::Medium).error(wrong("residents")), say("人", "")));
    let words = field("text", "業務・事業者の名前", "Names of business or vendor");
    let item = field("item", "項目の名前か番号、手続の名前", "Item or procedure");
    let business = field("business", "業務", "Business").value(&entered.business);
    let state = field("conforms", "適合性", "Conformity").value(&entered.conforms);
    let contract = field("contract", "この団体の契約", "Own contract").value(&entered.contract);
    get_form(
        say("カタログの検索", "Search the catalogue"),
        &buyer.href("/catalogue"),
        html! {
            (text(&words.value(&entered.text)))
            (text(&item.value(&entered.item)))
            (select(&business.empty_choice(whole), &names))
            (select(&state.empty_choice(whole), &conforms))
            (select(&contract.empty_choice(whole), &contracts))
            @for one in &row { (one) }
            (button(ButtonKind::Primary, say("検索する", "Search")))
        },
    )
}

fn results(
    buyer: &Buyer,
    (entered, people): (&Entered, Option<i64>),
    (found, cut): (&[Found], bool),
) -> Markup {
    let count = found.len().div_ceil(SHOWN).max(1);
    let current = entered.page.parse::<usize>().unwrap_or(1).clamp(1, count);
    let shown = &found[(current - 1) * SHOWN..found.len().min(current * SHOWN)];
    let pages = |number: usize| u64::try_from(number).unwrap_or_default();
    let pages = Pages { current: pages(current), count: pages(count), rows: pages(found.len()) };
    html! {
        @if found.len() == MOST_FOUND {
            p { (buyer.say("500件を超えるため、初めの500件です。条件を足してください。",
                "These are the first 500. Ask for less.")) }
        }
        @if cut {
            p { (buyer.say("項目の言葉が多くの名前に当たるため、短い名前の16までを調べました。\
                言葉を足してください。", "Many items have this word: only the 16 shortest were looked \
                for. Enter more of the name.")) }
        }
        (offers(buyer, shown, (people, found.len())))
        (pagination(buyer.language, pages, &|number| address(buyer, entered, number)))
    }
}

/// The address of a page of the same question.
fn address(buyer: &Buyer, entered: &Entered, page: u64) -> String {
    let asked = Entered { page: page.to_string(), ..entered.clone() };
    let pairs = [
        ("text", &asked.text),
        ("item", &asked.item),
        ("business", &asked.business),
        ("from", &asked.from),
        ("to", &asked.to),
        ("residents", &asked.residents),
        ("conforms", &asked.conforms),
        ("contract", &asked.contract),
        ("page", &asked.page),
    ];
    let said = pairs.iter().filter(|(_, value)| !value.is_empty());
    let url = reqwest::Url::parse_with_params("http://x/", said);
    let query = url.ok().and_then(|url| url.query().map(str::to_owned)).unwrap_or_default();
    buyer.href(&format!("/catalogue?{query}"))
}

fn offers(buyer: &Buyer, shown: &[Found], (people, all): (Option<i64>, usize)) -> Markup {
    let lines: Vec<[String; 4]> = shown
        .iter()
        .map(|one| {
            let href = buyer.href(&format!("/catalogue/{}", one.system));
            let name = match one.name_en.as_str() {
                "" => one.name.as_str(),
                english => pick(buyer.language, &one.name, english),
            };
            let month = match (one.price, people) {
                (Some((base, each)), Some(people)) => {
                    Yen(base.saturating_add(each.saturating_mul(people))).grouped()
                }
                (Some((base, each)), None) => {
                    format!("{} ＋ {each} × ", Yen(base).grouped()) + buyer.say("住民", "residents")
                }
                (None, _) => buyer.say("―", "–").to_owned(),
            };
            let state = one.contract.as_deref().map(|state| word(buyer, &STATES, state));
            [href, name.to_owned(), month, state.unwrap_or_default().to_owned()]
        })
        .collect();
    let rows = shown
        .iter()
        .zip(&lines)
        .map(|(one, [href, name, month, state])| Row {
            href: Some(href),
            cells: vec![
                Cell::Text(name),
                Cell::Japanese(&one.vendor),
                Cell::Text(&one.version),
                Cell::Text(month),
                Cell::Text(match one.conforms {
                    Some(true) => buyer.say("適合", "Conforms"),
                    Some(false) => buyer.say("不適合", "Does not conform"),
                    None => buyer.say("審査中", "Being checked"),
                }),
                Cell::Text(state),
            ],
        })
        .collect();
    let caption = match people {
        Some(people) => format!(
            "{}（{all}）",
            buyer.say("申出と、住民", "Offers, a month for residents: ").to_owned()
                + &Yen(people).grouped()
                + buyer.say("人の月額", "")
        ),
        None => format!("{}（{all}）", buyer.say("申出", "Offers")),
    };
    table(&Table {
        caption: &caption,
        columns: vec![
            Column::text(buyer.say("業務", "Business")),
            Column::text(buyer.say("事業者", "Vendor")),
            Column::text(buyer.say("版", "Version")),
            Column::number(buyer.say("月額（円、税別）", "A month (yen, without tax)")),
            Column::text(buyer.say("適合性", "Conformity")),
            Column::text(buyer.say("この団体の契約", "Own contract")),
        ],
        rows,
        empty: buyer.say(
            "この条件に当たる申出はありません。条件を減らしてください。",
            "No offer meets this. Ask for less.",
        ),
        stacked: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        for (text, expected) in [
            ("", Some(None)),
            ("　", Some(None)),
            ("120,000", Some(Some(120_000))),
            ("１２万", None),
            ("１２０，０００円", Some(Some(120_000))),
            ("-1", None),
            ("1000000000001", None),
        ] {
            assert_eq!(amount(text), expected, "{text}");
        }
    }
}
