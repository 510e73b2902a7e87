//! 事業者の登録の申請: what is entered, checked and tidied, and the word that an applicant asks for the
//! result with. Decides about nobody, and keeps nothing.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand;
use base::said;
use base::said::Said;
use store::market::Applicant;

use crate::CloudError;

/// Characters of a name.
const NAME: usize = 100;
/// Bytes of an address of mail.
const MAIL: usize = 200;
/// Characters of the word, without its dashes: 100 bits.
const WORD: usize = 20;
const LETTERS: &[u8; 32] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";

/// The fields of an application, in the order of the form.
pub const FIELDS: [&str; 5] = ["corporate_number", "name", "name_en", "contact", "mail"];

/// Who applies, of what was entered in a field.
///
/// # Errors
/// Each field with what is wrong and what to do.
pub fn applicant_check<'e>(
    entered: impl Fn(&str) -> &'e str,
) -> Result<Applicant, Vec<(&'static str, Said)>> {
    let text = |field: &str| entered(field).trim().to_owned();
    let applicant = Applicant {
        corporate_number: narrow(entered("corporate_number")),
        name: text("name"),
        name_en: text("name_en"),
        contact: text("contact"),
        mail: text("mail"),
    };
    let Applicant { corporate_number, name, name_en, contact, mail } = &applicant;
    let found = [
        number_check(corporate_number),
        name_check(name),
        name_check(name_en).or_else(|| english_check(name_en)),
        name_check(contact),
        mail_check(mail),
    ];
    let wrong: Vec<(&str, Said)> =
        FIELDS.into_iter().zip(found).filter_map(|(field, said)| Some((field, said?))).collect();
    if wrong.is_empty() { Ok(applicant) } else { Err(wrong) }
}

/// Digits in half width, without spaces and dashes.
fn narrow(text: &str) -> String {
    let sign = |sign: char| match sign {
        '０'..='９' => char::from_u32(u32::from(sign) - u32::from('０') + u32::from('0')),
        '-' | '－' | '‐' | ' ' | '　' => None,
        other => Some(other),
    };
    text.trim().chars().filter_map(sign).collect()
}

fn number_check(text: &str) -> Option<Said> {
    if text.len() != 13 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(said!(
            "法人番号は13桁の数字で入力してください",
            "Enter the 13 digits of the corporate number"
        ));
    }
    (!is_corporate_number(text)).then(|| {
        said!(
            "法人番号の検査数字が合いません。番号を確かめてください",
            "The check digit of the corporate number does not fit. Check the number"
        )
    })
}

/// Whether a text is a 法人番号: twelve digits behind a check digit, which is nine minus the remainder
/// by nine of their sum, every second one from the last but one taken twice (法人番号の指定等に関する
/// 省令2条).
pub fn is_corporate_number(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|sign| sign.to_digit(10)).collect();
    let [check, basic @ ..] = digits.as_slice() else { return false };
    if text.len() != 13 || basic.len() != 12 {
        return false;
    }
    let weighed = basic.iter().rev().zip([1, 2].into_iter().cycle());
    *check == 9 - weighed.map(|(digit, weight)| digit * weight).sum::<u32>() % 9
}

fn name_check(text: &str) -> Option<Said> {
    if text.is_empty() {
        return Some(said!("入力してください", "Enter this"));
    }
    if text.chars().any(char::is_control) {
        return Some(said!("改行などの制御文字は使えません", "Use no line breaks"));
    }
    (text.chars().count() > NAME)
        .then(|| said!("{NAME}字までで入力してください", "At most {NAME} characters"))
}

fn english_check(text: &str) -> Option<Said> {
    (!text.is_ascii()).then(|| said!("英数字で入力してください", "Use Latin letters and digits"))
}

