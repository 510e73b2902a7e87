//! Effects: the closed set of verbs and their arguments.

use std::cell::Cell;

use rules::{Expression, Scope, types::Type};

use super::assignment::{RowScope, check_open, read_set, take};
use super::name;
use super::register::unknown_register;
use crate::compile::{compile_as, compile_at, element_type, record_of_register};
use crate::keys::{EFFECT, SERIES, VERBS};
use crate::model::{Effect, NumberSeries, Procedure, Register, Selection, System, Verb};
use crate::reader::{Fields, Reader};
use crate::yaml::Node;

/// Which keys each verb reads, besides `when`.
const ARGUMENTS: &[(&str, &[&str])] = &[
    ("open", &["for", "each", "as", "set", "take", "effective"]),
    ("amend", &["for", "each", "key", "set", "take", "effective"]),
    ("correct", &["for", "each", "key", "set", "take"]),
    ("close", &["for", "each", "key", "set", "take", "effective"]),
    ("cancel", &[]),
    ("number", &["series"]),
    ("timer", &["for", "each", "key", "on"]),
    ("notify", &["items", "requested", "fee"]),
];

/// What an effect may refer to; numbers and opened rows add names as the list goes on.
pub(super) struct EffectContext<'s> {
    pub system: &'s System,
    pub register: &'s Register,
    pub scope: Scope,
    pub procedure: &'s Procedure,
    /// All procedures of the package.
    pub procedures: &'s [&'s str],
    /// How many items were taken from fields so far.
    pub taken: Cell<usize>,
}

/// Reads one effect.
pub(super) fn read(
    reader: &mut Reader<'_>,
    node: &Node,
    context: &mut EffectContext<'_>,
) -> Option<Effect> {
    let fields = reader.map(node, EFFECT);
    let verb = verb_of(reader, &fields)?;
    let wanted = ("条件", &Type::Boolean);
    let when = compile_as(reader, fields.get("when"), &context.scope, wanted);
    let over = match fields.get("for") {
        Some(node) => Some(compile_at(reader, Some(node), &context.scope)?),
        None => default_list(context),
    };
    let each = reader.optional(&fields, "each").unwrap_or_else(|| "対象".to_owned());
    let mut inner = context.scope.clone();
    let element = over.as_ref().and_then(|over| element_type(over.type_of()));
    match (&over, &element) {
        (None, _) => {}
        (Some(_), Some(element)) => inner.insert(&each, element.clone()),
        (Some(over), None) => {
            let message = format!("for: は並びでなければなりませんが、{}です", over.type_of());
            let help =
                "対象者、世帯員[条件]、又は if 条件 then [..] else [ ] のように書いてください";
            reader.error(fields.place_of("for"), message, Some(help.to_owned()));
            return None;
        }
    }
    let wanted = ("効力の生じる日", &Type::Date);
    let effective = compile_as(reader, fields.get("effective"), &inner, wanted);
    let verb = match verb {
        "number" => read_number(reader, &fields)?,
        "timer" => read_timer(reader, &fields, &inner, &each, context)?,
        "notify" => read_notify(reader, &fields, context),
        "cancel" => read_cancel(reader, &fields, &context.scope)?,
        name => {
            let scope = RowScope { inner: &inner, each: &each, element: element.as_ref(), context };
            read_row_verb(reader, &fields, name, &scope)?
        }
    };
    let once = matches!(verb, Verb::Number { .. } | Verb::Notify { .. } | Verb::Cancel { .. });
    let over = if once { None } else { over };
    bind(reader, &fields, &verb, context);
    let source = reader.located(Some(node.first_scalar())).unwrap_or_default();
    Some(Effect { verb, when, over, each, effective, source })
}

/// The one verb of an effect; keys that it does not read are slips.
fn verb_of(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<&'static str> {
    let verbs: Vec<&'static str> =
        VERBS.iter().copied().filter(|v| fields.get(v).is_some()).collect();
    let [verb] = verbs.as_slice() else {
        let message = match verbs.as_slice() {
            [] => "効果に動詞がありません".to_owned(),
            several => {
                format!("一つの効果に動詞が{}つあります（{}）", several.len(), several.join("、"))
            }
        };
        let help = format!("一つの効果に次のうち一つだけ書いてください: {}", VERBS.join("、"));
        reader.error(fields.place, message, Some(help));
        return None;
    };
    let (_, arguments) = ARGUMENTS.iter().find(|(name, _)| name == verb)?;
    for name in fields.names() {
        if name != *verb && name != "when" && !arguments.contains(&name) {
            let names: Vec<&str> = ["when"].iter().chain(*arguments).copied().collect();
            let help = format!("「{verb}」で使える名前: {}", names.join("、"));
            let message = format!("「{name}」は動詞「{verb}」では使えません");
            reader.error(fields.place_of(name), message, Some(help));
        }
    }
    Some(verb)
}

/// Row verbs without `for:` act on the selected subjects.
fn default_list(context: &EffectContext<'_>) -> Option<Expression> {
    let selected = context.procedure.selection != Selection::New;
    selected.then(|| rules::compile("対象者", &context.scope).ok()).flatten()
}

