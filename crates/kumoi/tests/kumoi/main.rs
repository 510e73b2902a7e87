//! Kumoi from outside, whole: `kumoi up` with a database server, three zones and a real browser.
//!
//! One world is shared by all tests that only use it; another is for those that stop and kill it.
//! `KUMOI_TEST_FOLDER` says where they live, `KUMOI_SOAK=1` makes tests that kill long.
//! Pictures of the pages are left in `target/screenshots`.

mod counter;
mod crash;
mod keyboard;
mod killing;
mod life;
mod log;
mod mesh;
mod moves;
mod pipe;
mod protection;
mod publication;
mod resident;
mod upgrade;
mod vendor_changes;
mod zones;

use std::path::PathBuf;
use std::sync::OnceLock;

use testkit::World;
use tokio::sync::{Mutex, MutexGuard};

const PROGRAM: &str = env!("CARGO_BIN_EXE_kumoi");

/// The world for tests that leave it running.
fn world() -> &'static World {
    static WORLD: OnceLock<World> = OnceLock::new();
    WORLD.get_or_init(|| World::start(PROGRAM, "shared"))
}

/// The world for tests that stop and kill it, one after the other; running when handed out.
async fn breakable() -> MutexGuard<'static, World> {
    static WORLD: OnceLock<Mutex<World>> = OnceLock::new();
    let world = WORLD.get_or_init(|| Mutex::new(World::start(PROGRAM, "breakable")));
    let mut world = world.lock().await;
    if !world.is_running() {
        world.up();
    }
    world
}

/// Where pictures go.
fn picture(name: &str) -> PathBuf {
    let target = PathBuf::from(PROGRAM).ancestors().nth(2).map(PathBuf::from);
    target.expect("the target folder").join("screenshots").join(format!("{name}.png"))
}
