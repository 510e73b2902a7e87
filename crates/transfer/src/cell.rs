//! A value as the text of a field, and back with the checks of its item. Pure.
//!
//! Dates are `YYYY-MM-DD` with the standard's 0000-01-01 and 9999-12-31, times of day `HH:MM:SS`
//! (the seconds may be left out), flags 1 and 0, moments UTC to the microsecond. What is wrong is
//! said without the value.

use base::date::{Date, from_standard_text, standard_text};
use definition::System;
use definition::model::{Item, ItemKind};
use jiff::Timestamp;
use store::RowMeta;
use store::bulk::record::Stored;

use crate::layout::META;

/// The fields of an item; an uncertain date has two.
pub(crate) fn item_fields(item: &Item, value: Option<&Stored>, out: &mut Vec<Option<String>>) {
    let uncertain = !item.secret && item.kind == (ItemKind::Date { uncertain: true });
    match value {
        Some(Stored::Day(day, text)) => {
            out.push(day.map(standard_text));
            if uncertain {
                out.push(text.clone());
            }
        }
        Some(Stored::Text(text)) => out.push(Some(text.clone())),
        Some(Stored::Integer(number)) => out.push(Some(number.to_string())),
        Some(Stored::Flag(flag)) => out.push(Some(if *flag { "1" } else { "0" }.to_owned())),
        None => out.extend(std::iter::repeat_n(None, if uncertain { 2 } else { 1 })),
    }
}

/// How many fields an item has.
pub(crate) fn width(item: &Item) -> usize {
    let uncertain = !item.secret && item.kind == (ItemKind::Date { uncertain: true });
    if uncertain { 2 } else { 1 }
}

/// The value of an item's fields, or what is wrong.
pub(crate) fn item_value(
    system: &System,
    item: &Item,
    fields: &[Option<String>],
) -> Result<Option<Stored>, String> {
    let all_absent = fields.iter().all(Option::is_none);
    if all_absent {
        // A secret may be missing in the database too.
        return match item.required && !item.secret {
            true => Err("必須の項目が空です".to_owned()),
            false => Ok(None),
        };
    }
    if let ItemKind::Date { uncertain } = item.kind
        && !item.secret
    {
        return date_value(fields, uncertain).map(Some);
    }
    let Some(text) = fields[0].as_deref() else { return Ok(None) };
    let longest = item.length();
    match &item.kind {
        ItemKind::Integer { digits, signed } => {
            let number = text.parse::<i64>().ok().filter(|it| it.to_string() == text);
            let number = number.ok_or("整数ではありません")?;
            let written = number.unsigned_abs().to_string().len();
            if written > usize::try_from(*digits).unwrap_or(usize::MAX) || (number < 0 && !signed) {
                return Err(format!("{digits} 桁に収まりません"));
            }
            Ok(Some(Stored::Integer(number)))
        }
        ItemKind::Flag => match text {
            "1" => Ok(Some(Stored::Flag(true))),
            "0" => Ok(Some(Stored::Flag(false))),
            _ => Err("フラグは 1 か 0 です".to_owned()),
        },
        ItemKind::Time if !item.secret => match base::clock::from_standard_text(text) {
            Some(time) => Ok(Some(Stored::Text(base::clock::standard_text(time)))),
            None => Err("時刻（HH:MM:SS）ではありません".to_owned()),
        },
        ItemKind::Code(list) => match item.codes(system).and_then(|it| it.name_of(text)) {
            Some(_) => Ok(Some(Stored::Text(text.to_owned()))),
            None => Err(format!("コード一覧「{list}」にないコードです")),
        },
        _ if longest.is_some_and(|most| text.chars().count() > most as usize) => {
            Err(format!("{} 文字を超えています", longest.unwrap_or_default()))
        }
        _ => Ok(Some(Stored::Text(text.to_owned()))),
    }
}

fn date_value(fields: &[Option<String>], uncertain: bool) -> Result<Stored, String> {
    let day = fields[0].as_deref().map(day).transpose()?;
    let text = if uncertain { fields.get(1).cloned().flatten() } else { None };
    if text.as_ref().is_some_and(|text| base::date::LooseDate::parse_recorded(text).is_err()) {
        return Err("不詳表記が日付として読めません".to_owned());
    }
    Ok(Stored::Day(day, text))
}

/// `2026-04-01`.
pub(crate) fn day(text: &str) -> Result<Date, String> {
    from_standard_text(text).ok_or_else(|| "日付（YYYY-MM-DD）ではありません".to_owned())
}

/// The fields of what is kept beside the items, in the order of [`META`].
pub(crate) fn meta_fields(meta: &RowMeta, out: &mut Vec<Option<String>>) {
    out.extend([
        Some(standard_text(meta.valid_from)),
        Some(standard_text(meta.valid_to)),
        Some(meta.recorded_from.to_string()),
        Some(meta.recorded_to.to_string()),
        Some(meta.event_id.to_string()),
        Some(meta.reason.clone()),
        meta.closed_on.map(standard_text),
    ]);
}

/// What is kept beside the items, or the position of the wrong field and what is wrong.
pub(crate) fn meta_value(
    version_no: i32,
    fields: &[Option<String>],
) -> Result<RowMeta, (usize, String)> {
    let needed = |at: usize| {
        let (_, name, _) = META[at];
        fields[at].as_deref().ok_or_else(|| (at, format!("{name}が空です")))
    };
    let date = |at: usize| day(needed(at)?).map_err(|what| (at, what));
    let moment = |at: usize| -> Result<Timestamp, (usize, String)> {
        let wrong = |_| (at, "時刻（2026-04-01T00:00:00Z）ではありません".to_owned());
        needed(at)?.parse().map_err(wrong)
    };
    let meta = RowMeta {
        version_no,
        valid_from: date(0)?,
        valid_to: date(1)?,
        recorded_from: moment(2)?,
        recorded_to: moment(3)?,
        event_id: needed(4)?.parse().map_err(|_| (4, "整数ではありません".to_owned()))?,
        reason: needed(5)?.to_owned(),
        closed_on: fields[6].as_deref().map(day).transpose().map_err(|what| (6, what))?,
    };
    if meta.valid_to < meta.valid_from {
        return Err((1, "異動日の終わりが異動日より前です".to_owned()));
    }
    if meta.recorded_to < meta.recorded_from {
        return Err((3, "処理日時の終わりが処理日時より前です".to_owned()));
    }
    Ok(meta)
}
