//! The installed systems of an organisation: versions in force and before, and upgrades that were
//! refused with their reasons. Shows only; versions change when the cloud is started.

use maud::{Markup, html};
use store::install::{Refusal as Refused, Version, refusal_list, version_list};

use super::grid;
use crate::component::day::moment_text;
use crate::component::notice::{Notice, Tone, notice};
use crate::component::page::disclosure;
use crate::counter::desk::Desk;
use crate::counter::refusal::Refusal;

/// The section's content.
pub(super) async fn systems(desk: &Desk, client: &store::Client) -> Result<Markup, Refusal> {
    let versions = version_list(&***client).await?;
    let refused = refusal_list(&***client).await?;
    let (now, before): (Vec<&Version>, Vec<&Version>) =
        versions.iter().partition(|version| version.in_force);
    let heads = [
        desk.say("名称", "Name"),
        desk.say("識別子", "Identifier"),
        desk.say("版", "Version"),
        desk.say("ハッシュ", "Hash"),
        desk.say("導入日時", "Installed"),
    ];
    let (in_force, earlier) =
        (desk.say("使っている版", "Versions in force"), desk.say("以前の版", "Earlier versions"));
    Ok(html! {
        @for one in &refused { (refusal(desk, one, &now)) }
        (grid(desk, in_force, &heads, &rows(desk, &now)))
        @if !before.is_empty() {
            (disclosure(earlier, html! {
                p { (desk.say("以前の版で受け付けた事案は、その版の手続で最後まで処理します。",
                    "A case ends on the procedure of the version that it began with.")) }
                (grid(desk, earlier, &heads, &rows(desk, &before)))
            }))
        }
    })
}

fn refusal(desk: &Desk, refused: &Refused, now: &[&Version]) -> Markup {
    let own = now.iter().find(|version| version.system == refused.system);
    let known = desk.place.office.system(&refused.system).ok();
    let name = known.map_or(refused.system.as_str(), |one| desk.say(&one.name, &one.name_en));
    let installed = own.map_or("", |own| &own.version);
    let text = match desk.language {
        crate::component::language::Language::Japanese => format!(
            "{name}は版{}に更新できなかったため、版{installed}のまま使っています（{}）。",
            refused.version,
            moment_text(desk.language, refused.refused_at)
        ),
        crate::component::language::Language::English => format!(
            "{name} stays at version {installed}: the upgrade to {} was refused ({}).",
            refused.version,
            moment_text(desk.language, refused.refused_at)
        ),
    };
    html! {
        (notice(desk.language, &Notice::new(Tone::Warning, &text)))
        ul { @for reason in &refused.reasons { li lang="ja" { (reason) } } }
    }
}

fn rows(desk: &Desk, versions: &[&Version]) -> Vec<Vec<String>> {
    versions
        .iter()
        .map(|one| {
            let hash = one.hash.get(..12).unwrap_or(&one.hash).to_owned();
            let when = moment_text(desk.language, one.installed_at);
            let known = desk.place.office.system(&one.system).ok();
            let name = known.map_or(one.name.as_str(), |known| desk.say(&one.name, &known.name_en));
            vec![name.to_owned(), one.system.clone(), one.version.clone(), hash, when]
        })
        .collect()
}
