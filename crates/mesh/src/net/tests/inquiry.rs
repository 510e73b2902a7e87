//! An officer's inquiry: answered, refused, held, and in the evidence of both.

use store::exchange::{Outcome, Side};
use store::seal::{seal_all, verify};

use super::world::World;
use crate::evidence::{Evidence, export};
use crate::key::PublicKey;
use crate::net::{Ask, Given};

fn ask<'a>(affair: &'a str, code: &'a str) -> Ask<'a> {
    Ask {
        to: "minami",
        service: "inquiry",
        affair: Some(affair),
        item_set: Some("resident-record"),
        code: Some(code),
        subject: Some("100000000000001"),
        case: Some("12"),
        officer: "madoguchi",
        body: None,
    }
}

async fn asked(world: &World, affair: &str, code: &str) -> Given {
    world.north.door.ask(&ask(affair, code)).await.unwrap()
}

#[tokio::test]
async fn a_lawful_inquiry_is_answered_with_its_items_only_and_another_is_refused() {
    let world = World::new().await;
    let code = world.resident("200000000000001", "000000000011", false).await;
    let given = asked(&world, "child-allowance", &code).await;
    assert_eq!(given.status, 200, "{given:?}");
    assert!(given.basis.as_deref().unwrap_or_default().contains("第19条第8号"), "{given:?}");
    let record = &given.body["records"][0];
    let items: Vec<&String> = record["items"].as_object().unwrap().keys().collect();
    assert_eq!(items, ["00190004", "00190005"]);
    assert_eq!(record["items"]["00190005"], "世帯主");
    assert_eq!(record["valid_from"], "2026-04-01");
    // The very same items for an affair that gives no right to them.
    let refused = asked(&world, "seal-registration", &code).await;
    assert_eq!(refused.status, 403);
    assert!(refused.detail().contains("照会できません"), "{refused:?}");
    // Both stand in both records, with the same signed bytes.
    let (north, south) = (world.exchanges(&world.north).await, world.exchanges(&world.south).await);
    let outcomes = [Outcome::Refused, Outcome::Answered];
    for (asked, answered) in north.iter().zip(&south) {
        let (asked, answered) = (&asked.exchange, &answered.exchange);
        assert_eq!((asked.side, answered.side), (Side::Asked, Side::Answered));
        assert_eq!(asked.request_base, answered.request_base);
        assert_eq!(asked.answer_base, answered.answer_base);
        assert_eq!(asked.answer_signature, answered.answer_signature);
        let key = PublicKey::parse(&world.north.member.keys[0].key).unwrap();
        assert!(key.verify(asked.request_base.as_bytes(), &asked.request_signature));
        // Each side knows its own number of the person, and only the asking side its officer.
        assert_eq!(asked.subject.as_deref(), Some("100000000000001"));
        assert_eq!(asked.officer.as_deref(), Some("madoguchi"));
        assert_eq!(answered.officer, None);
    }
    assert_eq!([north[0].exchange.outcome, north[1].exchange.outcome], outcomes);
    assert_eq!([south[0].exchange.outcome, south[1].exchange.outcome], outcomes);
    assert_eq!(south[1].exchange.subject.as_deref(), Some("200000000000001"));
    evidence_holds(&world, &given.request).await;
    for body in [&world.north, &world.south] {
        let report = verify(&body.office(), &body.seal().verifier().unwrap()).await.unwrap();
        assert!(report.is_intact() && report.rows == 2, "{report}");
    }
}

/// The evidence of both sides holds, and not a byte of it can be another.
async fn evidence_holds(world: &World, request: &str) {
    let directory = world.note(7, &[&world.north.member, &world.south.member]);
    let key = world.directory.verifier();
    for (id, body) in [("kita", &world.north), ("minami", &world.south)] {
        let unsealed = export(&body.office(), (id, request), &directory).await;
        assert!(unsealed.is_err(), "nothing is proven before it is sealed");
        seal_all(&body.office(), &body.seal()).await.unwrap();
        let evidence = export(&body.office(), (id, request), &directory).await.unwrap();
        let checked = evidence.verify(&key).unwrap();
        assert_eq!(checked.len(), 4, "{checked:?}");
        let text = serde_json::to_string(&evidence).unwrap();
        let mut spoilt = 0;
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let Ok(read) = serde_json::from_slice::<Evidence>(&bytes) else { continue };
            // A letter of an escape may be written otherwise and mean the same.
            if serde_json::to_string(&read).unwrap() != text {
                assert!(read.verify(&key).is_err(), "byte {at} of {text}");
                spoilt += 1;
            }
        }
        assert!(spoilt > 2000, "{spoilt}");
    }
}

#[tokio::test]
async fn who_is_protected_or_unknown_is_not_spoken_of() {
    let world = World::new().await;
    let hidden = world.resident("200000000000002", "000000000022", true).await;
    let held = asked(&world, "child-allowance", &hidden).await;
    assert_eq!(held.status, 202);
    assert!(held.body.get("records").is_none(), "{held:?}");
    let nobody = world.authority.linkage("minami", "000000000033");
    let nobody = world.authority.member_key("minami").code("kita", &nobody).unwrap();
    assert_eq!(asked(&world, "child-allowance", &nobody).await.status, 404);
    // A code that another member was given means nobody here.
    let linkage = world.authority.linkage("minami", "000000000022");
    let stolen = world.authority.member_key("minami").code("higashi", &linkage).unwrap();
    assert_eq!(asked(&world, "child-allowance", &stolen).await.status, 404);
    let south = world.exchanges(&world.south).await;
    let outcomes: Vec<Outcome> = south.iter().map(|one| one.exchange.outcome).collect();
    assert_eq!(outcomes, [Outcome::Nothing, Outcome::Nothing, Outcome::Held]);
}

#[tokio::test]
async fn who_cannot_be_reached_is_said_and_recorded() {
    let world = World::new().await;
    let mut gone = world.south.member.clone();
    // A port where nobody listens.
    gone.address = "127.0.0.1:1".to_owned();
    let note = world.note(2, &[&world.north.member, &gone]);
    assert!(world.north.node.directory_take(&note).unwrap());
    let given = asked(&world, "child-allowance", "AAAAAAAAAAAAAAAAAAAAAA").await;
    assert_eq!(given.status, 502);
    assert!(given.detail().contains("minamiに届きません"), "{given:?}");
    let north = world.exchanges(&world.north).await;
    assert_eq!(north[0].exchange.outcome, Outcome::Lost);
    assert_eq!(world.exchanges(&world.south).await.len(), 0);
    // The directory may run out: then nobody is believed.
    let old = world.note(1, &[&world.north.member, &world.south.member]);
    assert!(world.north.node.directory_take(&old).is_err());
}
