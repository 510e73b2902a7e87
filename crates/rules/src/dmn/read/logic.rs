//! Reading decision logic: boxed expressions and decision tables.

use roxmltree::Node;

use super::{attribute, name_of, text_of};

/// A boxed expression with the type it declares.
#[derive(Debug)]
pub(crate) struct Boxed {
    pub type_name: Option<String>,
    pub logic: Logic,
}

/// What a boxed expression holds.
#[derive(Debug)]
pub(crate) enum Logic {
    Literal(String),
    /// Entries with name and type; the one without a name is the result.
    Context(Vec<(Option<String>, Option<String>, Boxed)>),
    List(Vec<Boxed>),
    Relation(Vec<String>, Vec<Vec<Boxed>>),
    Invocation(Box<Boxed>, Vec<(String, Boxed)>),
    Function(FunctionText),
    Table(Box<TableText>),
    Conditional(Box<[Boxed; 3]>),
    For {
        variable: String,
        list: Box<Boxed>,
        body: Box<Boxed>,
    },
    Quantified {
        some: bool,
        variable: String,
        list: Box<Boxed>,
        body: Box<Boxed>,
    },
    Filter {
        list: Box<Boxed>,
        condition: Box<Boxed>,
    },
    /// Something this reader does not know, by its name.
    Unknown(String),
}

/// A function with its parameters.
#[derive(Debug)]
pub(crate) struct FunctionText {
    pub parameters: Vec<(String, Option<String>)>,
    /// FEEL, Java or PMML.
    pub kind: String,
    pub body: Option<Box<Boxed>>,
}

/// A decision table as written.
#[derive(Debug)]
pub(crate) struct TableText {
    pub policy: String,
    pub aggregation: Option<String>,
    pub inputs: Vec<Column>,
    pub outputs: Vec<Column>,
    pub rows: Vec<(Vec<String>, Vec<String>)>,
}

/// An input or an output of a table.
#[derive(Debug)]
pub(crate) struct Column {
    /// The expression of an input, the name of an output.
    pub text: String,
    pub type_name: Option<String>,
    pub values: Option<String>,
    pub default: Option<String>,
}

fn is_logic(node: &Node<'_, '_>) -> bool {
    node.is_element()
        && !matches!(
            node.tag_name().name(),
            "description"
                | "extensionElements"
                | "question"
                | "allowedAnswers"
                | "variable"
                | "informationRequirement"
                | "knowledgeRequirement"
                | "authorityRequirement"
                | "supportedObjective"
                | "impactedPerformanceIndicator"
                | "decisionMaker"
                | "decisionOwner"
                | "usingProcess"
                | "usingTask"
                | "formalParameter"
        )
}

/// The boxed expression within a node such as `in` or `return`.
fn within(node: Node<'_, '_>, name: &str) -> Boxed {
    let holder = node.children().find(|child| child.tag_name().name() == name);
    let inner = holder.and_then(|holder| holder.children().find_map(boxed));
    inner.unwrap_or_else(|| missing(name))
}

fn missing(name: &str) -> Boxed {
    Boxed { type_name: None, logic: Logic::Unknown(format!("{name} の中身がありません")) }
}

/// A boxed expression, if `node` is one.
pub(super) fn boxed(node: Node<'_, '_>) -> Option<Boxed> {
    if !is_logic(&node) {
        return None;
    }
    let logic = match node.tag_name().name() {
        "literalExpression" => Logic::Literal(text_of(node, "text").unwrap_or_default()),
        "context" => Logic::Context(elements(node, "contextEntry").map(entry).collect()),
        "list" => Logic::List(node.children().filter_map(boxed).collect()),
        "relation" => {
            let rows = elements(node, "row").map(|row| row.children().filter_map(boxed).collect());
            let rows = rows.collect();
            Logic::Relation(elements(node, "column").map(name_of).collect(), rows)
        }
        "invocation" => invocation(node),
        "functionDefinition" => return function(node),
        "decisionTable" => Logic::Table(Box::new(table(node))),
        "conditional" => Logic::Conditional(Box::new([
            within(node, "if"),
            within(node, "then"),
            within(node, "else"),
        ])),
        "for" => Logic::For {
            variable: attribute(node, "iteratorVariable").unwrap_or_default(),
            list: Box::new(within(node, "in")),
            body: Box::new(within(node, "return")),
        },
        "some" | "every" => Logic::Quantified {
            some: node.tag_name().name() == "some",
            variable: attribute(node, "iteratorVariable").unwrap_or_default(),
            list: Box::new(within(node, "in")),
            body: Box::new(within(node, "satisfies")),
        },
        "filter" => Logic::Filter {
            list: Box::new(within(node, "in")),
            condition: Box::new(within(node, "match")),
        },
        other => Logic::Unknown(other.to_owned()),
    };
    Some(Boxed { type_name: attribute(node, "typeRef"), logic })
}

