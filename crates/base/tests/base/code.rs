//! Check digits: known numbers, modes, masks, and every single wrong digit where the scheme
//! promises to show it.

use base::code::{
    AddresseeNumber, CodeError, CorporateNumber, HouseholdNumber, IndividualNumber, Mode,
    MunicipalityCode, Name, ResidentCode,
};
use proptest::prelude::*;

const INDIVIDUAL: Name = Name { ja: "個人番号", en: "Individual Number" };

#[test]
fn municipality_codes() {
    for (five, six) in [
        ("01000", "010006"),
        ("01100", "011002"),
        ("13000", "130001"),
        ("13101", "131016"),
        ("27100", "271004"),
        ("47382", "473821"),
    ] {
        let code = MunicipalityCode::from_five(five).expect(five);
        assert_eq!(code.to_string(), six);
        assert_eq!(MunicipalityCode::parse(six), Ok(code));
        assert_eq!(code.five(), five);
    }
    let tokyo = MunicipalityCode::parse("１３０００１").expect("full-width digits");
    assert!(tokyo.is_prefecture());
    assert_eq!(tokyo.prefecture(), 13);
    assert!(MunicipalityCode::parse("130002").is_err());
}

#[test]
fn individual_numbers_by_mode() {
    let valid = "１２３４-５６７８-９０１８";
    assert!(IndividualNumber::check_digit_valid(valid));
    let number = IndividualNumber::parse(valid, Mode::Real).expect("a valid number");
    assert_eq!(number.expose(), "123456789018");
    assert_eq!(format!("{number} {number:?}"), "********9018 ********9018");
    assert_eq!(
        IndividualNumber::parse(valid, Mode::Sample),
        Err(CodeError::ValidInSample { name: INDIVIDUAL })
    );
    assert!(IndividualNumber::parse("123456789019", Mode::Sample).is_ok());
    assert_eq!(
        IndividualNumber::parse("123456789019", Mode::Real),
        Err(CodeError::CheckDigit { name: INDIVIDUAL })
    );
}

#[track_caller]
fn refuse(text: &str, message: &str) {
    let error = IndividualNumber::parse(text, Mode::Real).expect_err(text);
    assert_eq!(error.to_string(), message);
    assert!(text.is_empty() || !message.contains(text), "the number must not be repeated");
}

#[test]
fn refusals_never_repeat_the_number() {
    refuse("12345678901", "個人番号が11桁です。12桁の数字で入力してください。");
    refuse("", "個人番号が0桁です。12桁の数字で入力してください。");
    refuse("12345678901a", "個人番号に数字でない文字があります。12桁の数字で入力してください。");
    refuse("123456789012", "個人番号の検査数字が合いません。書類と見比べて入力し直してください。");
}

#[test]
fn check_digits_of_numbers_without_them() {
    // 平成26年総務省令第85号 第5条: leading zeros weigh nothing.
    for (body, digit) in [(12_345_678_901, 8), (2_345_678_901, 3), (0, 0)] {
        assert_eq!(base::code::check_digit(body), digit, "{body}");
    }
    // Of a resident code: 10 digits, weights 2 to 7 and 2 to 5 (to verify).
    let code = |body: u64| format!("{body:010}{}", base::code::check_digit(body));
    assert_eq!(code(1_234_567_890), "12345678903");
    assert!(ResidentCode::check_digit_valid(&code(1_234_567_890)));
    assert!(ResidentCode::check_digit_valid(&code(42)));
}

#[test]
fn resident_codes_by_mode() {
    let valid = (0..10).map(|digit| format!("1234567890{digit}"));
    let valid: Vec<_> = valid.filter(|text| ResidentCode::check_digit_valid(text)).collect();
    assert_eq!(valid.len(), 1);
    assert!(ResidentCode::parse(&valid[0], Mode::Sample).is_err());
    let code = ResidentCode::parse(&valid[0], Mode::Real).expect("a valid code");
    assert_eq!(code.expose(), valid[0]);
    assert!(format!("{code:?}").starts_with("*******890"));
}

