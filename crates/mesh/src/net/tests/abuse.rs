//! Who is not let in: strangers, the struck off, wrong keys, altered and repeated messages, clocks.

use std::sync::Arc;

use bytes::Bytes;
use hyper::Request;
use jiff::{Timestamp, ToSpan};

use super::world::World;
use crate::key::SigningKey;
use crate::message::{Input, RequestHead, content_digest, name, request_base, signature_field};
use crate::net::body::{read, trailers, whole};
use crate::net::link::{Link, connect};
use crate::net::node::Pins;
use crate::net::server_name;
use crate::net::tls::{Identity, client};

/// A message that is made by hand, to be spoilt.
struct Made {
    head: RequestHead,
    path: String,
    body: &'static [u8],
    digest: String,
    created: i64,
    key_id: String,
    key: Vec<u8>,
}

impl Made {
    fn new(world: &World, code: &str) -> Made {
        let head = RequestHead {
            from: "kita".to_owned(),
            to: "minami".to_owned(),
            service: "inquiry".to_owned(),
            request: "00112233445566778899aabbccddeeff".to_owned(),
            affair: Some("child-allowance".to_owned()),
            item_set: Some("resident-record".to_owned()),
            subject: Some(code.to_owned()),
            ..RequestHead::default()
        };
        Made {
            path: head.path(),
            head,
            body: b"",
            digest: content_digest(b""),
            created: Timestamp::now().as_second(),
            key_id: "kita/1".to_owned(),
            key: world.north.key.clone(),
        }
    }

    /// Status and what the provider's node says.
    async fn send(&self, mut link: Link) -> (u16, String) {
        let key = SigningKey::from_pkcs8(&self.key).unwrap();
        let input = Input { created: self.created, key: self.key_id.clone() };
        let base = request_base(&self.head, &self.digest, &input);
        let signature = signature_field(&key.sign(base.as_bytes()).unwrap());
        let uri = format!("https://{}{}", server_name("minami"), self.path);
        let mut request = Request::post(uri);
        for (name, value) in self.head.fields() {
            request = request.header(name, value);
        }
        let trailers = trailers(&[
            (name::DIGEST, &self.digest),
            (name::INPUT, &input.of_request(&self.head)),
            (name::SIGNATURE, &signature),
        ]);
        let body = whole(Bytes::from_static(self.body), Some(trailers.unwrap()));
        link.ready().await.unwrap();
        let answer = link.send_request(request.body(body).unwrap()).await.unwrap();
        let status = answer.status().as_u16();
        let (body, _) = read(answer.into_body()).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        (status, body["detail"].as_str().unwrap_or_default().to_owned())
    }
}

/// A link to the south with the certificate of the north, or another.
async fn link(world: &World, other: Option<Identity>) -> Result<Link, crate::MeshError> {
    let own = Identity {
        certificate: world.north.node.members["kita"].identity.certificate.clone(),
        key: world.north.identity.clone(),
    };
    let pins = Arc::new(Pins(Arc::clone(&world.north.node)));
    let config = client(&other.unwrap_or(own), "minami", pins)?;
    connect("minami", &world.south.running.address.to_string(), config).await
}

#[track_caller]
fn check((status, detail): (u16, String), expect: u16, words: &str) {
    assert!(status == expect && detail.contains(words), "{status} {detail}");
}

#[tokio::test]
async fn what_is_not_the_members_own_message_is_refused() {
    let world = World::new().await;
    let code = world.resident("200000000000003", "000000000044", false).await;
    let link = link(&world, None).await.unwrap();
    let send = |spoil: fn(&mut Made)| {
        let mut made = Made::new(&world, &code);
        spoil(&mut made);
        let link = link.clone();
        async move { made.send(link).await }
    };
    check(send(|it| it.body = b"{}").await, 400, "要約値");
    check(send(|it| it.created -= 3600).await, 400, "時計");
    check(send(|it| it.created += 3600).await, 400, "時計");
    check(send(|it| it.key = SigningKey::generate().unwrap()).await, 400, "署名が正しく");
    check(send(|it| it.key_id = "kita/2".to_owned()).await, 400, "鍵が名簿にない");
    check(send(|it| it.key_id = "minami/1".to_owned()).await, 400, "送信者のものでは");
    check(send(|it| it.head.from = "minami".to_owned()).await, 400, "証明書の機関と違い");
    check(send(|it| it.head.request = "1".to_owned()).await, 400, "番号");
    check(send(|it| it.head.affair = Some("../seal".to_owned())).await, 400, "事務");
    check(send(|it| it.path = "/mesh/v1/minami/other".to_owned()).await, 400, "署名が正しく");
    check(send(|it| it.path = "/mesh/v1/minami/../minami/inquiry".to_owned()).await, 404, "規約");
    check(send(|it| it.path = "/mesh/v1/minami/inquiry?x=1".to_owned()).await, 400, "?");
    check(send(|it| it.path = "/mesh/v1/higashi/inquiry".to_owned()).await, 404, "このノード");
    // Nothing of these was kept: no exchange took place.
    assert_eq!(world.exchanges(&world.south).await.len(), 0);
    // A good one is taken once.
    check(send(|_| ()).await, 200, "");
    check(send(|_| ()).await, 409, "もう答えました");
    assert_eq!(world.exchanges(&world.south).await.len(), 1);
    // A body without end is cut off.
    let endless: &'static [u8] = vec![b' '; 3 << 20].leak();
    let mut made = Made::new(&world, &code);
    (made.body, made.digest) = (endless, content_digest(endless));
    made.head.request = "0f112233445566778899aabbccddeeff".to_owned();
    check(made.send(link.clone()).await, 400, "本文");
}

#[tokio::test]
async fn strangers_and_the_struck_off_are_not_let_in() {
    let world = World::new().await;
    let code = world.resident("200000000000004", "000000000055", false).await;
    let until = Timestamp::now().checked_add(240.hours()).unwrap();
    let stranger = Identity::generate("kita", until).unwrap();
    let refused = async {
        let mut link = link(&world, Some(stranger)).await?;
        // TLS 1.3 tells the client only after its own side is done.
        let unreachable = |error: hyper::Error| {
            crate::MeshError::Unreachable("minami".to_owned(), error.to_string())
        };
        link.ready().await.map_err(unreachable)?;
        let request = Request::post("https://minami.mesh.kumoi.internal/mesh/v1/minami/inquiry");
        let request = request.body(whole(Bytes::new(), None)).unwrap();
        link.send_request(request).await.map_err(unreachable)
    };
    assert!(refused.await.is_err());
    let open = link(&world, None).await.unwrap();
    check(Made::new(&world, &code).send(open.clone()).await, 200, "");
    // Struck from the directory: a link that is open is worth nothing at the next request.
    let note = world.note(2, &[&world.south.member]);
    assert!(world.south.node.directory_take(&note).unwrap());
    check(Made::new(&world, &code).send(open).await, 403, "もう有効では");
    // A certificate that has run out is as good as none.
    let mut late = world.north.member.clone();
    late.certificates[0].expires = Timestamp::now().checked_sub(1.second()).unwrap();
    let note = world.note(3, &[&late, &world.south.member]);
    assert!(world.south.node.directory_take(&note).unwrap());
    let late = async {
        let link = link(&world, None).await.ok()?;
        let made = Made::new(&world, &code);
        tokio::spawn(async move { made.send(link).await }).await.ok()
    };
    assert!(late.await.is_none());
}
