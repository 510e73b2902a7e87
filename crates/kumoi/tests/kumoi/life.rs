//! Starting and stopping: refusals that say what to do, an orderly end, and a quick start after it.

use std::net::TcpListener;
use std::time::Duration;

use testkit::process::{self, wait_until};
use testkit::world::Ports;

use crate::{breakable, world};

/// What a start says that must not succeed.
fn refusal(mut command: std::process::Command) -> String {
    let done = command.output().expect("kumoi up");
    let words = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(!done.status.success(), "it started: {words}");
    words
}

#[test]
fn a_port_in_use_is_named() {
    let world = world();
    let ports = Ports { lgwan: world.ports.office, ..Ports::free() };
    let var = world.var().with_file_name("other");
    let words = refusal(world.command(&var, ports));
    let port = world.ports.office.to_string();
    assert!(words.contains(&port) && words.contains("--lgwan-port"), "{words}");
    assert!(process::naming(&var).is_empty(), "{:?}", process::naming(&var));
}

#[test]
fn the_port_of_the_sample_authenticator_is_named_too() {
    let world = world();
    let ports = Ports::free();
    let _taken = TcpListener::bind(("127.0.0.1", ports.authenticator)).expect("a port");
    let words = refusal(world.command(&world.var().with_file_name("another"), ports));
    let port = ports.authenticator.to_string();
    assert!(words.contains(&port) && words.contains("--authenticator-port"), "{words}");
}

#[test]
fn a_second_program_on_the_same_folder_is_refused() {
    let world = world();
    let words = refusal(world.command(&world.var(), Ports::free()));
    let holder = world.id().to_string();
    let var = world.var().display().to_string();
    assert!(words.contains(&holder) && words.contains(&var), "{words}");
}

#[tokio::test]
async fn it_stops_on_ctrl_c_and_starts_again_at_once() {
    let mut world = breakable().await;
    let (mut stopped, mut started) = (Duration::MAX, Duration::MAX);
    // Whatever else the machine does, one of three times is quick.
    for _ in 0..3 {
        let (status, took) = world.stop(libc::SIGINT);
        eprintln!("figure: stop {:.2} s", took.as_secs_f64());
        assert!(status.success(), "{status}");
        stopped = stopped.min(took);
        let var = world.var();
        let left = || process::naming(&var);
        assert!(wait_until(Duration::from_secs(10), || left().is_empty()), "left: {:?}", left());
        let took = world.up();
        eprintln!("figure: later start {:.2} s", took.as_secs_f64());
        started = started.min(took);
        if stopped < Duration::from_secs(10) && started < Duration::from_secs(6) {
            return;
        }
    }
    panic!("the quickest stop took {stopped:?}, the quickest later start {started:?}");
}
