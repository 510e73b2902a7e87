//! Which crate may use which: the edges of the architecture, and libraries kept to one crate.
//!
//! An edge that is not in the table is refused, also one between new crates.

use super::Finding;
use crate::tree::{Manifest, Tree};

/// What every pillar may stand on.
const PILLAR: &[&str] = &["base", "rules", "definition", "store", "office"];

/// Each crate and the crates of the house that it may use.
const EDGES: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("rules", &["base"]),
    ("definition", &["base", "rules"]),
    ("store", &["base", "rules", "definition"]),
    ("office", &["base", "rules", "definition", "store"]),
    ("mesh", PILLAR),
    ("cloud", PILLAR),
    ("workshop", PILLAR),
    ("agency", PILLAR),
    ("transfer", PILLAR),
    ("population", &["base"]),
    ("print", &["base"]),
    (
        "portal",
        &[
            "base",
            "rules",
            "definition",
            "store",
            "office",
            "mesh",
            "cloud",
            "workshop",
            "agency",
            "transfer",
            "print",
        ],
    ),
    (
        "testkit",
        &[
            "base",
            "rules",
            "definition",
            "store",
            "office",
            "mesh",
            "cloud",
            "workshop",
            "agency",
            "transfer",
            "population",
            "print",
            "portal",
        ],
    ),
    (
        "kumoi",
        &[
            "base",
            "rules",
            "definition",
            "store",
            "office",
            "mesh",
            "cloud",
            "workshop",
            "agency",
            "transfer",
            "population",
            "print",
            "portal",
        ],
    ),
    ("xtask", &["definition"]),
];

/// Outside libraries that only one crate may use.
const KEPT: &[(&str, &str, &str)] = &[
    ("tokio-postgres", "store", "store is the only crate with SQL"),
    ("deadpool-postgres", "store", "store is the only crate with SQL"),
    ("typst", "print", "Typst builds for minutes and stays at the edge"),
    ("typst-pdf", "print", "Typst builds for minutes and stays at the edge"),
];

/// One dependency of a manifest.
#[derive(Debug, PartialEq)]
struct Edge {
    name: String,
    line: usize,
    only_tests: bool,
}

/// The edges that the table does not allow.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.manifests.iter().flat_map(check_manifest).collect()
}

fn check_manifest(manifest: &Manifest) -> Vec<Finding> {
    let own = manifest.folder.as_str();
    let mut findings = Vec::new();
    let mut say = |line, words: String| findings.push(Finding::at(&manifest.path, line, words));
    if !manifest.text.lines().any(|line| line.trim() == format!("name = \"{own}\"")) {
        say(1, format!("the package must have its folder's name: name = \"{own}\""));
    }
    let Some((_, allowed)) = EDGES.iter().find(|(name, _)| *name == own) else {
        say(1, format!("crate {own} is not in the table of edges (xtask/src/tidy/edges.rs)"));
        return findings;
    };
    for edge in edges(&manifest.text) {
        let name = edge.name.as_str();
        let is_ours = EDGES.iter().any(|(house, _)| *house == name);
        let is_testkit = name == "testkit" && edge.only_tests;
        if is_ours && !is_testkit && !allowed.contains(&name) {
            let may = if allowed.is_empty() { "none".to_owned() } else { allowed.join(", ") };
            say(edge.line, format!("{own} must not use {name}; it may use: {may}"));
        }
        if let Some((_, owner, why)) = KEPT.iter().find(|(kept, ..)| *kept == name)
            && *owner != own
        {
            say(edge.line, format!("only {owner} may use {name}: {why}"));
        }
    }
    findings
}

/// The dependencies of a manifest: `name.workspace = true`, `name = …`, `[dependencies.name]`.
fn edges(text: &str) -> Vec<Edge> {
    let mut section = String::new();
    let mut edges = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        let mut push = |name: &str, section: &str| {
            let only_tests = section.contains("dev-dependencies");
            edges.push(Edge {
                name: name.trim_matches('"').to_owned(),
                line: index + 1,
                only_tests,
            });
        };
        if let Some(header) = line.strip_prefix('[') {
            section = header.trim_end_matches(']').to_owned();
            if let Some((_, name)) = section.rsplit_once("dependencies.") {
                push(name, &section);
            }
        } else if section.ends_with("dependencies")
            && let Some((key, _)) = line.split_once('=')
        {
            push(key.trim().split('.').next().unwrap_or_default(), &section);
        }
    }
    edges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::TestTree;

    #[track_caller]
    fn check_words(folder: &str, manifest: &str, expect: &[&str]) {
        let path = format!("crates/{folder}/Cargo.toml");
        let tree = TestTree::new(&[(&path, manifest)]).read();
        let words: Vec<String> = check(&tree).into_iter().map(|it| it.words).collect();
        assert_eq!(words.len(), expect.len(), "{words:?}");
        for (words, expect) in words.iter().zip(expect) {
            assert!(words.contains(expect), "{words}");
        }
    }

    #[test]
    fn only_the_edges_of_the_table_pass() {
        let base = "[package]\nname = \"base\"\n[dependencies]\nserde.workspace = true\n";
        check_words("base", base, &[]);
        check_words(
            "base",
            &format!("{base}store.workspace = true\n"),
            &["base must not use store"],
        );
        let office = "[package]\nname = \"office\"\n[dependencies]\nstore.workspace = true\n";
        check_words("office", office, &[]);
        check_words(
            "office",
            &format!("{office}portal = {{ path = \"../portal\" }}\n"),
            &["portal"],
        );
        check_words("office", &format!("{office}[dependencies.cloud]\npath = \"x\"\n"), &["cloud"]);
        check_words("office", "name = \"desk\"", &["folder's name"]);
        check_words("garden", "name = \"garden\"", &["table of edges"]);
    }

    #[test]
    fn testkit_is_for_tests() {
        let dev = "name = \"store\"\n[dev-dependencies]\ntestkit.workspace = true\n";
        check_words("store", dev, &[]);
        check_words("store", &dev.replace("dev-", ""), &["store must not use testkit"]);
        let other = "name = \"rules\"\n[dev-dependencies]\nstore.workspace = true\n";
        check_words("rules", other, &["rules must not use store"]);
    }

    #[test]
    fn kept_libraries_stay_where_they_are() {
        let portal = "name = \"portal\"\n[dependencies]\ntokio-postgres.workspace = true\n";
        check_words("portal", portal, &["only store may use tokio-postgres"]);
        check_words("print", "name = \"print\"\n[dependencies]\n\"typst\" = \"1\"", &[]);
    }
}
