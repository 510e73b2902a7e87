//! 部品: a package that others build in: codes, parameters, formulas and notices, without registers
//! and procedures of its own. A system carries the texts of the parts that it builds in and names
//! each with its hash in its 部品表; the gate holds them against the catalogue. Nothing is fetched.

use definition::{Package, System};
use serde_json::{Value, json};
use store::control::Part;

use crate::gate::{Area, Finding, asking};
use crate::parcel::MATERIALS;

/// What marks a component of a 部品表 as a part of the catalogue.
const MARK: &str = "kumoi:part";
/// The folders whose files a part consists of.
const FOLDERS: [&str; 4] = ["codes/", "parameters/", "rules/", "notices/"];
const RULE: &str = "部品の組込みの条件";

/// Whether a package is a part: there is nothing in it that would be installed.
pub fn is_part(system: &System) -> bool {
    system.registers.is_empty() && system.procedures.is_empty()
}

/// The files that a part gives to those who build it in.
fn given(package: &Package) -> impl Iterator<Item = (&String, &String)> {
    package.files.iter().filter(|(path, _)| FOLDERS.iter().any(|folder| path.starts_with(folder)))
}

/// A part as a system names it in its 部品表.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The part's vendor.
    pub vendor: String,
    /// Its identifier.
    pub id: String,
    /// Its version.
    pub version: String,
    /// The hash of its package.
    pub hash: String,
}

/// The parts that a 部品表 names; none where it cannot be read, which is said elsewhere.
pub fn parts_named(materials: &str) -> Vec<Named> {
    let Ok(bill) = serde_json::from_str::<Value>(materials) else { return Vec::new() };
    let components = bill.get("components").and_then(Value::as_array);
    let named = |one: &Value| {
        let text = |key: &str| one.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let mark = |it: &Value| it.get("name").and_then(Value::as_str) == Some(MARK);
        one.get("properties")?.as_array()?.iter().find(|it| mark(it))?;
        let digest = |it: &&Value| it.get("alg").and_then(Value::as_str) == Some("SHA-256");
        let hashes = one.get("hashes").and_then(Value::as_array);
        let hash = hashes.and_then(|all| all.iter().find(digest));
        let hash = hash.and_then(|it| it.get("content")).and_then(Value::as_str);
        let (vendor, id, version) = (text("group"), text("name"), text("version"));
        Some(Named { vendor, id, version, hash: hash.unwrap_or_default().to_owned() })
    };
    components.into_iter().flatten().filter_map(named).collect()
}

/// A 部品表 with parts added to what it lists.
///
/// # Errors
/// When it is no 部品表; why, in Japanese.
pub fn parts_name(materials: &str, parts: &[Named]) -> Result<String, String> {
    let mut bill: Value =
        serde_json::from_str(materials).map_err(|error| format!("部品表を読めない（{error}）"))?;
    let components = bill.get_mut("components").and_then(Value::as_array_mut);
    let components = components.ok_or_else(|| "部品表に components がない".to_owned())?;
    components.extend(parts.iter().map(|part| {
        json!({
            "type": "library",
            "bom-ref": format!("part:{}/{}@{}", part.vendor, part.id, part.version),
            "group": part.vendor,
            "name": part.id,
            "version": part.version,
            "hashes": [{"alg": "SHA-256", "content": part.hash}],
            "properties": [{"name": MARK, "value": "true"}],
        })
    }));
    Ok(format!("{bill:#}\n"))
}

/// The first file of a part that a package lacks or has altered.
pub fn part_difference(part: &Package, package: &Package) -> Option<String> {
    given(part).find_map(|(path, text)| match package.files.get(path) {
        None => Some(format!("「{path}」がない")),
        Some(own) if own != text => Some(format!("「{path}」が部品と違う")),
        Some(_) => None,
    })
}

/// What is asked of a system about each part that it names.
pub fn parts_check(materials: &str, package: &Package, known: &[Part]) -> Vec<Finding> {
    let place = format!("documents/{MATERIALS}");
    let one = |named: &Named| {
        let asked = format!(
            "部品「{}/{} {}」が、カタログの部品と一字も違わない",
            named.vendor, named.id, named.version
        );
        let finding = asking(Area::Document, asked, RULE.to_owned(), place.clone());
        let own = |part: &&Part| {
            (&part.vendor, &part.id, &part.version, &part.hash)
                == (&named.vendor, &named.id, &named.version, &named.hash)
        };
        match known.iter().find(own) {
            None => finding.fail(
                "この事業者、識別名、版、ハッシュの部品はカタログにない",
                "公開されている部品を kumoi parcel make --part で組み込み直す",
            ),
            Some(part) if part.withdrawn => finding.fail(
                "事業者がこの部品を取り下げている",
                "新しい版の部品に替えるか、部品を外して自分の定義にする",
            ),
            Some(part) => match part_difference(&Package { files: part.files.clone() }, package) {
                None => finding.pass(format!("SHA-256 {}", part.hash)),
                Some(why) => finding.fail(why, "部品のファイルをそのまま写す"),
            },
        }
    };
    parts_named(materials).iter().map(one).collect()
}

