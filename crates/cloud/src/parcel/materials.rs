//! 部品表 (SBOM, CycloneDX 1.6): what a package consists of. A package is data, so its bill of
//! materials is its files with their SHA-256; a vendor may bring along a longer one, whose files
//! must be those that are there.

use std::collections::BTreeSet;

use definition::Package;
use serde_json::{Value, json};

use super::digest_text;

/// The bill of materials of a package: name and version of the system, and every file.
pub fn materials_of(package: &Package, (name, version): (&str, &str), vendor: &str) -> String {
    let file = |(path, text): (&String, &String)| {
        json!({
            "type": "file",
            "bom-ref": format!("file:{path}"),
            "name": path,
            "hashes": [{"alg": "SHA-256", "content": digest_text(text.as_bytes())}],
        })
    };
    let files: Vec<Value> = package.files.iter().map(file).collect();
    let bill = json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": format!("{name}@{version}"),
                "name": name,
                "version": version,
                "supplier": {"name": vendor},
            },
        },
        "components": files,
    });
    format!("{bill:#}\n")
}

/// What a bill of materials lists.
///
/// # Errors
/// Why it is none of this package, in Japanese.
pub fn materials_check(text: &str, package: &Package) -> Result<String, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| {
        format!("{} 行 {} 列で JSON として読めない", error.line(), error.column())
    })?;
    let field = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default();
    if field("bomFormat") != "CycloneDX" || field("specVersion").is_empty() {
        return Err("bomFormat が CycloneDX でないか、specVersion がない".to_owned());
    }
    let components = value.get("components").and_then(Value::as_array);
    let components = components.ok_or_else(|| "components がない".to_owned())?;
    let mut listed = BTreeSet::new();
    for one in components {
        let name = one.get("name").and_then(Value::as_str);
        let name = name.ok_or_else(|| "name のない部品がある".to_owned())?;
        let Some(file) = package.files.get(name) else { continue };
        let digest = digest_text(file.as_bytes());
        match sha256_of(one) {
            None => return Err(format!("「{name}」に SHA-256 がない")),
            Some(given) if !given.eq_ignore_ascii_case(&digest) => {
                return Err(format!("「{name}」の SHA-256 が提出されたファイルと違う"));
            }
            Some(_) => {}
        }
        listed.insert(name);
    }
    let mut missing = package.files.keys().filter(|name| !listed.contains(name.as_str()));
    if let Some(first) = missing.next() {
        let count = 1 + missing.count();
        return Err(format!("提出されたファイルのうち {count} が載っていない（「{first}」など）"));
    }
    Ok(format!("CycloneDX {}、部品 {}", field("specVersion"), components.len()))
}

/// The SHA-256 that a component states, wherever it stands among its digests.
fn sha256_of(component: &Value) -> Option<&str> {
    let digests = component.get("hashes")?.as_array()?;
    let own = digests.iter().find(|one| one.get("alg").and_then(Value::as_str) == Some("SHA-256"));
    own?.get("content")?.as_str()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use expect_test::{Expect, expect};

    use super::*;

    fn package() -> Package {
        let file = |(name, text): (&str, &str)| (name.to_owned(), text.to_owned());
        let files = [("system.yaml", "id: x\n"), ("codes/a.yaml", "name: a\n")].map(file);
        Package { files: BTreeMap::from(files) }
    }

    /// What is said of a bill whose components were changed.
    #[track_caller]
    fn check(change: impl FnOnce(&mut Vec<Value>), expected: Expect) {
        let bill = materials_of(&package(), ("x", "1"), "vendor_a");
        let mut bill: Value = serde_json::from_str(&bill).unwrap();
        change(bill["components"].as_array_mut().unwrap());
        let found = materials_check(&bill.to_string(), &package());
        expected.assert_eq(&found.unwrap_or_else(|why| why));
    }

    #[test]
    fn a_bill_names_every_file_with_its_digest() {
        check(|_| {}, expect!["CycloneDX 1.6、部品 2"]);
        check(
            |own| own.push(json!({"type": "library", "name": "書体"})),
            expect!["CycloneDX 1.6、部品 3"],
        );
        // One file named twice is not two files.
        check(
            |own| own[0] = own[1].clone(),
            expect!["提出されたファイルのうち 1 が載っていない（「codes/a.yaml」など）"],
        );
        check(
            |own| own[0]["hashes"][0]["content"] = json!("00"),
            expect!["「codes/a.yaml」の SHA-256 が提出されたファイルと違う"],
        );
        check(
            |own| own[0]["hashes"][0]["alg"] = json!("MD5"),
            expect!["「codes/a.yaml」に SHA-256 がない"],
        );
        let md5 = json!({"alg": "MD5", "content": "00"});
        check(
            |own| own[0]["hashes"].as_array_mut().unwrap().insert(0, md5),
            expect!["CycloneDX 1.6、部品 2"],
        );
        check(|own| own[0] = json!({"type": "file"}), expect!["name のない部品がある"]);
    }
}
