//! How a mail looks, and what a relay may be.

use super::*;

#[test]
fn headings_are_words_that_fit() {
    let text = "【雲居】クラウドの費用が予算の 100％に実績で達します";
    let heading = heading(text);
    let mut read = Vec::new();
    for line in heading.split("\r\n ") {
        assert!(line.len() <= 75 && line.is_ascii(), "{line}");
        let word = line.strip_prefix("=?UTF-8?B?").and_then(|it| it.strip_suffix("?=")).unwrap();
        // Each word is text by itself.
        read.push(String::from_utf8(STANDARD.decode(word).unwrap()).unwrap());
    }
    assert_eq!(read.concat(), text);
}

#[test]
fn a_relay_is_a_place_and_a_sender() {
    assert!(Relay::new("localhost:25", "kumoi@example.lg.jp").is_ok());
    for (address, from) in [
        ("localhost", "a@example.jp"),
        (":25", "a@example.jp"),
        ("localhost:99999", "a@example.jp"),
        ("localhost:25", "a"),
        ("localhost:25", "a@example.jp>\r\nDATA"),
        ("localhost:25", "<a@example.jp>"),
    ] {
        assert!(Relay::new(address, from).is_err(), "{address} {from}");
    }
}
