//! What belongs to sample organisations only: identifiers, accounts, rules, words. All invented.
//!
//! Read from `data/sample`; nothing here may ever be used for a real organisation.

use base::date::Date;
use definition::Package;
use jiff::Timestamp;
use population::{SampleOrganisation, sample_organisations};
use store::organisation::{OPERATOR, Organisation, PREFECTURE, VENDOR};

const IDENTIFIERS: &str = include_str!("../../../data/sample/identifiers.csv");
const ACCOUNTS: &str = include_str!("../../../data/sample/accounts.csv");
const DECISION_RULES: &str = include_str!("../../../data/sample/decision-rules.csv");
const WORDS: &str = include_str!("../../../data/sample/words.csv");
const VENDORS: &str = include_str!("../../../data/sample/vendors.csv");
const VENDOR_ACCOUNTS: &str = include_str!("../../../data/sample/vendor-accounts.csv");
const OPERATORS: &str = include_str!("../../../data/sample/operators.csv");
const OPERATOR_ACCOUNTS: &str = include_str!("../../../data/sample/operator-accounts.csv");
const PREFECTURES: &str = include_str!("../../../data/sample/prefectures.csv");
const PREFECTURE_ACCOUNTS: &str = include_str!("../../../data/sample/prefecture-accounts.csv");

/// 要望 of the sample blueprint that waits for an operator.
pub const WISH: &str = include_str!("../../../data/sample/wish.yaml");
/// What to try first, shown when everything runs.
pub const FIRST_STEPS: &str = include_str!("../../../data/sample/first-steps.txt");
/// The password of every sample account: published, and good for sample organisations only.
pub const PASSWORD: &str = "kumoi-mihon-2026";
/// The day as of which the sample people live.
pub const DAY: Date = Date::constant(2026, 4, 1);
/// First day of the sample organisations' 決裁 rules.
pub const RULES_FROM: Date = Date::constant(2020, 4, 1);
/// The moment under which they were recorded: nine in the morning of that day in Japan.
pub const RECORDED_AT: Timestamp = Timestamp::constant(1_775_001_600, 0);

/// A sample organisation: who it is and where its people come from.
#[derive(Clone, Debug)]
pub struct Sample {
    /// The organisation.
    pub organisation: Organisation,
    /// Its invented municipality.
    pub source: &'static SampleOrganisation,
}

/// The sample organisations, smallest first; only those of `kind` when given.
pub fn samples(kind: Option<&str>) -> Vec<Sample> {
    let wanted = sample_organisations().iter().filter(|one| kind.is_none_or(|it| it == one.kind));
    let mut samples: Vec<Sample> = wanted.filter_map(sample).collect();
    samples.sort_by_key(|one| one.source.people);
    samples
}

fn sample(source: &'static SampleOrganisation) -> Option<Sample> {
    let [_, id, name_en] = rows(IDENTIFIERS).find(|row: &[&str; 3]| row[0] == source.code)?;
    let organisation = Organisation {
        id: id.to_owned(),
        code: source.code.to_owned(),
        name: source.name.to_owned(),
        name_en: name_en.to_owned(),
        kind: "municipality".to_owned(),
        sample: true,
    };
    Some(Sample { organisation, source })
}

/// A sample account.
#[derive(Clone, Copy, Debug)]
pub struct SampleAccount {
    /// Sign-in name.
    pub id: &'static str,
    /// Name shown.
    pub name: &'static str,
    /// Roles.
    pub roles: &'static str,
}

/// The accounts that every sample organisation has.
pub fn accounts() -> impl Iterator<Item = SampleAccount> {
    rows(ACCOUNTS).map(|[id, name, roles]| SampleAccount { id, name, roles })
}

/// The secret of an account's one-time codes: fixed, so that a sample's sign-in page can show them.
pub fn totp_secret(organisation: &str, account: &str) -> Vec<u8> {
    let name = format!("kumoi sample {organisation}/{account}");
    let digest = Package { files: [(name, String::new())].into() }.hash();
    let byte = |place: usize| u8::from_str_radix(digest.get(place..place + 2)?, 16).ok();
    (0..20).filter_map(|place| byte(2 * place)).collect()
}

/// 事務決裁規程 of the sample organisations: procedure, role, manner, 後閲.
pub fn decision_rules() -> impl Iterator<Item = [&'static str; 4]> {
    rows(DECISION_RULES)
}

/// A word of the records that the loader itself has to write.
pub fn word(key: &str) -> &'static str {
    rows(WORDS).find(|row: &[&str; 2]| row[0] == key).map_or("", |row| row[1])
}

