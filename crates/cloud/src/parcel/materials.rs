//! 部品表 (SBOM, CycloneDX 1.6): what a package consists of. A package is data, so its bill of
//! materials is its files with their SHA-256; a vendor may bring along a longer one, whose files
//! must be those that are there.

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
    let mut listed = 0;
    for one in components {
        let name = one.get("name").and_then(Value::as_str);
        let name = name.ok_or_else(|| "name のない部品がある".to_owned())?;
        let Some(file) = package.files.get(name) else { continue };
        listed += 1;
        let digest = digest_text(file.as_bytes());
        let given = one.pointer("/hashes/0/content").and_then(Value::as_str);
        if given != Some(digest.as_str()) {
            return Err(format!("「{name}」の SHA-256 が包みのものと違う"));
        }
    }
    if listed != package.files.len() {
        let missing = package.files.len() - listed;
        return Err(format!("包みのファイルのうち {missing} が載っていない"));
    }
    Ok(format!("CycloneDX {}、部品 {}", field("specVersion"), components.len()))
}
