//! `interfaces/*.yaml`: an API of the standard as data – what is sent, what comes back, errors.

use base::diagnostic::Diagnostic;

use super::item::read_kind;
use super::{Standard, StandardType, chosen};
use crate::keys::{ERROR_KINDS, INTERFACE, INTERFACE_ERROR, MESSAGE, PARAMETER_OF, RESPONSE};
use crate::load::{Package, with_file};
use crate::model::Located;
use crate::reader::{Fields, Reader};

/// API仕様.
#[derive(Clone, Debug)]
pub struct Interface {
    /// Identifier: the file's stem.
    pub id: String,
    /// Name.
    pub name: String,
    /// Version.
    pub version: String,
    /// What it was taken from.
    pub source: String,
    /// APIコール名.
    pub call: String,
    /// 操作種類.
    pub operation: String,
    /// The group of items that it carries.
    pub group: String,
    /// Seconds until a call is given up.
    pub timeout_seconds: u32,
    /// Whether those seconds are fixed, not only meant as a guide.
    pub timeout_binding: bool,
    /// How often may be asked again, where it is said.
    pub retry_limit: Option<u32>,
    /// What happens to requests at the same time, where it is said.
    pub concurrency: Option<String>,
    /// The request.
    pub request: Message,
    /// The responses.
    pub responses: Vec<Response>,
    /// Error codes.
    pub errors: Vec<InterfaceError>,
    /// Where its description begins.
    pub place: Located,
}

/// リクエスト.
#[derive(Clone, Debug, Default)]
pub struct Message {
    /// リクエストID.
    pub id: String,
    /// Parameters in order.
    pub parameters: Vec<Parameter>,
}

/// レスポンス of one status.
#[derive(Clone, Debug)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// レスポンスID, where it has one.
    pub id: Option<String>,
    /// Values in order.
    pub parameters: Vec<Parameter>,
    /// Carries a list of error codes.
    pub errors: bool,
    /// Where it stands.
    pub place: Located,
}

/// One parameter or returned value.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// 項目名.
    pub name: String,
    /// パラメータ名.
    pub romaji: String,
    /// データ型.
    pub kind: StandardType,
    /// 桁数; zero where the type has none.
    pub length: u32,
    /// Always there (◎).
    pub required: bool,
    /// There under this condition (※※).
    pub when: Option<String>,
    /// At most so many values; 1 when it says nothing.
    pub repeats: u32,
    /// Values with a meaning of their own.
    pub special: Vec<String>,
    /// Directs the call and is not recorded.
    pub control: bool,
    /// Where it stands.
    pub place: Located,
}

impl Parameter {
    /// Type and length in one word: `X(15)`, `DATE`.
    pub fn shape(&self) -> String {
        self.kind.shape(self.length)
    }
}

/// エラーコード.
#[derive(Clone, Debug)]
pub struct InterfaceError {
    /// Code.
    pub code: String,
    /// Name.
    pub name: String,
    /// What is wrong with the request.
    pub kind: ErrorKind,
    /// Where it stands.
    pub place: Located,
}

/// What an error code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// 必須.
    Missing,
    /// 文字種.
    Characters,
    /// 桁数.
    Length,
    /// 相関.
    Relation,
}

/// Reads every interface.
pub(super) fn read_all(package: &Package, standard: &mut Standard, out: &mut Vec<Diagnostic>) {
    for (stem, path, text) in package.folder("interfaces", ".yaml") {
        let interface = with_file(path, text, out, |reader, node| {
            let fields = reader.map(node, INTERFACE);
            let place = reader.located(Some(node.first_scalar())).unwrap_or_default();
            let interface = read(reader, &fields, place);
            check(reader, &fields, &interface, (stem, standard));
            interface
        });
        standard.interfaces.extend(interface);
    }
}

