//! Text fields: width, length, characters, vocabularies and number schemes.

use base::code::{AddresseeNumber, HouseholdNumber, IndividualNumber, Mode, ResidentCode};
use base::name::PersonName;
use base::relationship::Relationship;
use base::said;
use base::said::Said;
use definition::model::{Field, FieldKind, Format, Item, ItemKind};

/// The text in the form in which it is recorded.
///
/// # Errors
/// What is wrong and what to do.
pub(super) fn normalise(
    field: &Field,
    item: Option<&Item>,
    mode: Mode,
    input: &str,
) -> Result<String, Said> {
    characters(input)?;
    let text = match item.and_then(|item| item.format) {
        Some(format) => formatted(format, mode, input)?,
        None => widened(item, input)?,
    };
    let limit = match (item.and_then(Item::length), &field.kind) {
        (Some(limit), _) => limit,
        (None, FieldKind::Text(limit)) => *limit,
        _ => 100,
    };
    let length = base::text::length(&text);
    if length > limit as usize {
        return Err(said!(
            "{limit}文字までです（いま{length}文字）",
            "At most {limit} characters (now {length})"
        ));
    }
    Ok(text)
}

/// Characters that no certificate could print are refused at entry, with their place.
fn characters(input: &str) -> Result<(), Said> {
    if let Some(found) = base::text::private_use(input).first() {
        let (place, code) = (found.position, found.character as u32);
        return Err(said!(
            "{place}文字目は外字（U+{code:04X}）です。文字の同定をしてから、行政事務標準文字で入力してください",
            "Character {place} is not of the standard set (U+{code:04X}). Have it identified, then \
             enter the standard character"
        ));
    }
    let control = (1..).zip(input.chars()).find(|(_, c)| c.is_control());
    match control {
        Some((place, _)) => Err(said!(
            "{place}文字目に使えない制御文字があります",
            "Character {place} is a control character and cannot be used"
        )),
        None => Ok(()),
    }
}

fn widened(item: Option<&Item>, input: &str) -> Result<String, Said> {
    match item.map(|item| &item.kind) {
        Some(ItemKind::HalfWidth(_)) => {
            let text = base::text::to_half_width(input);
            if base::text::is_half_width(&text) {
                Ok(text)
            } else {
                Err(said!("半角の英数字で入力してください", "Enter half-width letters and digits"))
            }
        }
        Some(ItemKind::Time) => base::clock::parse(input).map(base::clock::standard_text),
        Some(ItemKind::FullWidth(_)) => Ok(base::text::to_full_width(input)),
        _ => Ok(input.to_owned()),
    }
}

fn formatted(format: Format, mode: Mode, input: &str) -> Result<String, Said> {
    let half = base::text::to_half_width(input);
    Ok(match format {
        Format::AddresseeNumber => AddresseeNumber::parse(&half).map_err(|e| e.said())?.to_string(),
        Format::HouseholdNumber => HouseholdNumber::parse(&half).map_err(|e| e.said())?.to_string(),
        Format::IndividualNumber => {
            IndividualNumber::parse(&half, mode).map_err(|e| e.said())?.expose().to_string()
        }
        Format::ResidentCode => {
            ResidentCode::parse(&half, mode).map_err(|e| e.said())?.expose().to_string()
        }
        Format::Relationship => {
            Relationship::parse(input).map_err(|e| e.said())?.as_str().to_owned()
        }
        Format::PersonName => PersonName::parse(input).map_err(|e| e.said())?.as_str().to_owned(),
        Format::Kana => kana(input)?,
        Format::PostalCode => postal_code(&half)?,
    })
}

fn kana(input: &str) -> Result<String, Said> {
    let text = base::kana::to_katakana(&base::text::to_full_width(input));
    if base::kana::is_katakana_name(&text) {
        Ok(text)
    } else {
        Err(said!(
            "「{input}」は片仮名で入力してください（氏と名の間は空白一つ）",
            "Enter “{input}” in katakana (one space between family and given name)"
        ))
    }
}

fn postal_code(half: &str) -> Result<String, Said> {
    let digits: String = half.chars().filter(char::is_ascii_digit).collect();
    let rest = half.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | '〒' | ' '));
    if digits.len() == 7 && rest {
        Ok(digits)
    } else {
        Err(said!(
            "郵便番号は7桁の数字です（例 999-9001）",
            "A postal code has 7 digits (for example 999-9001)"
        ))
    }
}