#[test]
fn corporate_numbers() {
    // Published numbers of 国税庁 and デジタル庁.
    for text in ["7000012050002", "8000012010038"] {
        let number = CorporateNumber::parse(text, Mode::Real).expect(text);
        assert_eq!(number.to_string(), text);
        assert_eq!(number.base_number(), text[1..]);
        assert!(CorporateNumber::parse(text, Mode::Sample).is_err());
    }
}

#[test]
fn serial_numbers() {
    let first = AddresseeNumber::from_serial(1).expect("the first serial");
    assert_eq!(first.to_string(), "0000000019");
    let other = AddresseeNumber::from_serial(123_456_789).expect("a serial");
    assert_eq!(other.to_string(), "1234567892");
    assert_eq!(AddresseeNumber::parse("１２３４５６７８９２"), Ok(other));
    assert_eq!(other.serial(), 123_456_789);
    assert!(AddresseeNumber::from_serial(0).is_err());
    assert!(HouseholdNumber::from_serial(1_000_000_000).is_err());
    let json = serde_json::to_string(&other).expect("a text");
    assert_eq!(serde_json::from_str::<AddresseeNumber>(&json).expect("the same"), other);
    assert!(serde_json::from_str::<AddresseeNumber>("\"1234567890\"").is_err());
}

/// Sum weighted 2 to 7 from the right by 11: the promise holds unless it moves between 0 and 1.
fn remainder(body: &str) -> u32 {
    let weights = [2, 3, 4, 5, 6, 7].into_iter().cycle();
    let digits = body.bytes().rev().map(|byte| u32::from(byte - b'0'));
    digits.zip(weights).map(|(digit, weight)| digit * weight).sum::<u32>() % 11
}

/// Every text that differs from `text` in one digit, with the place.
fn one_digit_wrong(text: &str) -> Vec<(usize, String)> {
    let digits = (0..text.len()).flat_map(|place| (0..10).map(move |digit| (place, digit)));
    let changed = digits
        .map(|(place, digit)| (place, format!("{}{digit}{}", &text[..place], &text[place + 1..])));
    changed.filter(|(_, changed)| changed != text).collect()
}

proptest! {
    #[test]
    fn one_wrong_digit_shows_with_weights_2_to_7(serial in 1_u64..=999_999_999) {
        let number = AddresseeNumber::from_serial(serial).expect("in range").to_string();
        for (place, wrong) in one_digit_wrong(&number) {
            let low = |text: &str| remainder(&text[..9]) <= 1;
            let excused = place < 9 && low(&number) && low(&wrong);
            prop_assert_eq!(AddresseeNumber::parse(&wrong).is_ok(), excused, "{}", wrong);
        }
    }

    #[test]
    fn one_wrong_digit_shows_in_individual_numbers(body in "[0-9]{11}") {
        let numbers: Vec<_> = (0..10).map(|digit| format!("{body}{digit}"))
            .filter(|number| IndividualNumber::check_digit_valid(number)).collect();
        prop_assert_eq!(numbers.len(), 1);
        for (place, wrong) in one_digit_wrong(&numbers[0]) {
            let low = |text: &str| remainder(&text[..11]) <= 1;
            let excused = place < 11 && low(&numbers[0]) && low(&wrong);
            prop_assert_eq!(IndividualNumber::check_digit_valid(&wrong), excused, "{}", wrong);
        }
    }

    #[test]
    fn one_wrong_digit_shows_in_corporate_numbers_but_0_for_9(body in "[0-9]{12}") {
        let numbers: Vec<_> = (0..10).map(|digit| format!("{digit}{body}"))
            .filter(|number| CorporateNumber::check_digit_valid(number)).collect();
        prop_assert_eq!(numbers.len(), 1);
        for (place, wrong) in one_digit_wrong(&numbers[0]) {
            let pair = [numbers[0].as_bytes()[place], wrong.as_bytes()[place]];
            let excused = place > 0 && matches!(&pair, b"09" | b"90");
            prop_assert_eq!(CorporateNumber::check_digit_valid(&wrong), excused, "{}", wrong);
        }
    }

    #[test]
    fn serials_return(serial in 1_u64..=999_999_999) {
        let number = HouseholdNumber::from_serial(serial).expect("in range");
        prop_assert_eq!(number.serial(), serial);
        prop_assert_eq!(HouseholdNumber::parse(&number.to_string()), Ok(number));
    }
}
