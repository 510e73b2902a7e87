//! 検証環境: which packages a vendor's sandbox holds. Its own as they were sent in to be tried, and the
//! systems of the platform that these link to. What of it can be installed the machine says.

use std::sync::Arc;

use definition::System;
use store::Connection;
use store::market::{content_read, sandbox_packages};
use tokio::sync::Semaphore;

use crate::CloudError;
use crate::publication::judged_read;

/// The packages that a vendor's sandbox is to hold; `others` are those of the platform.
///
/// # Errors
/// [`CloudError::Store`]; [`CloudError::Judging`] when what was judged cannot be read any more.
pub async fn sandbox_systems(
    market: &Connection,
    vendor: &str,
    (others, places): (&[Arc<System>], &Arc<Semaphore>),
) -> Result<Vec<Arc<System>>, CloudError> {
    let mut own = Vec::new();
    for id in sandbox_packages(market, vendor).await? {
        let content = content_read(market, id).await?;
        own.push(Arc::new(judged_read(places, content).await?.0));
    }
    Ok(with_linked(own, others))
}

/// These, and of the others what they read of or hear of, and what that does in turn.
fn with_linked(mut all: Vec<Arc<System>>, others: &[Arc<System>]) -> Vec<Arc<System>> {
    let mut at = 0;
    while let Some(system) = all.get(at).cloned() {
        let heard = system.procedures.iter().flat_map(|one| &one.on).map(|one| &one.system);
        for id in system.uses.iter().map(|one| &one.system).chain(heard) {
            if all.iter().all(|one| one.id != *id) {
                all.extend(others.iter().find(|one| one.id == *id).cloned());
            }
        }
        at += 1;
    }
    all
}

#[cfg(test)]
mod tests {
    use definition::Package;

    use super::*;

    fn system(id: &str, uses: &str) -> Arc<System> {
        let head = format!(
            "id: {id}\ncode: '900'\nname: {id}\nname_en: Card\nstatute: 条例\nversion: '1'\n\
             bodies: [municipality]\n{uses}"
        );
        let register = "id: card\nname: card\nname_en: R\nkey: key\ntitle: key\nitems:\n  \
             - { name: key, name_en: I, romaji: key, type: X, length: 9, required: true }\n";
        let mut package = Package::default();
        package.files.insert("system.yaml".to_owned(), head);
        package.files.insert("registers/card.yaml".to_owned(), register.to_owned());
        let found = definition::load(&package);
        Arc::new(found.unwrap_or_else(|errors| panic!("{errors:?}")).0)
    }

    #[test]
    fn what_a_package_links_to_stands_beside_it_and_its_own_comes_first() {
        let reads = |of: &str| {
            format!(
                "uses:\n  - name: 相手\n    system: {of}\n    register: card\n    key: key\n    \
                 items:\n      - {{ name: key, name_en: I, romaji: key, type: X, length: 9 }}\n"
            )
        };
        let others = [system("base", ""), system("middle", &reads("base")), system("other", "")];
        let ids = |own: Arc<System>| -> Vec<String> {
            with_linked(vec![own], &others).iter().map(|one| one.id.clone()).collect()
        };
        assert_eq!(ids(system("own", "")), ["own"]);
        assert_eq!(ids(system("own", &reads("middle"))), ["own", "middle", "base"]);
        // What nobody has is not made up: linking says so.
        assert_eq!(ids(system("own", &reads("nowhere"))), ["own"]);
        // A vendor's own takes the place of the platform's.
        let own = system("middle", "");
        let hash = own.hash.clone();
        assert_eq!(with_linked(vec![own], &others)[0].hash, hash);
    }
}