/// What is asked of a part itself.
pub fn part_asked(system: &System, materials: &str) -> Vec<Finding> {
    let ask =
        |asked: &str| asking(Area::Business, asked, RULE.to_owned(), "system.yaml".to_owned());
    let package = Package { files: (*system.files).clone() };
    let count = given(&package).count();
    let content = ask("部品（台帳も手続もなく、コード・パラメータ・式・帳票だけの定義）である");
    let surrounding = ask("部品の業務IDは「周辺」である");
    let nested = ask("部品の中に、ほかの部品を組み込んでいない");
    vec![
        match count {
            0 => content.fail("中身がない", "codes/ などに定義を置くか、台帳と手続を書く"),
            count => content.pass(format!("{count} ファイル")),
        },
        match system.code == crate::gate::SURROUNDING {
            true => surrounding.pass("周辺"),
            false => surrounding.fail(system.code.clone(), "code を「周辺」にする"),
        },
        match parts_named(materials).first() {
            None => nested.pass("ない"),
            Some(one) => nested.fail(
                format!("{}/{} を組み込んでいる", one.vendor, one.id),
                "部品を分け、業務システムがそれぞれを組み込む",
            ),
        },
    ]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use expect_test::{Expect, expect};

    use super::*;

    fn package(files: &[(&str, &str)]) -> Package {
        let text = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        Package { files: files.iter().map(text).collect() }
    }

    fn part() -> Part {
        let files = package(&[("system.yaml", "id: words\n"), ("codes/a.yaml", "name: a\n")]).files;
        let text = str::to_owned;
        Part {
            vendor: text("vendor_a"),
            id: text("words"),
            name: text("語"),
            version: text("1"),
            hash: Package { files: files.clone() }.hash(),
            withdrawn: false,
            files,
        }
    }

    /// What comes of a system with these files that names the part, changed.
    #[track_caller]
    fn check(files: &[(&str, &str)], change: impl FnOnce(&mut Named, &mut Part), expected: Expect) {
        let mut known = part();
        let Part { vendor, id, version, hash, .. } = known.clone();
        let mut named = Named { vendor, id, version, hash };
        change(&mut named, &mut known);
        let bill = parts_name("{\"components\": []}", &[named.clone()]).unwrap();
        assert_eq!(parts_named(&bill), [named]);
        let found = parts_check(&bill, &package(files), &[known]);
        let shown: Vec<&str> = found.iter().map(|one| one.found.as_str()).collect();
        expected.assert_eq(&shown.join("\n"));
    }

    #[test]
    fn a_part_is_built_in_as_it_is_in_the_catalogue() {
        let whole = [("system.yaml", "id: x\n"), ("codes/a.yaml", "name: a\n")];
        let hash = part().hash;
        assert_eq!(hash.len(), 64);
        check(
            &whole,
            |named, _| named.version = "2".to_owned(),
            expect![["この事業者、識別名、版、ハッシュの部品はカタログにない"]],
        );
        for change in [
            |named: &mut Named| named.vendor = "vendor_b".to_owned(),
            |named: &mut Named| named.hash = "00".to_owned(),
            |named: &mut Named| named.hash = String::new(),
        ] {
            check(
                &whole,
                |named, _| change(named),
                expect![["この事業者、識別名、版、ハッシュの部品はカタログにない"]],
            );
        }
        check(
            &whole,
            |_, part| part.withdrawn = true,
            expect![["事業者がこの部品を取り下げている"]],
        );
        check(&whole[..1], |_, _| {}, expect!["「codes/a.yaml」がない"]);
        let altered = [("codes/a.yaml", "name: b\n")];
        check(&altered, |_, _| {}, expect!["「codes/a.yaml」が部品と違う"]);
        let bill = parts_name("{\"components\": []}", &[]).unwrap();
        assert!(parts_check(&bill, &package(&whole), &[part()]).is_empty());
        assert!(parts_named("x").is_empty() && parts_name("{}", &[]).is_err());
        // A component that is no part of the catalogue is nobody's here.
        assert!(parts_named("{\"components\": [{\"name\": \"書体\"}]}").is_empty());
    }

    #[test]
    fn a_part_has_content_and_no_parts() {
        let head = "id: words\ncode: 周辺\nname: 語\nname_en: Words\nstatute: なし\nversion: 1\n\
                    bodies: [municipality]\n";
        let codes = "name: 語\nentries: { '1': { name: 一, name_en: One } }\n";
        let load = |files: &[(&str, &str)]| definition::load(&package(files)).unwrap().0;
        let failing = |system: &System, bill: &str| {
            let found = part_asked(system, bill);
            found.iter().filter(|one| one.remedy.is_some()).count()
        };
        let sound = load(&[("system.yaml", head), ("codes/words.yaml", codes)]);
        assert!(is_part(&sound));
        assert_eq!(failing(&sound, "{}"), 0);
        assert_eq!(failing(&load(&[("system.yaml", head)]), "{}"), 1);
        let other = Named {
            vendor: "v".to_owned(),
            id: "x".to_owned(),
            version: "1".to_owned(),
            hash: "0".to_owned(),
        };
        let bill = parts_name("{\"components\": []}", &[other]).unwrap();
        assert_eq!(failing(&sound, &bill), 1);
        let none: BTreeMap<String, String> = BTreeMap::new();
        assert!(part_difference(&Package { files: none }, &package(&[])).is_none());
    }
}
