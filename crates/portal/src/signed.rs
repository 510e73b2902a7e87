//! The frame of every page that somebody of the staff is signed in to: organisation, zone, menu,
//! the person with roles, the way out, the language switch. It reads nothing and decides nothing.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use maud::Markup;
use office::Actor;
use office::access::role;
use store::organisation::Organisation;

use crate::component::language::{Language, pick};
use crate::component::notice::Notice;
use crate::component::page::{NavigationItem, Page, UserBox};

/// The cookie that remembers the language.
pub const LANGUAGE_COOKIE: &str = "kumoi_language";

/// Who is signed in, where, in which language.
pub struct Signed<'a> {
    /// The organisation.
    pub organisation: &'a Organisation,
    /// The address of its first page.
    pub home: &'a str,
    /// The person.
    pub actor: &'a Actor,
    /// The token that forms carry.
    pub csrf: &'a str,
    /// The language.
    pub language: Language,
    /// The zone's name in both languages.
    pub zone: (&'a str, &'a str),
    /// The address of this page.
    pub address: &'a str,
}

impl Signed<'_> {
    /// A whole page with this menu and language switch; an empty one shows none.
    pub fn page(
        &self,
        title: &str,
        (notices, content): (Vec<Notice<'_>>, Markup),
        menu: &[(String, String)],
        switch: &str,
    ) -> Response {
        let say = |ja, en| pick(self.language, ja, en);
        let roles = self.actor.roles.iter();
        let roles: Vec<&str> = roles.map(|id| say(role::name(id), role::name_en(id))).collect();
        let roles = roles.join(say("・", ", "));
        let sign_out = format!("{}/sign-out", self.home);
        let name = say(&self.organisation.name, &self.organisation.name_en).to_owned();
        let navigation = menu.iter().map(|(href, label)| NavigationItem {
            href,
            label,
            current: *href == self.address,
        });
        let page = Page {
            home: self.home,
            zone: say(self.zone.0, self.zone.1),
            sample: self.organisation.sample,
            language_href: switch,
            user: Some(UserBox {
                name: &self.actor.name,
                role: &roles,
                sign_out: &sign_out,
                csrf: self.csrf,
            }),
            navigation: navigation.collect(),
            notices,
            ..Page::new(self.language, &name, title, content)
        };
        let remember = format!(
            "{LANGUAGE_COOKIE}={}; Path={}; HttpOnly; SameSite=Strict; Max-Age=31536000",
            self.language.tag(),
            self.home
        );
        ([(header::SET_COOKIE, remember)], page.render()).into_response()
    }
}
