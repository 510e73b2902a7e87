//! Where the organisations are found: `var/places`, and the clusters to which some have moved.
//!
//! An organisation that is moving or has moved is opened as it is: nothing is installed in it.

use std::io::Result;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use cloud::Kept;
use definition::System;
use office::version::systems_in_force;
use store::Connection;
use store::cluster::{Cluster, ClusterOptions};
use store::control::{RelocationState, control_open, relocated, relocation_home, relocation_last};
use store::organisation::Installer;
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

/// Where an organisation is that is not simply at home.
pub struct Away {
    organisation: String,
    /// The folder of the cluster it is on; `None` at home.
    seat: Option<PathBuf>,
    /// The folder of the cluster that follows it, where that is another one.
    follower: Option<PathBuf>,
}

/// Where the organisation is, when it is moving or has moved. `home` is the folder of the cluster
/// with the control database.
pub async fn away(control: &Connection, id: &str, home: &Path) -> anyhow::Result<Option<Away>> {
    let Some(way) = relocation_last(control, id).await? else { return Ok(None) };
    let home = std::path::absolute(home)?.display().to_string();
    let first = relocation_home(control, id).await?;
    let elsewhere = |folder: &str| {
        let is_home = folder == home || first.as_deref() == Some(folder);
        (!is_home).then(|| PathBuf::from(folder))
    };
    let open = way.state != RelocationState::Ended;
    let other = if way.on_target { &way.source } else { &way.target };
    let (seat, follower) = (elsewhere(way.now()), elsewhere(other).filter(|_| open));
    Ok((open || seat.is_some()).then_some(Away { organisation: way.organisation, seat, follower }))
}

/// The folders of the other clusters that any organisation is on or follows to, of those whose home
/// is this one.
///
/// # Errors
/// When the control database cannot be read.
pub async fn elsewhere(home: &Cluster) -> anyhow::Result<Vec<PathBuf>> {
    let control = control_open(&Installer::new(home.installer("postgres"))).await?;
    let mut all = Vec::new();
    for id in relocated(&control).await? {
        let found = away(&control, &id, home.folder()).await?;
        all.extend(found.into_iter().flat_map(|away| [away.seat, away.follower]).flatten());
    }
    // As a cluster names its own.
    all.iter_mut().for_each(|folder| *folder = folder.canonicalize().unwrap_or_default());
    all.retain(|folder| folder.is_dir());
    Ok(all)
}

/// Opens an organisation that is moving or has moved: its clusters, which are added to those that
/// run, and the systems it has.
pub async fn open(
    (places, home): (&Places, &str),
    (away, kept): (&Away, &mut Kept),
    systems: &Arc<Vec<Arc<System>>>,
    running: &mut Vec<Cluster>,
) -> anyhow::Result<Arc<Vec<Arc<System>>>> {
    places.home(kept, home)?;
    if let Some(folder) = &away.seat {
        let (id, shown) = (&away.organisation, folder.display());
        anyhow::ensure!(folder.is_dir(), "「{id}」のクラスターのフォルダ {shown} がありません");
        let cluster = Cluster::start(&ClusterOptions::new(folder)).await?;
        if let Some(links) = places.links(id) {
            links.point(id, &cluster.socket().display().to_string())?;
        }
        running.push(cluster);
    }
    // Without its follower it works; what is written is kept for it until it runs again.
    if let Some(folder) = away.follower.as_ref().filter(|folder| folder.is_dir()) {
        running.push(Cluster::start(&ClusterOptions::new(folder)).await?);
    }
    let office = kept.office.database(kept.office.office.as_ref(), None, 1)?;
    Ok(systems_in_force(&office, systems).await?.0)
}
