//! The municipality at the beginning of an address, from the table of the house. A text that fits
//! two municipalities fits none: nothing is guessed.

const TABLE: &str = include_str!("../../../../data/municipalities.csv");
/// Rows of the table that are no municipalities of their own.
const NOT_OWN: &[&str] = &["kind", "prefecture", "ward"];

/// 団体コード and name with its prefecture.
pub fn municipality(text: &str) -> Option<(String, String)> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let mut best: (usize, Vec<(&str, String)>) = (0, Vec::new());
    for line in TABLE.lines() {
        let cells: Vec<&str> = line.split(',').collect();
        let [code, kind, prefecture, _, district, _, name, ..] = cells.as_slice() else { continue };
        if NOT_OWN.contains(kind) {
            continue;
        }
        let ways = [
            format!("{prefecture}{district}{name}"),
            format!("{prefecture}{name}"),
            format!("{district}{name}"),
            (*name).to_owned(),
        ];
        let fits = ways.iter().filter(|way| text.starts_with(way.as_str())).map(String::len).max();
        let Some(length) = fits else { continue };
        if length > best.0 {
            best = (length, Vec::new());
        }
        if length == best.0 {
            best.1.push((code, format!("{prefecture}{name}")));
        }
    }
    let [(code, name)] = best.1.as_slice() else { return None };
    Some(((*code).to_owned(), name.clone()))
}

#[cfg(test)]
mod tests {
    use super::municipality;

    #[track_caller]
    fn check(text: &str, code: Option<&str>) {
        assert_eq!(municipality(text).map(|(code, _)| code).as_deref(), code, "{text}");
    }

    #[test]
    fn only_what_is_sure_is_found() {
        check("東京都府中市宮西町二丁目24番地", Some("132063"));
        check("広島県府中市府川町315番地", Some("342084"));
        check("府中市宮西町", None);
        check("神奈川県横浜市鶴見区中央三丁目", Some("141003"));
        check("横浜市鶴見区中央三丁目", Some("141003"));
        check("広島県安芸郡府中町大通三丁目", Some("343021"));
        check("東京都　千代田区千代田1番", Some("131016"));
        check("見本県霞郡霞村大字霞1番地", None);
        check("", None);
    }
}