/// The sample vendors, each with the name of its folder.
pub fn vendors() -> impl Iterator<Item = (&'static str, Organisation)> {
    rows(VENDORS).map(|[folder, id, name, name_en]| {
        let vendor = Organisation {
            id: id.to_owned(),
            code: id.to_owned(),
            name: name.to_owned(),
            name_en: name_en.to_owned(),
            kind: VENDOR.to_owned(),
            sample: true,
        };
        (folder, vendor)
    })
}

/// The accounts that every sample vendor has.
pub fn vendor_accounts() -> impl Iterator<Item = SampleAccount> {
    rows(VENDOR_ACCOUNTS).map(|[id, name, roles]| SampleAccount { id, name, roles })
}

/// The sample operators.
pub fn operators() -> impl Iterator<Item = Organisation> {
    rows(OPERATORS).map(|[id, name, name_en]| Organisation {
        id: id.to_owned(),
        code: id.to_owned(),
        name: name.to_owned(),
        name_en: name_en.to_owned(),
        kind: OPERATOR.to_owned(),
        sample: true,
    })
}

/// The accounts that every sample operator has.
pub fn operator_accounts() -> impl Iterator<Item = SampleAccount> {
    rows(OPERATOR_ACCOUNTS).map(|[id, name, roles]| SampleAccount { id, name, roles })
}

/// The sample prefectures: their first two digits are those of the sample municipalities.
pub fn prefectures() -> impl Iterator<Item = Organisation> {
    rows(PREFECTURES).map(|[code, id, name, name_en]| Organisation {
        id: id.to_owned(),
        code: code.to_owned(),
        name: name.to_owned(),
        name_en: name_en.to_owned(),
        kind: PREFECTURE.to_owned(),
        sample: true,
    })
}

/// The accounts that every sample prefecture has.
pub fn prefecture_accounts() -> impl Iterator<Item = SampleAccount> {
    rows(PREFECTURE_ACCOUNTS).map(|[id, name, roles]| SampleAccount { id, name, roles })
}

/// The seed of a sample vendor's signing key: fixed, so that the samples are signed the same again.
pub fn signing_seed(vendor: &str) -> [u8; 32] {
    let name = format!("kumoi sample signing {vendor}");
    let digest = Package { files: [(name, String::new())].into() }.hash();
    let byte = |place: usize| u8::from_str_radix(digest.get(2 * place..2 * place + 2)?, 16).ok();
    std::array::from_fn(|place| byte(place).unwrap_or_default())
}

/// The lines after the heading, split into `N` fields; other lines are passed over.
fn rows<const N: usize>(text: &'static str) -> impl Iterator<Item = [&'static str; N]> {
    text.lines().skip(1).filter_map(|line| line.split(',').collect::<Vec<_>>().try_into().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_whole() {
        let ids: Vec<String> = samples(None).into_iter().map(|one| one.organisation.id).collect();
        assert_eq!(ids, ["kasumi", "kumoishi", "akatsuki"]);
        assert_eq!(samples(Some("village")).len(), 1);
        assert_eq!(accounts().count(), 6);
        assert_eq!(vendors().map(|(folder, _)| folder).collect::<String>(), "ab");
        assert_eq!(vendor_accounts().count(), 2);
        assert_eq!((operators().count(), operator_accounts().count()), (1, 3));
        assert_eq!((prefectures().count(), prefecture_accounts().count()), (1, 2));
        let digits = |code: &str| code.get(..2).map(str::to_owned);
        let own: Vec<_> = prefectures().map(|one| digits(&one.code)).collect();
        assert!(samples(None).iter().all(|one| own.contains(&digits(&one.organisation.code))));
        assert!(decision_rules().all(|row| ["決裁", "専決", "代決"].contains(&row[2])));
        assert_eq!(decision_rules().count(), DECISION_RULES.lines().count() - 1);
        let keys = rows::<2>(WORDS).map(|row| row[0]);
        assert!(keys.into_iter().all(|key| !word(key).is_empty()));
    }

    #[test]
    fn secrets_are_fixed_and_differ() {
        let one = totp_secret("kasumi", "madoguchi");
        assert_eq!(one.len(), 20);
        assert_eq!(one, totp_secret("kasumi", "madoguchi"));
        assert_ne!(one, totp_secret("kasumi", "kacho"));
        assert_ne!(signing_seed("vendor_a"), signing_seed("vendor_b"));
    }

    #[test]
    fn the_moment_is_on_the_day() {
        assert_eq!(RECORDED_AT.to_string(), "2026-04-01T00:00:00Z");
    }
}