fn elements<'a>(node: Node<'a, 'a>, name: &'static str) -> impl Iterator<Item = Node<'a, 'a>> {
    node.children().filter(move |child| child.tag_name().name() == name)
}

fn entry(node: Node<'_, '_>) -> (Option<String>, Option<String>, Boxed) {
    let variable = node.children().find(|child| child.tag_name().name() == "variable");
    let name = variable.map(|variable| name_of(variable));
    let type_name = variable.and_then(|variable| attribute(variable, "typeRef"));
    let value = node.children().find_map(boxed).unwrap_or_else(|| missing("contextEntry"));
    (name, type_name, value)
}

fn invocation(node: Node<'_, '_>) -> Logic {
    let mut parts = node.children().filter(|child| child.tag_name().name() != "binding");
    let callee = parts.find_map(boxed).unwrap_or_else(|| missing("invocation"));
    let bindings = node.children().filter(|child| child.tag_name().name() == "binding");
    let bindings = bindings.map(|binding| {
        let parameter = binding.children().find(|child| child.tag_name().name() == "parameter");
        let value = binding.children().filter(|child| child.tag_name().name() != "parameter");
        let value = value.into_iter().find_map(boxed).unwrap_or_else(|| missing("binding"));
        (parameter.map(|parameter| name_of(parameter)).unwrap_or_default(), value)
    });
    Logic::Invocation(Box::new(callee), bindings.collect())
}

/// A function definition, also the one within a business knowledge model.
pub(super) fn function(node: Node<'_, '_>) -> Option<Boxed> {
    let parameters = node.children().filter(|child| child.tag_name().name() == "formalParameter");
    let parameters =
        parameters.map(|parameter| (name_of(parameter), attribute(parameter, "typeRef")));
    let parameters = parameters.collect();
    let kind = attribute(node, "kind").unwrap_or_else(|| "FEEL".to_owned());
    let body = node.children().find_map(boxed).map(Box::new);
    let logic = Logic::Function(FunctionText { parameters, kind, body });
    Some(Boxed { type_name: attribute(node, "typeRef"), logic })
}

/// A decision table.
pub(in crate::dmn) fn table(node: Node<'_, '_>) -> TableText {
    let texts = |row: Node<'_, '_>, name: &str| -> Vec<String> {
        let cells = row.children().filter(|child| child.tag_name().name() == name);
        cells.map(|cell| text_of(cell, "text").unwrap_or_default()).collect()
    };
    let rows = node.children().filter(|child| child.tag_name().name() == "rule");
    let columns = |name: &str| -> Vec<Column> {
        let columns = node.children().filter(|child| child.tag_name().name() == name);
        columns.map(column).collect()
    };
    TableText {
        policy: attribute(node, "hitPolicy").unwrap_or_else(|| "UNIQUE".to_owned()),
        aggregation: attribute(node, "aggregation"),
        inputs: columns("input"),
        outputs: columns("output"),
        rows: rows.map(|row| (texts(row, "inputEntry"), texts(row, "outputEntry"))).collect(),
    }
}

fn column(node: Node<'_, '_>) -> Column {
    let part = |name: &str| node.children().find(|child| child.tag_name().name() == name);
    let text = |name: &str| part(name).and_then(|part| text_of(part, "text"));
    let expression = part("inputExpression");
    let type_name = expression.and_then(|expression| attribute(expression, "typeRef"));
    Column {
        text: text("inputExpression").unwrap_or_else(|| name_of(node)),
        type_name: type_name.or_else(|| attribute(node, "typeRef")),
        values: text("inputValues").or_else(|| text("outputValues")),
        default: text("defaultOutputEntry"),
    }
}
