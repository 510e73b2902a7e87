//! A reader that ends early is no fault of the command: it ends quietly.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::PROGRAM;

#[test]
fn a_closed_pipe_ends_a_command_quietly() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for words in [["gate", "systems/resident-record"], ["gate", "vendors/a/seal-registration"]] {
        let mut child = Command::new(PROGRAM)
            .args(words)
            .current_dir(&root)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        // Nobody reads what it will write.
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), said.as_ref()), (Some(141), ""), "{words:?}");
    }
}