fn mail_check(text: &str) -> Option<Said> {
    let sound = text.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && host.contains('.') && !host.contains('@') && !host.starts_with('.')
    });
    let fits = text.len() <= MAIL && text.is_ascii() && !text.contains(char::is_whitespace);
    (!sound || !fits || text.chars().any(char::is_control)).then(|| {
        said!(
            "メールアドレスの形ではありません（例 madoguchi@example.co.jp）",
            "This is no address of mail"
        )
    })
}

/// A new 照会の語, for the applicant alone.
///
/// # Errors
/// [`CloudError::Judging`] when the system gives no randomness.
pub fn word_new() -> Result<String, CloudError> {
    let mut bytes = [0_u8; WORD];
    rand::fill(&mut bytes).map_err(|_| CloudError::Judging("乱数を得られません".to_owned()))?;
    let letters: Vec<char> =
        bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    let groups: Vec<String> = letters.chunks(4).map(|group| group.iter().collect()).collect();
    Ok(groups.join("-"))
}

/// What is kept of a 照会の語: its SHA-256, however it is written.
pub fn word_digest(word: &str) -> Vec<u8> {
    let signs = word.chars().filter(|sign| sign.is_ascii_alphanumeric());
    let tidied: String = signs.map(|sign| sign.to_ascii_uppercase()).collect();
    digest(&SHA256, tidied.as_bytes()).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fields that are wrong when one of a sound application is entered so.
    #[track_caller]
    fn check(field: &str, text: &str, expected: &[(&str, &str)]) {
        let sound = |name: &str| match name {
            "corporate_number" => "4000000000005",
            "name_en" => "Sample Works",
            "mail" => "mihon@example.jp",
            _ => "見本製作所",
        };
        let found = applicant_check(|name| if name == field { text } else { sound(name) });
        let wrong = found.err().unwrap_or_default();
        let wrong: Vec<(&str, &str)> =
            wrong.iter().map(|(field, said)| (*field, said.ja.as_str())).collect();
        assert_eq!(wrong.len(), expected.len(), "{field} {text}: {wrong:?}");
        for ((at, said), (field, part)) in wrong.iter().zip(expected) {
            assert!(at == field && said.contains(part), "{at} {said}: {part}");
        }
    }

    #[test]
    fn an_application_is_checked_field_by_field() {
        check("", "", &[]);
        check("corporate_number", "４-0000 0000-000５", &[]);
        check("corporate_number", "5000000000005", &[("corporate_number", "検査数字")]);
        check("corporate_number", "400000000000", &[("corporate_number", "13桁")]);
        check("corporate_number", "", &[("corporate_number", "13桁")]);
        check("name", " ", &[("name", "入力して")]);
        check("name", &"あ".repeat(101), &[("name", "100字まで")]);
        check("contact", "あ\nい", &[("contact", "改行")]);
        check("name_en", "見本", &[("name_en", "英数字")]);
        for mail in ["", "x", "@x.jp", "x@", "x@y", "a b@x.jp", "x@y@z.jp", "x@.jp", "あ@x.jp"] {
            check("mail", mail, &[("mail", "形では")]);
        }
    }

    #[test]
    fn check_digits_are_those_of_the_ministry() {
        // The National Tax Agency's own number, and one digit off anywhere.
        let own = "7000012050002";
        assert!(is_corporate_number(own));
        for place in 0..own.len() {
            let mut other = own.as_bytes().to_vec();
            other[place] = if other[place] == b'9' { b'1' } else { other[place] + 1 };
            assert!(!is_corporate_number(std::str::from_utf8(&other).unwrap()), "{place}");
        }
        assert!(!is_corporate_number("") && !is_corporate_number("70000120500021"));
        assert!(!is_corporate_number("７000012050002"));
    }

    #[test]
    fn a_word_is_known_however_it_is_written() {
        let word = word_new().unwrap();
        assert_eq!((word.len(), word_digest(&word).len()), (24, 32));
        assert_eq!(word_digest(&word), word_digest(&word.to_lowercase().replace('-', " ")));
        assert_ne!(word_digest(&word), word_digest(&word_new().unwrap()));
    }
}
