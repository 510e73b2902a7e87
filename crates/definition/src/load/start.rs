//! `startable` of a procedure: on which rows it may be started. The rules see one row and the day,
//! never the form, relations or parameters, so that they are decided without reading anything.

use rules::types::Type;

use crate::compile::{compile_as, row_scope};
use crate::keys::STARTABLE;
use crate::model::{Procedure, Register, Selection, StartRule};
use crate::reader::Reader;
use crate::yaml::Node;

/// Reads the rules.
pub(super) fn read(
    reader: &mut Reader<'_>,
    node: Option<&Node>,
    procedure: &Procedure,
    register: &Register,
) -> Vec<StartRule> {
    if let Some(node) = node.filter(|_| procedure.selection == Selection::New) {
        let message = "行を新しく開く手続（select: new）には、始める行がありません";
        let help = "startable を消すか、select を one か related にしてください";
        reader.error(node.place, message, Some(help.to_owned()));
        return Vec::new();
    }
    let scope = row_scope(register);
    let nodes = reader.list(node);
    nodes.iter().filter_map(|node| read_rule(reader, node, &scope)).collect()
}

fn read_rule(reader: &mut Reader<'_>, node: &Node, scope: &rules::Scope) -> Option<StartRule> {
    let fields = reader.map(node, STARTABLE);
    let message = reader.required(&fields, "message");
    if fields.get("when").is_none() {
        reader.missing(&fields, "when");
    }
    let when = compile_as(reader, fields.get("when"), scope, ("始められる条件", &Type::Boolean))?;
    Some(StartRule {
        when,
        message_en: reader
            .in_english(&fields, "message", "message_en")
            .unwrap_or_else(|| message.clone()),
        message,
        source: reader.located(fields.get("when")).unwrap_or_default(),
    })
}
