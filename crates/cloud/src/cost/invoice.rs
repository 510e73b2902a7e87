//! 請求書: what a qualified invoice (適格請求書) must say, as values; the PDF is made elsewhere.
//!
//! Tax is derived once a rate from the sum of its lines and what is below a yen is cut off: one
//! rounding for each rate on an invoice (消費税法施行令 第70条の10); cutting is the issuer's choice that
//! this house states. National and local tax are cut together, as the price's tax is one amount.

use base::date::Date;
use serde::Serialize;

use super::parameter::parameter_on;
use crate::CloudError;

/// Who issues it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Issuer {
    /// 発行事業者の氏名又は名称.
    pub name: String,
    /// 登録番号: T and thirteen digits.
    pub registration: String,
    /// True for an invented one: the page must say 見本.
    pub sample: bool,
}

/// A line: what was supplied and for how much before tax.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// 取引の内容.
    pub contents: String,
    /// First and last day of the supply.
    pub period: (Date, Date),
    /// Yen before tax; a credit is below zero.
    pub net_yen: i64,
    /// How it comes about.
    pub trace: String,
}

/// 税率ごとの合計額と消費税額等.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TaxTotal {
    /// Rate in ten thousandths: 1,000 is 10 %.
    pub rate: i64,
    /// Yen before tax.
    pub net_yen: i64,
    /// 消費税額等.
    pub tax_yen: i64,
    /// How the rate and the tax come about.
    pub trace: String,
}

/// A qualified invoice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Invoice {
    /// Its number.
    pub number: String,
    /// Who issues it.
    pub issuer: Issuer,
    /// 書類の交付を受ける者.
    pub recipient: String,
    /// Day of issue.
    pub issued: Date,
    /// Lines.
    pub lines: Vec<Line>,
    /// By rate, the lower one first.
    pub taxes: Vec<TaxTotal>,
    /// Yen with tax.
    pub total_yen: i64,
}

/// Makes an invoice: the rate of each line is that of its last day of supply (消費税法 第29条).
///
/// # Errors
/// [`CloudError::Cost`] without lines, with a number that is no registration number, on a day
/// without a rate, or beyond all bounds.
pub fn invoice_make(
    number: &str,
    (issuer, recipient): (Issuer, &str),
    issued: Date,
    lines: Vec<Line>,
) -> Result<Invoice, CloudError> {
    if lines.is_empty() {
        return Err(CloudError::Cost("請求する明細がありません".to_owned()));
    }
    if !is_registration(&issuer.registration) {
        return Err(CloudError::Cost(format!(
            "登録番号「{}」は T と数字十三桁ではありません",
            issuer.registration
        )));
    }
    let beyond = || CloudError::Cost("請求額が大きすぎて持てません".to_owned());
    let mut taxes: Vec<TaxTotal> = Vec::new();
    for line in &lines {
        let (rate, trace) = rate_on(line.period.1)?;
        match taxes.iter_mut().find(|it| it.rate == rate) {
            Some(total) => {
                total.net_yen = total.net_yen.checked_add(line.net_yen).ok_or_else(beyond)?;
            }
            None => taxes.push(TaxTotal { rate, net_yen: line.net_yen, tax_yen: 0, trace }),
        }
    }
    let mut total_yen = 0_i64;
    for total in &mut taxes {
        let tax = i128::from(total.net_yen) * i128::from(total.rate) / 10_000;
        total.tax_yen = i64::try_from(tax).map_err(|_| beyond())?;
        let with = total.net_yen.checked_add(total.tax_yen);
        total_yen = with.and_then(|it| total_yen.checked_add(it)).ok_or_else(beyond)?;
        total.trace = format!(
            "{}。{}円 × {}/10000、1円未満切捨て（税率ごとに一回、消費税法施行令第70条の10）= {}円",
            total.trace, total.net_yen, total.rate, total.tax_yen
        );
    }
    taxes.sort_by_key(|it| it.rate);
    let (number, recipient) = (number.to_owned(), recipient.to_owned());
    Ok(Invoice { number, issuer, recipient, issued, lines, taxes, total_yen })
}

