//! Reading a DMN model: from XML to definitions, without types yet.

pub(super) mod logic;

use roxmltree::{Document, Node};

pub(crate) use logic::{Boxed, Column, Logic, TableText};

/// A model as written.
#[derive(Debug, Default)]
pub(crate) struct Model {
    pub namespace: String,
    /// Name under which an imported model is known, and its namespace.
    pub imports: Vec<(String, String)>,
    pub types: Vec<ItemDefinition>,
    pub elements: Vec<Element>,
}

/// A type as written (itemDefinition or itemComponent).
#[derive(Clone, Debug, Default)]
pub(crate) struct ItemDefinition {
    pub name: String,
    pub reference: Option<String>,
    pub components: Vec<ItemDefinition>,
    pub is_list: bool,
    pub is_function: bool,
    pub allowed: Option<String>,
    /// Tests of the whole value rather than of each element.
    pub constraint: Option<String>,
}

/// An input, a decision, a function or a service.
#[derive(Debug)]
pub(crate) struct Element {
    pub id: String,
    pub name: String,
    pub type_name: Option<String>,
    /// The keys of what it needs.
    pub needs: Vec<String>,
    pub kind: ElementKind,
}

/// What an element is.
#[derive(Debug)]
pub(crate) enum ElementKind {
    Input,
    Decision(Option<Boxed>),
    /// A business knowledge model.
    Function(Option<Boxed>),
    Service {
        outputs: Vec<String>,
        /// Input data and input decisions, in this order.
        parameters: Vec<String>,
    },
}

pub(super) fn children<'a>(
    node: Node<'a, 'a>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'a>> {
    node.children().filter(move |child| child.tag_name().name() == name)
}

/// The text of the child `text`, or of another child.
pub(super) fn text_of(node: Node<'_, '_>, name: &'static str) -> Option<String> {
    node.children().find(|child| child.tag_name().name() == name).map(all_text)
}

fn all_text(node: Node<'_, '_>) -> String {
    node.children().filter_map(|child| child.text()).collect()
}

pub(super) fn attribute(node: Node<'_, '_>, name: &str) -> Option<String> {
    node.attribute(name).map(str::to_owned)
}

/// A name as names are compared: one space between words.
pub(super) fn name_of(node: Node<'_, '_>) -> String {
    let name = node.attribute("name").unwrap_or_default();
    name.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Where the text stops being XML.
pub(super) fn broken_xml(error: &roxmltree::Error) -> String {
    let place = error.pos();
    format!("{}行{}文字目: XML として読めません（{error}）。", place.row, place.col)
}

/// Reads a model.
///
/// # Errors
/// Says in Japanese why the text is not a model.
pub(crate) fn read_model(xml: &str) -> Result<Model, String> {
    let xml = xml.trim_start_matches('\u{feff}');
    let document = Document::parse(xml).map_err(|error| broken_xml(&error))?;
    check_depth(&document)?;
    let root = document.root_element();
    if root.tag_name().name() != "definitions" {
        return Err(
            "DMN の definitions がありません。DMN のファイルか確かめてください。".to_owned()
        );
    }
    let namespace = root.attribute("namespace").unwrap_or_default().to_owned();
    let imports = children(root, "import");
    let imports =
        imports.map(|import| (name_of(import), attribute(import, "namespace").unwrap_or_default()));
    let elements = root.children().filter_map(|node| element(node, &namespace)).collect();
    Ok(Model {
        imports: imports.collect(),
        types: children(root, "itemDefinition").map(item_definition).collect(),
        elements,
        namespace,
    })
}

/// Elements within elements, so that reading ends.
const MAX_DEPTH: usize = 200;

pub(super) fn check_depth(document: &Document<'_>) -> Result<(), String> {
    let (mut node, mut depth) = (document.root(), 0_usize);
    loop {
        if let Some(child) = node.first_child() {
            (node, depth) = (child, depth + 1);
            if depth > MAX_DEPTH {
                return Err(format!("要素の入れ子が深すぎます（{MAX_DEPTH}段まで）。"));
            }
            continue;
        }
        while node.next_sibling().is_none() {
            match node.parent() {
                Some(parent) => (node, depth) = (parent, depth - 1),
                None => return Ok(()),
            }
        }
        match node.next_sibling() {
            Some(next) => node = next,
            None => return Ok(()),
        }
    }
}

fn item_definition(node: Node<'_, '_>) -> ItemDefinition {
    let tests = |name| {
        let holder = node.children().find(|child| child.tag_name().name() == name)?;
        text_of(holder, "text")
    };
    ItemDefinition {
        name: name_of(node),
        reference: text_of(node, "typeRef").map(|name| name.trim().to_owned()),
        components: node
            .children()
            .filter(|child| child.tag_name().name() == "itemComponent")
            .map(item_definition)
            .collect(),
        is_list: node.attribute("isCollection") == Some("true"),
        is_function: node.children().any(|child| child.tag_name().name() == "functionItem"),
        allowed: tests("allowedValues"),
        constraint: tests("typeConstraint"),
    }
}

/// The key of what `href` names: namespace, `#`, id.
fn key(href: &str, namespace: &str) -> String {
    match href.split_once('#') {
        Some(("", id)) => format!("{namespace}#{id}"),
        Some(_) => href.to_owned(),
        None => format!("{namespace}#{href}"),
    }
}

fn keys(node: Node<'_, '_>, name: &str, namespace: &str) -> Vec<String> {
    let found = node.children().filter(|child| child.tag_name().name() == name);
    found.filter_map(|child| child.attribute("href")).map(|href| key(href, namespace)).collect()
}

fn needs(node: Node<'_, '_>, namespace: &str) -> Vec<String> {
    let mut needs = Vec::new();
    for requirement in node.children() {
        for name in ["requiredDecision", "requiredInput", "requiredKnowledge"] {
            needs.extend(keys(requirement, name, namespace));
        }
    }
    needs
}

fn element(node: Node<'_, '_>, namespace: &str) -> Option<Element> {
    let kind = match node.tag_name().name() {
        "inputData" => ElementKind::Input,
        "decision" => ElementKind::Decision(node.children().find_map(logic::boxed)),
        "businessKnowledgeModel" => {
            let logic = node.children().find(|c| c.tag_name().name() == "encapsulatedLogic");
            ElementKind::Function(logic.and_then(logic::function))
        }
        "decisionService" => {
            let mut parameters = keys(node, "inputData", namespace);
            parameters.extend(keys(node, "inputDecision", namespace));
            ElementKind::Service { outputs: keys(node, "outputDecision", namespace), parameters }
        }
        _ => return None,
    };
    let variable = node.children().find(|child| child.tag_name().name() == "variable");
    let type_name = variable.and_then(|variable| attribute(variable, "typeRef"));
    Some(Element {
        id: match node.attribute("id") {
            Some(id) => format!("{namespace}#{id}"),
            // Nobody can point at it, but it is asked by name.
            None => format!("{namespace}#{}?{}", node.tag_name().name(), name_of(node)),
        },
        name: name_of(node),
        type_name,
        needs: needs(node, namespace),
        kind,
    })
}
