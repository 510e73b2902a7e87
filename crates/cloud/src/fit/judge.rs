//! One requirement against what one package has. By number first, by name then; what is found
//! under no name stays unknown, with what comes near it.

use std::collections::{BTreeSet, HashMap};

use super::index::{Index, Keys, Pair, pairs};
use super::{Answer, Verdict};

/// A number of the standard has so many digits: データ項目ID.
const ITEM: usize = 8;
/// 機能ID.
const FEATURE: usize = 7;

/// One of the things that a requirement needs.
pub(super) struct Part {
    /// As it was written.
    written: String,
    /// Number of an item of the standard.
    item: Option<String>,
    /// Number of a function of the standard.
    feature: Option<String>,
    /// The key of the name, where one was written.
    key: String,
    pairs: Vec<Pair>,
    /// The numbers that some offer of the business gives this name.
    standard: BTreeSet<String>,
}

/// Folded names of items of the standard, and their numbers, as the offers for a business say.
pub(super) fn standard_names(indexes: &[Index<'_>]) -> HashMap<String, BTreeSet<String>> {
    let mut out: HashMap<String, BTreeSet<String>> = HashMap::new();
    for index in indexes {
        for (key, number) in index.standard().filter(|(_, number)| of_business(number, index)) {
            let numbers = out.entry(key.to_owned()).or_default();
            if !numbers.contains(number) {
                numbers.insert(number.to_owned());
            }
        }
    }
    out
}

/// Whether a number is one of the standard of the offer's business.
fn of_business(number: &str, index: &Index<'_>) -> bool {
    let code = index.code;
    // A number begins with the 業務ID.
    let is_code = code.len() == 3 && code.bytes().all(|byte| byte.is_ascii_digit());
    is_code && number.len() == ITEM && number.starts_with(code)
}

/// What a requirement needs, part by part.
pub(super) fn parts(
    needs: &str,
    keys: &mut Keys,
    standard: &HashMap<String, BTreeSet<String>>,
) -> Vec<Part> {
    let written = needs.split(['；', ';', '\n', '\r']).map(str::trim);
    let part = |written: &str| {
        let mut left = written.to_owned();
        let (item, feature) = (number(&mut left, ITEM), number(&mut left, FEATURE));
        let key = keys.of(unlabelled(&left));
        let standard = standard.get(&key).cloned().unwrap_or_default();
        let written = written.to_owned();
        Part { written, item, feature, pairs: pairs(&key), key, standard }
    };
    written.filter(|one| !one.is_empty()).map(part).collect()
}

/// A text without a word before it that only says what sort of thing it is.
fn unlabelled(text: &str) -> &str {
    const LABELS: [&str; 6] = ["データ項目ID", "データ項目", "項目", "機能ID", "手続", "帳票"];
    let text = text.trim();
    let rest = LABELS.iter().find_map(|label| text.strip_prefix(label));
    let mark = |sign: char| sign.is_whitespace() || matches!(sign, '：' | ':');
    let divided = |rest: &&str| rest.is_empty() || rest.starts_with(mark);
    rest.filter(divided).unwrap_or(text)
}

/// Takes the first number of exactly so many digits out of a text.
fn number(text: &mut String, digits: usize) -> Option<String> {
    let wide = |sign: char| match sign {
        '０'..='９' => char::from_u32(u32::from(sign) - 0xFEE0).unwrap_or(sign),
        _ => sign,
    };
    let plain: String = text.chars().map(wide).collect();
    let of = |run: &&str| run.len() == digits;
    let found = plain.split(|sign: char| !sign.is_ascii_digit()).find(of)?.to_owned();
    *text = plain.replacen(&found, " ", 1);
    Some(found)
}

/// The answer of a package: the worst of its parts.
pub(super) fn answer(parts: &[Part], index: &Index<'_>) -> Answer {
    let answers: Vec<(Verdict, String)> = parts.iter().map(|part| judge(part, index)).collect();
    let verdict = answers.iter().map(|(verdict, _)| *verdict).max().unwrap_or(Verdict::Unknown);
    Answer { verdict, evidence: answers.into_iter().map(|(_, words)| words).collect() }
}

fn judge(part: &Part, index: &Index<'_>) -> (Verdict, String) {
    if let Some(number) = &part.item {
        return by_number(part, number, index);
    }
    let named = index.named(&part.key);
    let best = named.min_by_key(|one| one.set);
    if let Some(found) = best {
        let verdict = if found.set { Verdict::Setting } else { Verdict::Fits };
        return (verdict, found.said());
    }
    if part.key.is_empty() {
        let words = match &part.feature {
            Some(number) => format!(
                "業務システムの定義に機能ID（{number}）はありません。手続か項目の名前も書いてください"
            ),
            None => format!("「{}」に、名前も番号もありません", part.written),
        };
        return (Verdict::Unknown, words);
    }
    if let Some(sentence) = index.lacking(&part.key) {
        return (
            Verdict::Gap,
            format!("事業者が、ないと書いています（system.yaml「{sentence}」）"),
        );
    }
    match part.standard.iter().next() {
        Some(number) => (
            Verdict::Gap,
            format!("標準の項目 {number} の名前ですが、その番号の項目がありません（registers/）"),
        ),
        None => (Verdict::Unknown, unknown(part, index)),
    }
}

/// A number says what is meant: it is there, or it is not.
fn by_number(part: &Part, number: &str, index: &Index<'_>) -> (Verdict, String) {
    match index.numbered(number) {
        Some(found)
            if part.key.is_empty()
                || index.named(&part.key).any(|one| one.number == Some(number)) =>
        {
            (Verdict::Fits, found.said())
        }
        Some(found) => {
            let words =
                format!("番号 {number} は「{}」の項目で、書かれた名前と違います", found.name);
            (Verdict::Unknown, words)
        }
        None if of_business(number, index) => {
            (Verdict::Gap, format!("番号 {number} の項目がありません（registers/）"))
        }
        None => {
            let words =
                format!("番号 {number} は、業務ID {} の標準の番号ではありません", index.code);
            (Verdict::Unknown, words)
        }
    }
}

/// What comes near: to look at, not to count.
fn unknown(part: &Part, index: &Index<'_>) -> String {
    let mut words = vec!["同じ名前のものはありません".to_owned()];
    let near: Vec<String> = index.near(&part.pairs).iter().map(|one| one.said()).collect();
    if !near.is_empty() {
        words.push(format!("近い名前: {}", near.join("、")));
    }
    if let Some((file, line)) = index.mentioned(&part.key, &part.pairs) {
        words.push(format!("文書に言葉があります（documents/{file} {line}行目）"));
    }
    words.join("。")
}
