//! What an organisation takes along beside its registers, as JSON lines: cases, journal, audit with
//! their leaves in the log, documents, values of its ordinances, rules, staff.
//!
//! Never a secret: no password, no seed of a one-time code, no session.

mod control;
#[cfg(test)]
mod tests;

pub use control::{CONTROL, LEFT_OUT, Meant};

/// One kind of record.
#[derive(Debug)]
pub struct Listing {
    /// Its name, also of the file.
    pub name: &'static str,
    pub(crate) sql: &'static str,
}

/// A listing of a whole table of the house, in the order of its key.
macro_rules! table {
    ($name:literal, $order:literal) => {
        Listing {
            name: $name,
            sql: concat!("select to_jsonb(t)::text from core.", $name, " t order by ", $order),
        }
    };
}

/// 異動, each with its leaf: enough to verify the log without this house.
pub const JOURNAL: Listing = Listing {
    name: "journal",
    sql: "select (to_jsonb(t) || jsonb_build_object('leaf', l.leaf_index,
            'salt', encode(l.salt, 'hex'), 'commitment', encode(l.commitment, 'hex')))::text
          from core.journal t left join core.log_leaf l
            on l.kind = 'journal' and l.entry_id = t.event_id order by t.event_id",
};

/// 監査, each with its leaf.
pub const AUDIT: Listing = Listing {
    name: "audit",
    sql: "select (to_jsonb(t) || jsonb_build_object('leaf', l.leaf_index,
            'salt', encode(l.salt, 'hex'), 'commitment', encode(l.commitment, 'hex')))::text
          from core.audit t left join core.log_leaf l
            on l.kind = 'audit' and l.entry_id = t.id order by t.id",
};

/// 情報連携, each exchange with its leaf.
pub const EXCHANGE: Listing = Listing {
    name: "exchange",
    sql: "select (to_jsonb(t) || jsonb_build_object('leaf', l.leaf_index,
            'salt', encode(l.salt, 'hex'), 'commitment', encode(l.commitment, 'hex')))::text
          from core.exchange t left join core.log_leaf l
            on l.kind = 'exchange' and l.entry_id = t.id order by t.id",
};

/// The signed checkpoints of the log.
pub const CHECKPOINTS: Listing = table!("log_checkpoint", "size");

/// Everything of the register database beside the registers.
pub const OFFICE: &[Listing] = &[
    table!("organisation", "id"),
    table!("system", "id"),
    table!("system_version", "system, installed_at, hash"),
    table!("vendor_change", "id"),
    table!("series", "name"),
    table!("ordinance_value", "name, valid_from"),
    table!("decision_rule", "id"),
    table!("cases", "id"),
    table!("case_act", "id"),
    table!("document", "number"),
    table!("glyph", "id"),
    table!("forward", "id"),
    table!("job", "id"),
    table!("run", "id"),
    table!("run_waiting", "run_id, subject"),
    table!("intake", "id"),
    table!("intake_row", "intake_id, line"),
    JOURNAL,
    AUDIT,
    EXCHANGE,
    CHECKPOINTS,
];

/// Staff and their roles, without what they sign in with.
pub const STAFF: &[Listing] = &[
    Listing {
        name: "account",
        sql: "select to_jsonb(t)::text from (select id, name, valid_from, valid_to
              from staff.account order by id) t",
    },
    Listing {
        name: "role_grant",
        sql: "select to_jsonb(t)::text from staff.role_grant t
              order by account, role, valid_from",
    },
];
