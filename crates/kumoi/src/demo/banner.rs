//! What is shown when everything runs: addresses, sign-ins, and what to try first.

use std::path::Path;

use super::plan::{port, url};
use super::{Opened, UpArguments};
use crate::sample::{FIRST_STEPS, PASSWORD, accounts, operator_accounts, prefecture_accounts};
use crate::up::Zone;

/// Prints to standard output.
pub(super) fn print(arguments: &UpArguments, opened: &[Opened], var: &Path) {
    println!("{}", text(arguments, opened, var));
}

fn text(arguments: &UpArguments, opened: &[Opened], var: &Path) -> String {
    let mut out = String::from("\n雲居が動いています（見本。人も団体もすべて架空です）\n\n");
    for zone in Zone::ALL {
        out.push_str(&format!("{}　{}/\n", padded(zone.label(), 12), url(port(arguments, zone))));
    }
    let helper = url(arguments.authenticator_port);
    out.push_str(&format!("{}　{helper}/\n\n団体\n", padded("見本の認証アプリ", 12)));
    for one in opened {
        let organisation = &one.sample.organisation;
        out.push_str(&format!(
            "  {}　{}/{}/　（{} 人）\n",
            padded(&organisation.name, 4),
            url(arguments.office_port),
            organisation.id,
            grouped(one.sample.source.people)
        ));
    }
    out.push_str("\nサインイン（どの団体でも同じ）\n");
    for account in accounts() {
        out.push_str(&format!("  {:<11} {}\n", account.id, account.name));
    }
    out.push_str(&format!(
        "  パスワードは {PASSWORD} 、ワンタイムコードはサインインの画面に表示されます（見本の団体だけ）\n\n"
    ));
    out.push_str(&format!(
        "基盤の運用　{}/operators　（{}。二人で: 一人が計画し、もう一人が承認します）\n\n",
        url(arguments.lgwan_port),
        operator_accounts().map(|one| one.id).collect::<Vec<_>>().join("、")
    ));
    out.push_str(&format!(
        "都道府県　{}/prefectures　（{}。市区町村の進みを見て、共同利用を二人で進めます）\n\n",
        url(arguments.lgwan_port),
        prefecture_accounts().map(|one| one.id).collect::<Vec<_>>().join("、")
    ));
    out.push_str(FIRST_STEPS);
    out.push_str(&format!(
        "\nデータは {} にあります。止めるには Ctrl-C、作り直すには bin/up --fresh\n",
        var.display()
    ));
    let first = opened.first().map_or("", |one| one.sample.organisation.id.as_str());
    out.push_str(&format!(
        "Kumoi is running: open {}/{first}/ and sign in as madoguchi with {PASSWORD} \
         (sample data only).\n",
        url(arguments.office_port),
    ));
    out
}

/// Filled up with full-width spaces.
fn padded(text: &str, width: usize) -> String {
    let halves: usize = text.chars().map(|sign| if sign.is_ascii() { 1 } else { 2 }).sum();
    let missing = (2 * width).saturating_sub(halves);
    format!("{text}{}{}", " ".repeat(missing % 2), "　".repeat(missing / 2))
}

/// `340000` → `340,000`.
pub(super) fn grouped(number: u32) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(["0", "999", "1,000", "340,000"], [0, 999, 1_000, 340_000].map(grouped)[..]);
    }
}
