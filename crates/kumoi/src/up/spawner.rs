//! Starting zone processes from one thread that lives as long as the supervisor.
//!
//! The kernel's «tell me when my parent dies» watches the *thread* that forked, not the process:
//! forked from a pooled thread, a zone would be ended when that thread is retired.

use std::os::unix::process::parent_id;
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result};
use store::cluster::system;
use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use super::{Layout, Zone, ZonePlan};

type Order = (ZonePlan, oneshot::Sender<std::io::Result<Child>>);

/// Starts zones. Clones share one thread, which ends with the last clone.
#[derive(Clone)]
pub(super) struct Spawner {
    orders: mpsc::UnboundedSender<Order>,
}

impl Spawner {
    /// Must be called inside the runtime.
    pub(super) fn new(layout: &Layout) -> Result<Spawner> {
        let program = layout.program()?;
        let place = layout.var().to_owned();
        let runtime = Handle::current();
        let (orders, mut received) = mpsc::unbounded_channel::<Order>();
        let work = move || {
            let _runtime = runtime.enter();
            while let Some((plan, reply)) = received.blocking_recv() {
                // A keeper that no longer waits has been stopped: the child must not outlive that.
                if let Err(Ok(mut child)) = reply.send(command(&program, &place, &plan).spawn()) {
                    let _ = child.start_kill();
                }
            }
        };
        std::thread::Builder::new().name("zones".to_owned()).spawn(work)?;
        Ok(Spawner { orders })
    }

    /// Starts the zone of `plan`.
    pub(super) async fn start(&self, plan: &ZonePlan) -> Result<Child> {
        let (reply, answer) = oneshot::channel();
        let gone = "ゾーンを起動する係が終わってしまいました";
        self.orders.send((plan.clone(), reply)).ok().context(gone)?;
        let label = plan.zone.label();
        answer.await.context(gone)?.with_context(|| format!("{label}を起動できません"))
    }
}

/// The zone's process: own user as root, empty environment, own process group, and an end
/// together with the supervisor, however that ends.
fn command(program: &PathBuf, place: &PathBuf, plan: &ZonePlan) -> Command {
    let mut command = Command::new(program);
    command.arg("serve");
    if !matches!(plan.zone, Zone::Node(_)) {
        command.args(["--zone", plan.zone.name()]);
    }
    command.args(&plan.arguments);
    command.env_clear().env("LANG", "C.UTF-8").env("PATH", "/usr/local/bin:/usr/bin:/bin");
    command.envs(plan.environment.iter().map(|(name, value)| (name, value)));
    command.current_dir(place).process_group(0).stdin(Stdio::null());
    if system::user_id() == 0 {
        command.uid(plan.zone.user_id()).gid(plan.zone.user_id());
    }
    end_with_parent(&mut command);
    command
}

#[allow(unsafe_code, reason = "between fork and exec only prctl and getppid are called")]
fn end_with_parent(command: &mut Command) {
    let parent = std::process::id();
    let ask = move || {
        if unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGTERM) } != 0 {
            return Err(std::io::Error::last_os_error());
        }
        match parent_id() == parent {
            true => Ok(()),
            // The supervisor died before the request was in force.
            false => Err(std::io::Error::from(std::io::ErrorKind::BrokenPipe)),
        }
    };
    unsafe { command.pre_exec(ask) };
}
