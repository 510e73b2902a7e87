//! The page of a system, and the schemas for editors.

use expect_test::expect_file;
use serde_json::Value;

use crate::support::{package_of, shown};
use crate::systems::loaded;

fn sound() -> definition::System {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/good");
    definition::load(&package_of(&folder)).unwrap_or_else(|e| panic!("{}", shown(&e))).0
}

#[test]
fn the_page_says_what_the_files_say() {
    expect_file!["../page.md"].assert_eq(&definition::page::system_page(&sound()));
}

#[test]
fn pages_name_every_procedure_and_check() {
    for id in ["resident-record", "seal-registration"] {
        let system = loaded(id);
        let page = definition::page::system_page(&system);
        for procedure in &system.procedures {
            assert!(page.contains(&format!("## {}\n", procedure.name)), "{}", procedure.name);
            for check in &procedure.checks {
                assert!(page.contains(&check.message), "{}", check.message);
            }
        }
        for row in page.lines().filter(|line| line.starts_with('|')) {
            assert!(row.ends_with('|'), "a broken row: {row}");
        }
    }
}

#[test]
fn file_schemas_cover_each_kind_of_file() {
    let schemas = definition::schema::file_schemas();
    let names: Vec<&str> = schemas.keys().copied().collect();
    let expected = [
        "calculations/*.yaml",
        "codes/*.yaml",
        "intakes/*.yaml",
        "interfaces/*.yaml",
        "items/*.yaml",
        "parameters/*.yaml",
        "price.yaml",
        "procedures/*.yaml",
        "registers/*.yaml",
        "runs/*.yaml",
        "samples.yaml",
        "standard.yaml",
        "system.yaml",
    ];
    assert_eq!(names, expected);
    let procedure = &schemas["procedures/*.yaml"];
    assert_eq!(procedure["additionalProperties"], Value::Bool(false));
    let effects = &procedure["properties"]["effects"]["items"];
    assert_eq!(effects["oneOf"].as_array().map(Vec::len), Some(8));
    let item = &schemas["registers/*.yaml"]["properties"]["items"]["items"];
    assert_eq!(item["properties"]["type"]["enum"][1], "Ｎ");
    for key in ["name", "name_en", "romaji", "type"] {
        let required = item["required"].as_array().expect("a list");
        assert!(required.contains(&Value::from(key)), "{key}");
    }
    expect_file!["../system.schema.json"].assert_eq(&format!("{:#}\n", schemas["system.yaml"]));
}

#[test]
fn form_schemas_say_what_is_required() {
    let system = loaded("resident-record");
    let procedure = system.procedure("move-in").expect("the procedure");
    let schema = definition::schema::form_schema(&system, procedure);
    let entry = &schema["properties"]["転入者"]["items"];
    assert_eq!(entry["properties"]["性別"]["enum"], serde_json::json!(["1", "2", "0"]));
    let required = entry["required"].as_array().expect("a list");
    assert!(required.contains(&Value::from("氏名")));
    assert!(!required.contains(&Value::from("住民種別")), "it has a first value");
}
