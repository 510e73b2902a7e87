//! What a start says of the systems that it brought to another version, or could not.

use cloud::{Change, Refused, Upgraded};

/// Says it at the terminal; nothing when every version is the one wanted.
pub(super) fn say(organisation: &str, upgraded: &Upgraded) {
    for change in &upgraded.changed {
        println!("{}", changed(organisation, change));
    }
    for one in &upgraded.refused {
        eprintln!("{}", refused(organisation, one));
    }
}

fn changed(organisation: &str, change: &Change) -> String {
    let Change { system, from, to } = change;
    match from {
        Some(from) if from != to => {
            format!("{organisation}: {system}を版{from}から版{to}に更新しました")
        }
        Some(_) => format!("{organisation}: {system}（版{to}）を新しい内容に更新しました"),
        None => format!("{organisation}: {system}（版{to}）を入れました"),
    }
}

fn refused(organisation: &str, one: &Refused) -> String {
    let Refused { system, installed, version, reasons } = one;
    let head = if installed.is_empty() {
        format!("kumoi: {organisation}に{system}（版{version}）を入れられません。")
    } else {
        format!(
            "kumoi: {organisation}の{system}は版{version}に更新できません。\
             版{installed}のまま動かします。"
        )
    };
    let reasons: String = reasons.iter().map(|reason| format!("\n  ・{reason}")).collect();
    format!(
        "{head}{reasons}\n  対処: 記録のある台帳・項目・コードを残した版に替えてください。\
         kumoi check 新しいフォルダ --against 入っている版のフォルダ で確かめられます"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_says_where_what_why_and_what_to_do() {
        let one = Refused {
            system: "住民記録".to_owned(),
            installed: "1".to_owned(),
            version: "2".to_owned(),
            reasons: vec!["項目がなくなります".to_owned()],
        };
        let text = refused("霞村", &one);
        for part in ["霞村", "住民記録", "版2", "版1のまま", "・項目が", "--against"]
        {
            assert!(text.contains(part), "{part} is missing in: {text}");
        }
    }
}
