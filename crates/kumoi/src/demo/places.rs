//! Where the organisations are found: `var/places`, and the clusters to which some have moved.
//!
//! An organisation that is moving or has moved is opened as it is: nothing is installed in it.

use std::io::Result;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use cloud::Kept;
use definition::System;
use office::version::systems_in_force;
use store::Connection;
use store::cluster::{Cluster, ClusterOptions};
use store::control::{Relocation, RelocationState, relocation_last};
use transfer::{PlaceFolder, Places as _};

/// The longest path of a socket on Linux, without its closing NUL.
const LONGEST: usize = 107;
/// The name of a socket in the folder that a link leads to.
const SOCKET: &str = ".s.PGSQL.5432";

/// `var/places`.
pub struct Places(PlaceFolder);

impl Places {
    /// Opens the folder below `var`, making it if it is missing.
    pub fn open(var: &Path) -> Result<Places> {
        Ok(Places(PlaceFolder::open(&std::path::absolute(var)?.join("places"))?))
    }

    /// The links themselves; `None` where their paths are too long for a socket.
    pub fn links(&self, id: &str) -> Option<&PlaceFolder> {
        let path = self.0.host(id).join(SOCKET);
        (path.as_os_str().as_bytes().len() <= LONGEST).then_some(&self.0)
    }

    /// Leads credentials by the organisation's link, where there is one; the contracts stay.
    pub fn lead(&self, kept: &mut Kept) {
        let id = &kept.office.organisation.id.clone();
        let link = self.links(id).filter(|links| matches!(links.current(id), Ok(Some(_))));
        let Some(link) = link.map(|links| links.host(id).display().to_string()) else { return };
        for one in [&mut kept.office, &mut kept.lgwan, &mut kept.internet] {
            let home = std::mem::replace(&mut one.host, link.clone());
            one.home.get_or_insert(home);
        }
    }

    /// Points an organisation to the home's socket and leads its credentials there.
    pub fn home(&self, kept: &mut Kept, socket: &str) -> Result<()> {
        let id = kept.office.organisation.id.clone();
        for one in [&mut kept.office, &mut kept.lgwan, &mut kept.internet] {
            // The folder may have been moved since.
            (one.host, one.home) = (socket.to_owned(), None);
        }
        if let Some(links) = self.links(&id) {
            links.point(&id, socket)?;
        }
        self.lead(kept);
        Ok(())
    }
}

/// The organisation's way, when it is not simply at home.
pub async fn away(control: &Connection, id: &str) -> anyhow::Result<Option<Relocation>> {
    let last = relocation_last(control, id).await?;
    Ok(last.filter(|way| way.on_target || way.state != RelocationState::Ended))
}

/// Opens an organisation that is moving or has moved: its cluster, and the systems it has.
pub async fn open(
    (places, home): (&Places, &str),
    (way, kept): (&Relocation, &mut Kept),
    systems: &Arc<Vec<Arc<System>>>,
) -> anyhow::Result<(Option<Cluster>, Arc<Vec<Arc<System>>>)> {
    places.home(kept, home)?;
    let cluster = match way.on_target {
        true => Some(Cluster::start(&ClusterOptions::new(&way.target)).await?),
        false => None,
    };
    if let Some(cluster) = &cluster
        && let Some(links) = places.links(&way.organisation)
    {
        links.point(&way.organisation, &cluster.socket().display().to_string())?;
    }
    let office = kept.office.database(kept.office.office.as_ref(), None, 1)?;
    Ok((cluster, systems_in_force(&office, systems).await?.0))
}
