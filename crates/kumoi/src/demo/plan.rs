//! Where the zones listen and how they are started; the sample authenticator beside them.

use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result};
use axum::Router;
use tokio::net::TcpListener;

use super::UpArguments;
use crate::up::{Layout, Zone, ZonePlan};

/// The three zones.
pub(super) fn zones(arguments: &UpArguments, layout: &Layout) -> Result<Vec<ZonePlan>> {
    let mut plans = Vec::new();
    for zone in Zone::ALL {
        let address = local(port(arguments, zone));
        let folder = layout.credentials(zone)?.into_os_string();
        let mut words: Vec<OsString> =
            vec!["--address".into(), address.to_string().into(), "--credentials".into(), folder];
        if zone != Zone::Lgwan {
            words.extend(["--issuer".into(), url(arguments.authenticator_port).into()]);
        }
        if zone == Zone::Internet {
            words.extend(["--public-url".into(), url(arguments.internet_port).into()]);
        }
        plans.push(ZonePlan {
            zone,
            address,
            setting: format!("--{}-port ", zone.name()),
            arguments: words,
            environment: Vec::new(),
        });
    }
    Ok(plans)
}

/// The port of a zone.
pub(super) fn port(arguments: &UpArguments, zone: Zone) -> u16 {
    match zone {
        Zone::Office => arguments.office_port,
        Zone::Lgwan => arguments.lgwan_port,
        Zone::Internet => arguments.internet_port,
        // Two ports a node: what others reach, and what the supervisor asks.
        Zone::Node(number) => match arguments.mesh_port {
            0 => 0,
            first => first + 2 * u16::from(number),
        },
    }
}

/// The address for people.
pub(super) fn url(port: u16) -> String {
    format!("http://localhost:{port}")
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}

/// Takes the port of the sample authenticator.
pub(super) async fn authenticator_listen(arguments: &UpArguments) -> Result<TcpListener> {
    let address = local(arguments.authenticator_port);
    TcpListener::bind(address).await.with_context(|| {
        format!(
            "見本の認証アプリのポート {address} を開けません。使っているプログラムを止めるか、\
             --authenticator-port で別のポートを指定してください"
        )
    })
}

/// Serves the sample authenticator: an authority of its own, in no zone.
pub(super) async fn authenticator_serve(listener: TcpListener, router: Router) {
    if let Err(error) = axum::serve(listener, router).await {
        eprintln!("kumoi: 見本の認証アプリが止まりました（{error}）");
    }
}