fn read(reader: &mut Reader<'_>, fields: &Fields<'_>, place: Located) -> Interface {
    Interface {
        id: reader.required(fields, "id"),
        name: reader.required(fields, "name"),
        version: reader.required(fields, "version"),
        source: reader.required(fields, "source"),
        call: reader.required(fields, "call"),
        operation: reader.required(fields, "operation"),
        group: reader.required(fields, "group"),
        timeout_seconds: reader.parsed(fields, "timeout_seconds", 0),
        timeout_binding: reader.flag(fields, "timeout_binding"),
        retry_limit: fields.get("retry_limit").map(|_| reader.parsed(fields, "retry_limit", 0)),
        concurrency: reader.optional(fields, "concurrency"),
        request: read_request(reader, fields),
        responses: read_responses(reader, fields),
        errors: read_errors(reader, fields),
        place,
    }
}

fn check(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    interface: &Interface,
    (stem, standard): (&str, &Standard),
) {
    for name in ["timeout_seconds", "request", "responses", "errors"] {
        if fields.get(name).is_none() {
            reader.missing(fields, name);
        }
    }
    if !interface.id.is_empty() && interface.id != stem {
        let message = format!("id「{}」とファイル名「{stem}.yaml」が違います", interface.id);
        let help = Some(format!("「id: {stem}」にしてください"));
        reader.error(fields.place_of("id"), message, help);
    }
    let groups: Vec<&str> = standard.groups.iter().map(|group| group.name.as_str()).collect();
    let group = &interface.group;
    if !group.is_empty() && !groups.contains(&group.as_str()) {
        let message = format!("グループ「{group}」は items/ にありません");
        reader.unknown(fields.place_of("group"), message, group, groups);
    }
}

fn read_request(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Message {
    let Some(node) = fields.get("request") else { return Message::default() };
    let inner = reader.map(node, MESSAGE);
    Message { id: reader.required(&inner, "id"), parameters: read_parameters(reader, &inner) }
}

fn read_responses(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Vec<Response> {
    let mut out = Vec::new();
    for node in reader.list(fields.get("responses")) {
        let inner = reader.map(node, RESPONSE);
        if inner.get("status").is_none() {
            reader.missing(&inner, "status");
        }
        out.push(Response {
            status: reader.parsed(&inner, "status", 0),
            id: reader.optional(&inner, "id"),
            parameters: read_parameters(reader, &inner),
            errors: reader.flag(&inner, "errors"),
            place: reader.located(Some(node.first_scalar())).unwrap_or_default(),
        });
    }
    out
}

fn read_errors(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Vec<InterfaceError> {
    let mut out = Vec::new();
    for node in reader.list(fields.get("errors")) {
        let inner = reader.map(node, INTERFACE_ERROR);
        out.push(InterfaceError {
            code: reader.required(&inner, "code"),
            name: reader.required(&inner, "name"),
            kind: chosen(reader, &inner, "kind", ERROR_KINDS).unwrap_or(ErrorKind::Missing),
            place: reader.located(Some(node.first_scalar())).unwrap_or_default(),
        });
    }
    out
}

fn read_parameters(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Vec<Parameter> {
    let mut out: Vec<Parameter> = Vec::new();
    for node in reader.list(fields.get("parameters")) {
        let inner = reader.map(node, PARAMETER_OF);
        let parameter = Parameter {
            name: reader.required(&inner, "name"),
            romaji: reader.required(&inner, "romaji"),
            kind: read_kind(reader, &inner),
            length: reader.parsed(&inner, "length", 0),
            required: reader.flag(&inner, "required"),
            when: reader.optional(&inner, "when"),
            repeats: reader.parsed(&inner, "repeats", 1),
            special: reader.texts(inner.get("special")),
            control: reader.flag(&inner, "control"),
            place: reader.located(Some(node.first_scalar())).unwrap_or_default(),
        };
        if out.iter().any(|other| other.romaji == parameter.romaji) {
            let message = format!("引数「{}」が二度あります", parameter.romaji);
            let help = "どちらか一つにするか、名前を変えてください".to_owned();
            reader.error(inner.place_of("romaji"), message, Some(help));
        }
        out.push(parameter);
    }
    out
}
