//! 入札の結果: what is typed of a tender, a line a bidder, and how it is shown.

use base::money::Yen;
use base::said;
use base::said::Said;
use maud::Markup;
use store::control::Bid;

use super::word;
use crate::component::table::{Cell, Column, Row, Table, table};
use crate::lgwan::Buyer;

/// What may come of an offer: as recorded, and in English.
const RESULTS: [(&str, &str); 4] =
    [("落札", "Won"), ("不落", "Not chosen"), ("失格", "Disqualified"), ("辞退", "Declined")];
/// The most bidders.
const MOST: usize = 100;
/// The longest name of a bidder, as the database keeps it.
const LONGEST: usize = 200;

/// Reads `名称、金額、結果`, a line each; commas and tabs divide as well.
///
/// # Errors
/// What is wrong in which line, and what to write.
pub fn read(text: &str) -> Result<Vec<Bid>, Said> {
    let mut all: Vec<Bid> = Vec::new();
    for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.trim().is_empty()) {
        let bid =
            one(text).map_err(|Said { ja, en }| said!("{line}行目: {ja}", "line {line}: {en}"))?;
        let twice = bid.result == RESULTS[0].0 && all.iter().any(|it| it.result == bid.result);
        if twice || all.len() == MOST {
            return Err(said!(
                "{line}行目: 落札は一者だけ、入札者は100者までです",
                "line {line}: one wins, and there are at most 100 bidders"
            ));
        }
        all.push(bid);
    }
    if all.iter().all(|it| it.result != RESULTS[0].0) {
        return Err(said!(
            "落札した者がいません。一行に一者、「名称、金額、結果」を入れてください（例: 見本情報、1,200,000、落札）",
            "Nobody won. Enter a line for each bidder: name, yen, result (落札, 不落, 失格, 辞退)"
        ));
    }
    Ok(all)
}

fn one(text: &str) -> Result<Bid, Said> {
    let sign = ['\t', '、', '，', ','].into_iter().find(|sign| text.contains(*sign));
    let parts: Vec<&str> = text.split(sign.unwrap_or(',')).map(str::trim).collect();
    // Where commas divide, those of one amount divide it too: its groups of three are one again.
    let one_amount = |yen: &[&str]| {
        let is_group =
            |part: &&str| part.chars().count() == 3 && part.chars().all(char::is_numeric);
        let first = yen.first().map_or(0, |first| first.chars().count());
        yen.len() == 1
            || matches!(sign, Some('，' | ','))
                && (1..=3).contains(&first)
                && yen.get(1..).is_some_and(|rest| rest.iter().all(|part| is_group(part)))
    };
    let parts = parts.as_slice();
    let ([bidder, yen @ .., result], true) =
        (parts, parts.get(1..parts.len().saturating_sub(1)).is_some_and(one_amount))
    else {
        return Err(said!(
            "名称、金額、結果の三つを「、」で区切って入れてください",
            "Enter name, yen and result, divided by commas"
        ));
    };
    if RESULTS.iter().all(|(known, _)| known != result) {
        return Err(said!(
            "「{result}」ではなく、落札、不落、失格、辞退のどれかで終えてください",
            "It must end with 落札, 不落, 失格 or 辞退, not “{result}”"
        ));
    }
    if bidder.is_empty() || bidder.chars().count() > LONGEST {
        return Err(said!(
            "入札者の名称を200文字以内で入れてください",
            "Enter the bidder's name, at most 200 characters"
        ));
    }
    let amount = yen.concat();
    let yen = match amount.as_str() {
        "" if *result != RESULTS[0].0 => None,
        typed => match Yen::parse(typed) {
            Ok(Yen(yen @ 0..)) => Some(yen),
            _ => {
                return Err(said!(
                    "「{amount}」は金額として読めません。1,200,000 のように円で入れてください",
                    "“{amount}” is no amount: enter whole yen"
                ));
            }
        },
    };
    Ok(Bid { bidder: (*bidder).to_owned(), yen, result: (*result).to_owned() })
}

/// 入札の結果 as a table; nothing where there was no tender.
pub fn bids(buyer: &Buyer, all: &[Bid]) -> Markup {
    if all.is_empty() {
        return Markup::default();
    }
    let yen = |it: &Bid| it.yen.map_or_else(|| "―".to_owned(), |it| Yen(it).grouped());
    let yen: Vec<String> = all.iter().map(yen).collect();
    let rows = all.iter().zip(&yen).map(|(bid, yen)| Row {
        href: None,
        cells: vec![
            Cell::Japanese(&bid.bidder),
            Cell::Text(yen),
            Cell::Text(word(buyer, &RESULTS, &bid.result)),
        ],
    });
    table(&Table {
        caption: buyer.say("入札の結果", "Result of the tender"),
        columns: vec![
            Column::text(buyer.say("入札者", "Bidder")),
            Column::number(buyer.say("金額（円）", "Yen")),
            Column::text(buyer.say("結果", "Result")),
        ],
        rows: rows.collect(),
        empty: "",
        stacked: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tender_is_read_line_by_line() {
        let typed =
            "見本情報、１，２００，０００円、落札\n\n  見本電算,1,300,000,不落\n見本計算\t\t辞退\n";
        let bid = |bidder: &str, yen, result: &str| Bid {
            bidder: bidder.to_owned(),
            yen,
            result: result.to_owned(),
        };
        assert_eq!(
            read(typed).unwrap(),
            [
                bid("見本情報", Some(1_200_000), "落札"),
                bid("見本電算", Some(1_300_000), "不落"),
                bid("見本計算", None, "辞退"),
            ]
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (typed, words) in [
            ("", "落札した者がいません"),
            ("見本情報、100、不落", "落札した者がいません"),
            ("見本情報、100、落札\n見本電算、90、落札", "2行目: 落札は一者だけ"),
            ("見本情報、百円、落札", "1行目: 「百円」は金額として"),
            ("見本情報、-5、落札", "1行目: 「-5」は金額として"),
            ("見本情報、、落札", "1行目: 「」は金額として"),
            ("見本情報、100、一位", "1行目: 「一位」ではなく"),
            ("見本情報、1,200,000、1,320,000、落札", "1行目: 名称、金額、結果の三つ"),
            ("見本情報,1200000,1320000,落札", "1行目: 名称、金額、結果の三つ"),
            ("見本情報,1200,000,落札", "1行目: 名称、金額、結果の三つ"),
            ("見本情報", "1行目: 名称、金額、結果の三つ"),
            ("、100、落札", "1行目: 入札者の名称"),
        ] {
            let said = read(typed).unwrap_err();
            assert!(said.ja.starts_with(words), "{typed}: {said}");
        }
    }
}