/// Numbers and opened rows get names for the effects that follow.
fn bind(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    verb: &Verb,
    context: &mut EffectContext<'_>,
) {
    let (key, name, kind) = match verb {
        Verb::Number { name, .. } => ("number", name, Type::Text),
        Verb::Open { bind: Some(name), register, .. } => {
            let Some(register) = context.system.register(register) else { return };
            ("as", name, Type::list(record_of_register(register)))
        }
        _ => return,
    };
    let place = fields.place_of(key);
    name::check(reader, place, name);
    if context.scope.get(name).is_some() {
        let message = format!("「{name}」はもう別の意味で使われています");
        reader.error(place, message, Some("違う名前にしてください".into()));
    }
    context.scope.insert(name, kind);
}

fn read_number(reader: &mut Reader<'_>, fields: &Fields<'_>) -> Option<Verb> {
    let series = match fields.get("series") {
        Some(node) => reader.choice(node, SERIES)?,
        None => NumberSeries::Plain,
    };
    Some(Verb::Number { series, name: reader.required(fields, "number") })
}

fn read_timer(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    scope: &Scope,
    each: &str,
    context: &EffectContext<'_>,
) -> Option<Verb> {
    let procedure = reader.required(fields, "timer");
    if !context.procedures.contains(&procedure.as_str()) {
        let message = format!("手続「{procedure}」がありません");
        let known = context.procedures.iter().copied();
        reader.unknown(fields.place_of("timer"), message, &procedure, known);
    }
    if fields.get("on").is_none() {
        reader.missing(fields, "on");
    }
    let on = compile_as(reader, fields.get("on"), scope, ("始める日", &Type::Date))?;
    Some(Verb::Timer { on, procedure, key: key(reader, fields, scope, each, context.register)? })
}

fn read_cancel(reader: &mut Reader<'_>, fields: &Fields<'_>, scope: &Scope) -> Option<Verb> {
    let wanted = ("取り消す異動の番号", &Type::INTEGER);
    Some(Verb::Cancel { event: compile_as(reader, fields.get("cancel"), scope, wanted)? })
}

fn read_notify(reader: &mut Reader<'_>, fields: &Fields<'_>, context: &EffectContext<'_>) -> Verb {
    let system = context.system;
    let notice = reader.required(fields, "notify");
    if !system.notices.contains_key(&format!("{notice}.typ")) {
        let message = format!("書式 notices/{notice}.typ がありません");
        let known = system.notices.keys().filter_map(|file| file.strip_suffix(".typ"));
        reader.unknown(fields.place_of("notify"), message, &notice, known);
    }
    // What the register does not hold may come from a row that another system publishes.
    let own = context.register.items.iter();
    let used = system.uses.iter().flat_map(|used| &used.items);
    let known: Vec<&str> = own.chain(used).map(|item| item.name.as_str()).collect();
    for node in reader.list(fields.get("items")) {
        let Some(item) = node.scalar() else { continue };
        if !known.contains(&item) {
            let message = format!("項目「{item}」は台帳「{}」にありません", context.register.name);
            reader.unknown(node.place, message, item, known.iter().copied());
        }
    }
    let wanted = ("求められた項目", &Type::list(Type::Text));
    let requested = compile_as(reader, fields.get("requested"), &context.scope, wanted);
    let wanted = ("手数料", &Type::INTEGER);
    let fee = compile_as(reader, fields.get("fee"), &context.scope, wanted);
    Verb::Notify { notice, items: reader.texts(fields.get("items")), requested, fee }
}

fn read_row_verb(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    verb: &str,
    scope: &RowScope<'_, '_>,
) -> Option<Verb> {
    let id = reader.required(fields, verb);
    let system = scope.context.system;
    let Some(register) = system.register(&id) else {
        unknown_register(reader, fields.place_of(verb), &id, system);
        return None;
    };
    let mut set = read_set(reader, fields, register, scope);
    take(reader, fields, register, scope, &mut set);
    if verb == "open" {
        check_open(reader, fields, register, &set);
        return Some(Verb::Open { register: id, bind: reader.optional(fields, "as"), set });
    }
    let key = key(reader, fields, scope.inner, scope.each, register)?;
    Some(match verb {
        "amend" => Verb::Amend { register: id, key, set },
        "correct" => Verb::Correct { register: id, key, set },
        _ => Verb::Close { register: id, key, set },
    })
}

fn key(
    reader: &mut Reader<'_>,
    fields: &Fields<'_>,
    scope: &Scope,
    each: &str,
    register: &Register,
) -> Option<Expression> {
    if let Some(node) = fields.get("key") {
        return compile_as(reader, Some(node), scope, ("行の主キー", &Type::Text));
    }
    match rules::compile(&format!("{each}.{}", register.key), scope) {
        Ok(expression) => Some(expression),
        Err(_) => {
            let message = format!("どの行かが決まりません（{each}に{}がありません）", register.key);
            reader.error(fields.place, message, Some("「key: …」を書いてください".into()));
            None
        }
    }
}