fn is_registration(text: &str) -> bool {
    text.strip_prefix('T')
        .is_some_and(|it| it.len() == 13 && it.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The rate of national and local tax together in ten thousandths, and where it is from.
fn rate_on(day: Date) -> Result<(i64, String), CloudError> {
    let national = parameter_on("消費税の税率", day)?;
    let local = parameter_on("地方消費税の税率", day)?;
    let part = |whole: i64, (numerator, denominator): (i64, i64)| {
        let product = whole * numerator;
        (product % denominator == 0).then(|| product / denominator)
    };
    let rate = part(10_000, national.fraction)
        .and_then(|own| Some(own + part(own, local.fraction)?))
        .ok_or_else(|| CloudError::Cost(format!("{day} の消費税の率が万分の一で割り切れません")))?;
    Ok((rate, format!("国 {}、地方 その {}", national.words(), local.words())))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    fn line(contents: &str, last: &str, net_yen: i64) -> Line {
        let last: Date = last.parse().unwrap();
        let (contents, trace) = (contents.to_owned(), "見本".to_owned());
        Line { contents, period: (last.first_of_month(), last), net_yen, trace }
    }

    fn issuer(registration: &str) -> Issuer {
        Issuer {
            name: "見本の発行者".into(), registration: registration.into(), sample: true
        }
    }

    fn make(lines: Vec<Line>) -> Result<Invoice, CloudError> {
        let parties = (issuer("T0000000000000"), "霞村");
        invoice_make("見本-1", parties, "2026-06-01".parse().unwrap(), lines)
    }

    #[test]
    fn tax_is_cut_once_a_rate() {
        // Three lines of 5 yen: 0.5 + 0.5 + 0.5 would be nothing if it were cut line by line.
        let lines = ["計算", "網", "鍵"].map(|it| line(it, "2026-05-31", 5)).to_vec();
        let invoice = make(lines).unwrap();
        assert_eq!((invoice.taxes.len(), invoice.total_yen), (1, 16));
        expect!["国 7.8％（消費税法第29条第1号、原典で確認）、地方 その 22/78（地方税法第72条の83（消費税額に対する割合）、原典で確認）。15円 × 1000/10000、1円未満切捨て（税率ごとに一回、消費税法施行令第70条の10）= 1円"]
            .assert_eq(&invoice.taxes[0].trace);
    }

    #[test]
    fn each_line_has_the_rate_of_its_day() {
        let invoice =
            make(vec![line("前", "2019-09-30", 1_000), line("後", "2019-10-01", 1_009)]).unwrap();
        let taxes: Vec<_> =
            invoice.taxes.iter().map(|it| (it.rate, it.net_yen, it.tax_yen)).collect();
        assert_eq!(taxes, [(800, 1_000, 80), (1_000, 1_009, 100)]);
        assert_eq!(invoice.total_yen, 2_189);
        assert_eq!(make(vec![line("返し", "2026-05-31", -15)]).unwrap().total_yen, -16);
    }

    #[test]
    fn an_invoice_that_may_not_be_issued_is_refused() {
        let check = |result: Result<Invoice, CloudError>, words: &str| {
            let error = result.unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        };
        check(make(Vec::new()), "明細がありません");
        check(make(vec![line("古", "2014-03-31", 1)]), "値がありません");
        check(
            make(vec![line("大", "2026-05-31", i64::MAX), line("大", "2026-05-31", 1)]),
            "大きすぎ",
        );
        let day = "2026-06-01".parse().unwrap();
        let lines = vec![line("計算", "2026-05-31", 5)];
        check(invoice_make("1", (issuer("1234567890123"), "霞村"), day, lines), "登録番号");
    }
}
