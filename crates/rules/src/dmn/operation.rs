//! What the tree has beyond the language of systems, for imported models alone.

use std::sync::Arc;

use super::functions::Apply;
use super::pattern::Pattern;
use super::scalar::Form;
use crate::table::Table;
use crate::tree::Node;

/// An operation of imported models; its parts are nodes of the tree.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    /// Values bound one after another as locals, each seen by the next and by the body.
    Let {
        values: Vec<Node>,
        body: Node,
    },
    /// A function; null in one of the `strict` places gives null.
    Apply {
        function: Function,
        arguments: Vec<Node>,
    },
    /// A field of a record; null if the record has none.
    Entry {
        base: Node,
        name: Arc<str>,
    },
    /// As FEEL's `for`: null over null.
    For {
        list: Node,
        body: Node,
    },
    /// The whole numbers from one to another, up or down.
    Span {
        ends: [Node; 2],
    },
    /// `some` or `every`.
    Quantified {
        some: bool,
        list: Node,
        body: Node,
    },
    Filter {
        list: Node,
        condition: Node,
    },
    Item {
        list: Node,
        position: Node,
    },
    /// Two elements as locals; the body says whether the first goes before.
    Sort {
        list: Node,
        before: Node,
    },
    Range {
        ends: [Node; 2],
        closed: [bool; 2],
        form: Form,
    },
    /// A regular expression over text, and what to do with it.
    Pattern {
        pattern: Pattern,
        action: Action,
        arguments: Vec<Node>,
    },
    Table(Table),
}

/// What is done with a regular expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    Matches,
    Replace,
    Split,
}

/// A function and the places where null gives null.
#[derive(Clone, Copy)]
pub(crate) struct Function {
    pub name: &'static str,
    pub apply: Apply,
    pub strict: u32,
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Operation {
    /// The nodes right below.
    pub fn children(&self) -> Vec<&Node> {
        match self {
            Operation::Let { values, body } => values.iter().chain([body]).collect(),
            Operation::Apply { arguments, .. } | Operation::Pattern { arguments, .. } => {
                arguments.iter().collect()
            }
            Operation::Entry { base, .. } => vec![base],
            Operation::For { list, body } | Operation::Quantified { list, body, .. } => {
                vec![list, body]
            }
            Operation::Filter { list, condition } => vec![list, condition],
            Operation::Item { list, position } => vec![list, position],
            Operation::Sort { list, before } => vec![list, before],
            Operation::Span { ends } | Operation::Range { ends, .. } => ends.iter().collect(),
            Operation::Table(table) => table.children(),
        }
    }
}
